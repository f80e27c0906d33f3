import { ledgerLines } from "../status/gpu-ledger.ts";
import { revisionOf } from "../status/groups.ts";
import type { Headroom } from "../status/headroom/headroom.ts";
import {
  besideRefusal,
  type CapacityRefusal,
  comingText,
  freeText,
  headroomLedger,
  needText,
} from "../status/headroom/report.ts";
import { type PodRole, rolesIn } from "../status/headroom/roles.ts";
import type { Deployment, Pod } from "../status/objects.ts";
import { isTerminating } from "../status/pod-facts.ts";
import { activeOf, deploymentOf, isOfApp, leftoversOf, servingRevisions } from "./app-view.ts";
import { coolDownLeft } from "./negative-cache.ts";
import type { Situation } from "./phase-observe.ts";
import { apiPhaseSeconds, type PromotionRun } from "./promotion-run.ts";
import { readHeadroom } from "./read-ledger.ts";

/** How long to wait between looks at the nodes while leftovers end. */
const roomPollMs = 2_000;

/**
 * Phase PREFLIGHT: what can be known before anything is touched. Ends the promotion within the cool-down of a rejection,
 * without the candidate's Deployment, or where `refuses` says that its GPUs cannot be had.
 */
export async function preflight(
  run: PromotionRun,
  situation: Situation,
  refuses: (headroom: Headroom) => CapacityRefusal | undefined = besideRefusal,
): Promise<void> {
  await run.phase({ name: "preflight", seconds: apiPhaseSeconds }, async (signal) => {
    const { inputs, ports } = run;
    const cached = coolDownLeft(inputs, situation.evidence, ports.clock.now());
    if (cached !== undefined) {
      throw run.stop({
        kind: "fail",
        code: cached.code,
        where: `${inputs.namespace}/configmap/${cached.evidence}`,
        message: `rejected ${cached.agoSeconds} s ago, cool-down ${inputs.cooldownSeconds} s: ${cached.reason}`,
        recorded: { name: cached.evidence, coolDownLeftSeconds: inputs.cooldownSeconds - cached.agoSeconds },
      });
    }
    const headroom = await requireRoom(run, situation, refuses, signal);
    run.line("preflight", `${needText(headroom)}; ${freeText(headroom)}${comingText(headroom)}`);
  });
}

/**
 * Ends the promotion where the candidate has no Deployment, or where `refuses` says that its GPUs cannot be had. Resolves with
 * the nodes as they are now.
 */
export async function requireRoom(
  run: PromotionRun,
  { observation }: Situation,
  refuses: (headroom: Headroom) => CapacityRefusal | undefined,
  signal: AbortSignal,
): Promise<Headroom> {
  const { inputs } = run;
  const workload = deploymentOf(observation, inputs.revision);
  if (workload === undefined) {
    throw run.stop({ kind: "inconclusive", code: "E_API", message: `${inputs.workload} does not exist.` });
  }
  const { namespace, app, revision } = inputs;
  const roles = rolesIn({ namespace, app, revision, active: activeOf(observation) });
  const headroom = await readHeadroom(run, { ...podsOfReplica(workload), roleOf: roles }, signal);
  const refusal = refuses(headroom);
  if (refusal === undefined) return headroom;
  throw run.stop({
    kind: "inconclusive",
    code: "E_CAPACITY",
    ...refusal,
    details: ledgerLines(headroomLedger(headroom)),
  });
}

/**
 * Phase PARK: frees what other revisions hold that do not serve, and waits until the candidate finds room beside pods
 * that are still ending, of this run or an earlier one, unless `isRoomAwaited` is false. The serving revision is never
 * among them.
 */
export async function parkLeftovers(
  run: PromotionRun,
  situation: Situation,
  { isRoomAwaited }: { readonly isRoomAwaited: boolean } = { isRoomAwaited: situation.kind === "candidate" },
): Promise<void> {
  // Once the target is proven there is nothing to go back to: what the revision before holds is a leftover too.
  const previous = situation.kind === "proven" ? [] : [run.previous];
  const keep = [...servingRevisions(situation.observation), run.inputs.revision, ...previous];
  const leftovers = leftoversOf(situation.observation, keep);
  const isLeaving = situation.observation.pods.some(isTerminating);
  if (leftovers.length === 0 && !isLeaving) return;
  const onDeadline = () => ({
    kind: "inconclusive" as const,
    code: "E_CAPACITY" as const,
    message: `parked revisions still hold the GPUs after ${run.inputs.deadlines.readySeconds} s.`,
    hint: "Look for pods that end slowly.",
  });
  await run.phase({ name: "park", seconds: run.inputs.deadlines.readySeconds, onDeadline }, async (signal) => {
    // What serves now may be another than when the run began, and what serves is never scaled down.
    const serving = servingRevisions(await run.ports.cluster.observe(run.ref, signal));
    for (const { metadata } of leftovers.filter((leftover) => !serving.includes(revisionOf(leftover) ?? ""))) {
      await run.write(signal, () => run.ports.cluster.scale(run.ref, metadata.name, 0, signal));
      run.line("park", `${metadata.name} does not serve: scaled to 0`);
    }
    if (isRoomAwaited) await waitForRoom(run, situation, signal);
  });
}

async function waitForRoom(run: PromotionRun, { observation }: Situation, signal: AbortSignal): Promise<void> {
  const { inputs, ports } = run;
  const workload = deploymentOf(observation, inputs.revision);
  if (workload === undefined) return;
  const isCandidate = (pod: Pod) => isOfApp(pod, inputs) && revisionOf(pod) === inputs.revision && !isTerminating(pod);
  // What is leaving still holds its place.
  const roleOf = (pod: Pod): PodRole => (isCandidate(pod) ? "candidate" : "other");
  for (;;) {
    const headroom = await readHeadroom(run, { ...podsOfReplica(workload), roleOf }, signal);
    if (headroom.fitWithout([]).fits >= headroom.surge) return;
    run.status("park", `${freeText(headroom)}; parked pods are still ending`);
    await ports.clock.sleep(roomPollMs, signal);
  }
}

function podsOfReplica({ spec, group }: Deployment) {
  return { candidate: spec.template.spec, podsPerReplica: group?.size ?? 1 };
}
