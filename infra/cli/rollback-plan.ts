import { DeployError } from "../core/errors.ts";
import { noRevision } from "../core/names.ts";
import type { PromotionInputs } from "../core/promotion-inputs.ts";
import { activeOf, deploymentOf } from "../gate/app-view.ts";
import { type LedgerEntry, type PromotedRevision, promotedRevisions } from "../gate/ledger/ledger.ts";
import { leaseStateOf, type RolloutFacts } from "../gate/ledger/standing.ts";
import { checkPromotionInputs } from "../rollgate/input-rules.ts";

/** What a rollback is about to do. */
export interface RollbackPlan {
  /** The revision that traffic belongs to now, or `none`. */
  readonly from: string;
  readonly target: PromotedRevision;
  /** As the target was promoted with, for as many replicas as serve now. */
  readonly inputs: PromotionInputs;
}

/**
 * Chooses the revision to go back to, `to` or the last promoted one that is there beside what serves, and what it is
 * promoted with. Throws `E_LOCKED` while another promotion is at work, and `E_NO_TARGET` where there is nothing to go back to.
 */
export function planRollback(
  facts: RolloutFacts,
  to: string | undefined,
  sha256: (text: string) => string,
): RollbackPlan {
  refuseLocked(facts);
  const from = activeOf(facts.observation);
  const target = to === undefined ? lastBefore(facts, from) : namedTarget(facts, from, to);
  const recorded = recordedInputs(facts, target, sha256);
  const serving = deploymentOf(facts.observation, from)?.spec.replicas ?? 0;
  const { evidenceDir: _dir, context: _context, ...portable } = recorded;
  // Whoever asks for it by hand wants the engines asked, whatever was found within the cool-down.
  const inputs = { ...portable, replicas: serving > 0 ? serving : recorded.replicas, cooldownSeconds: 0 };
  return { from, target, inputs };
}

function refuseLocked({ lease, ref, now }: RolloutFacts): void {
  if (lease === undefined || leaseStateOf(lease, now) !== "held") return;
  throw new DeployError({
    code: "E_LOCKED",
    where: `${ref.namespace}/${ref.app}`,
    message: `holder=${lease.holder} since=${lease.acquiredAt ?? "unknown"}: another promotion is running.`,
    hint: "Wait for it, or cancel it where it runs: it then goes back by itself.",
  });
}

function lastBefore(facts: RolloutFacts, from: string): PromotedRevision {
  const isRamp = facts.observation.traffic.kind === "ramp";
  const others = promotedRevisions(facts.ledger).filter(({ revision }) => isRamp || revision !== from);
  const there = others.find(({ revision }) => deploymentOf(facts.observation, revision) !== undefined);
  if (there !== undefined) return there;
  const [newest] = others;
  if (newest !== undefined) throw gone(facts, newest.revision);
  const serving = from === noRevision ? "Nothing serves" : `Revision ${from} serves`;
  throw noTarget(
    facts,
    `${serving}, and no other revision has ever been promoted here.`,
    "Change the settings and run pulumi up.",
  );
}

function namedTarget(facts: RolloutFacts, from: string, to: string): PromotedRevision {
  const matches = promotedRevisions(facts.ledger).filter(({ revision }) => revision.startsWith(to));
  const [target, ...others] = matches;
  if (target === undefined) {
    const known = promotedRevisions(facts.ledger).map(({ revision }) => revision);
    throw noTarget(
      facts,
      `Revision ${to} has never been promoted here; those that have: ${known.join(", ") || "none"}.`,
      "A revision that was rejected, or is new, is promoted by pulumi up.",
    );
  }
  if (others.length > 0) {
    const names = matches.map(({ revision }) => revision).join(" or ");
    throw noTarget(facts, `"${to}" may be ${names}.`, "Give more digits.");
  }
  const { traffic } = facts.observation;
  if (traffic.kind === "revision" && target.revision === from) {
    throw noTarget(facts, `Revision ${from} serves already.`, "keye status shows what else there is.");
  }
  if (deploymentOf(facts.observation, target.revision) === undefined) throw gone(facts, target.revision);
  return target;
}

function gone(facts: RolloutFacts, revision: string): DeployError {
  return noTarget(
    facts,
    `Revision ${revision} was promoted, and its Deployment is gone.`,
    "Go back to the settings that it was made from and run pulumi up; rollout.keepRevisions keeps later ones.",
  );
}

/** What the target was promoted with, unless it cannot be trusted. */
function recordedInputs(
  facts: RolloutFacts,
  { revision, entry }: PromotedRevision,
  sha256: (text: string) => string,
): PromotionInputs {
  const { inputsJson, evidence }: LedgerEntry = entry;
  const mend = "Go back to the settings that it was made from and run pulumi up.";
  if (inputsJson === undefined) {
    throw noTarget(facts, `The record of ${revision}, ${entry.name}, does not keep what it was promoted with.`, mend);
  }
  if (sha256(inputsJson) !== evidence.inputsSha256) {
    throw noTarget(facts, `The inputs.json of ${entry.name} is not what its evidence was made with.`, mend);
  }
  const inputs: unknown = JSON.parse(inputsJson);
  const [failure] = checkPromotionInputs(inputs);
  if (failure !== undefined) {
    const what = `${failure.property} ${failure.reason}`;
    throw noTarget(facts, `The record ${entry.name} was written by another version: ${what}.`, mend);
  }
  // The rules prove the shape; the digest, that it is the promotion's own text.
  return inputs as PromotionInputs;
}

function noTarget({ ref }: RolloutFacts, message: string, hint: string): DeployError {
  return new DeployError({ code: "E_NO_TARGET", where: `${ref.namespace}/${ref.app}`, message, hint });
}
