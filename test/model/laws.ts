import { trafficText } from "../../infra/core/traffic.ts";
import { parseEvidence } from "../../infra/gate/evidence.ts";
import { evidenceNameOf } from "../../infra/gate/evidence-store.ts";
import { PromotionFailed, RollbackFailed } from "../../infra/gate/promotion-error.ts";
import { next, stable } from "../unit/gate/stage.ts";
import type { Disturbance, Schedule } from "./schedule.ts";
import { type Ending, type Update, World } from "./world.ts";

/** Disturbances that may keep a run from writing its record, or from undoing. */
const ofWriting: readonly Disturbance[] = [
  "api-error",
  "api-outage",
  "hang",
  "lose-lease",
  "steal-lease",
  "die",
  "die-after",
];

/** Seconds that undoing may take beyond the whole promotion's deadline. */
const undoingSeconds = { blueGreen: 300, canary: 4000, recreate: 1500 } as const;

/**
 * Plays a schedule and returns every law that was broken: of each step, of the end of each update, and that one undisturbed
 * update sets all right in the end.
 */
export async function brokenLaws(schedule: Schedule): Promise<readonly string[]> {
  const world = new World(schedule);
  const broken: string[] = [];
  for (const disturbed of schedule.runs) {
    const update: Update = { revision: next, strategy: schedule.strategy, disturbed };
    broken.push(...(await playOne(world, update)));
  }
  world.heal();
  broken.push(...(await converges(world, schedule)));
  return [...world.witness.broken, ...broken];
}

async function playOne(world: World, update: Update): Promise<readonly string[]> {
  const begun = world.clock.now();
  const before = standing(world);
  const ending = await world.update(update);
  const seconds = (world.clock.now() - begun) / 1000;
  const allowed = world.inputsOf(update).deadlines.totalSeconds + undoingSeconds[update.strategy];
  const broken: string[] = [];
  if (ending.kind === "running") broken.push(`never ended: ${world.lines.slice(-3).join(" | ")}`);
  else if (seconds > allowed) broken.push(`ended after ${seconds} s, ${allowed} s are allowed`);
  if (ending.kind === "resolved") broken.push(...afterPass(world, update));
  if (ending.kind === "rejected") broken.push(...afterFailure(world, update, { error: ending.error, before }));
  return broken.map((text) => `${text} [${headline(ending)}]`);
}

interface Standing {
  readonly live: string;
  readonly stable: number;
  readonly next: number;
}

function standing({ cluster }: World): Standing {
  return { live: trafficText(cluster.traffic), stable: cluster.replicas(stable), next: cluster.replicas(next) };
}

function afterPass(world: World, { revision }: Update): readonly string[] {
  const { witness } = world;
  const broken: string[] = [];
  const now = standing(world);
  const isWhole = now.live === revision && now.next === world.replicas && now.stable === 0;
  if (!witness.hasTouchedByHand && !isWhole) broken.push(`passed with ${textOf(now)}`);
  const verdict = evidenceOf(world, revision)?.verdict;
  if (verdict !== "pass") broken.push(`passed with evidence "${verdict}"`);
  return broken;
}

function afterFailure(
  world: World,
  update: Update,
  { error, before }: { readonly error: unknown; readonly before: Standing },
): readonly string[] {
  if (!(error instanceof PromotionFailed)) return [`ended with no PromotionFailed: ${String(error)}`];
  const { witness, lines } = world;
  const broken: string[] = [];
  const evidence = evidenceOf(world, update.revision);
  const isJudged = error.kind === "fail" || error.kind === "inconclusive";
  if (isJudged && !witness.has(...ofWriting) && evidence?.verdict !== error.kind) {
    broken.push(`verdict ${error.kind}, evidence "${evidence?.verdict}"`);
  }
  const isVerified = lines.some((line) => line.startsWith("[soak]"));
  const isOthers = error.kind === "lost" || witness.has("lose-lease", "steal-lease") || witness.hasTouchedByHand;
  if (error instanceof RollbackFailed || isVerified || isOthers) return broken;
  if (before.live !== stable && before.live !== "none") return broken;
  const now = standing(world);
  if (witness.has("cancel") && isRampOfNewAlone(world)) return broken;
  if (now.live !== before.live) broken.push(`failed with ${textOf(now)}, before ${textOf(before)}`);
  if (before.next === 0 && now.next !== 0) broken.push(`failed with the candidate at ${now.next}`);
  if (now.stable < before.stable) broken.push(`failed with the old revision at ${now.stable} of ${before.stable}`);
  return broken;
}

/** A cancel does not wait for an old pod to come back: new ones that serve alone are left to serve. */
function isRampOfNewAlone({ cluster }: World): boolean {
  const serving = cluster.endpoints().map(({ podUid = "" }) => cluster.revisionOf(podUid));
  return cluster.traffic.kind === "ramp" && serving.length > 0 && serving.every((revision) => revision === next);
}

async function converges(world: World, { last, isFirst }: Schedule): Promise<readonly string[]> {
  const revision = last.revision === "new" || isFirst ? next : stable;
  const before = standing(world);
  let ending = await world.update({ revision, strategy: last.strategy, disturbed: [] });
  const code = ending.kind === "rejected" && ending.error instanceof PromotionFailed ? ending.error.code : undefined;
  if (world.witness.hasTouchedByHand && (code === "E_CAPACITY" || code === "E_UNSCHEDULABLE")) {
    // With one old pod left by somebody there is nothing that a canary could keep serving: the refusal names recreate. And
    // where somebody led clients to a revision that finds no room, they are led back first.
    const strategy = code === "E_CAPACITY" && last.strategy === "canary" ? "recreate" : last.strategy;
    ending = await world.update({ revision, strategy, disturbed: [] });
  }
  const how = `the last update, from ${textOf(before)}, for ${revision} by ${last.strategy}`;
  if (ending.kind !== "resolved") return [`${how}: ${headline(ending)}`];
  const now = standing(world);
  const [own, other] = revision === next ? [now.next, now.stable] : [now.stable, now.next];
  // The replicas of what serves may be an autoscaler's wish.
  const isWhole = own === world.replicas || (world.witness.hasTouchedByHand && own > 0);
  const isRight = now.live === revision && isWhole && other === 0;
  return isRight ? [] : [`${how} left ${textOf(now)}`];
}

function evidenceOf({ cluster }: World, revision: string) {
  const name = evidenceNameOf({ app: "keye", revision, probeHash: "0123456789" });
  const stored = cluster.evidence.get(name);
  return stored === undefined ? undefined : parseEvidence(stored.json);
}

function headline(ending: Ending): string {
  if (ending.kind !== "rejected") return ending.kind;
  return ending.error instanceof Error ? (ending.error.message.split("\n")[0] ?? "") : String(ending.error);
}

function textOf({ live, stable: old, next: fresh }: Standing): string {
  return `${live} serving, old at ${old}, new at ${fresh}`;
}
