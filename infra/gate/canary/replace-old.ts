import { ledgerLines } from "../../status/gpu-ledger.ts";
import type { Headroom } from "../../status/headroom/headroom.ts";
import { freeText, headroomLedger } from "../../status/headroom/report.ts";
import type { Pod } from "../../status/objects.ts";
import { isReady, isTerminating } from "../../status/pod-facts.ts";
import { namesOf, podsOf } from "../app-view.ts";
import { lookFor } from "../look.ts";
import { scaleCandidate } from "../phase-ready.ts";
import type { Observation } from "../ports.ts";
import type { PromotionRun } from "../promotion-run.ts";
import { joinAll } from "./join.ts";
import { replicasOf } from "./ramp.ts";
import { roomFor } from "./room.ts";
import { remove, type Stepping, takeOut } from "./steps.ts";

/** What comes next in a ramp. */
type Next =
  | { readonly kind: "grow"; readonly present: number }
  | { readonly kind: "remove"; readonly pod: Pod }
  /** Too few serve, of either revision, for one more to be taken out; or room is about to come. */
  | { readonly kind: "wait"; readonly why: string }
  /** All that is left of the old revision is its last pod, if any, and enough serve without it. */
  | { readonly kind: "last" };

/**
 * Replaces pods of the old revision by proven ones of the new, until the last old one is all that is left to go. A new pod
 * comes before an old one goes wherever there is room. What is next is read from the cluster each time, so a run may begin
 * anywhere in the middle.
 */
export async function replaceOld(stepping: Stepping): Promise<void> {
  for (;;) {
    await joinAll(stepping);
    const next = await settledNext(stepping);
    switch (next.kind) {
      case "grow":
        await grow(stepping.run, next.present, next.present + 1);
        break;
      case "remove":
        await remove(stepping, next.pod, await takeOut(stepping, [next.pod]));
        break;
      case "last":
        return;
      default:
        next satisfies never;
    }
  }
}

/** What comes next, once that is something to do. */
async function settledNext(stepping: Stepping): Promise<Exclude<Next, { kind: "wait" }>> {
  const { run } = stepping;
  const seconds = run.inputs.deadlines.readySeconds;
  let last = "";
  const onDeadline = () => ({
    kind: "inconclusive" as const,
    code: "GATE_DEADLINE" as const,
    message: `no further pod could be replaced for ${seconds} s: ${last}.`,
  });
  return await run.phase({ name: "ramp", seconds, onDeadline }, async (signal) => {
    const settled = async (observation: Observation) => {
      const next = await nextOf(stepping, observation, signal);
      if (next.kind !== "wait") return next;
      last = next.why;
      run.status("ramp", last);
      return undefined;
    };
    return await lookFor(run, settled, signal);
  });
}

/** Asks for more replicas of the new revision. */
export async function grow(run: PromotionRun, present: number, replicas: number): Promise<void> {
  run.replicas = replicas;
  await scaleCandidate(run, present);
}

async function nextOf({ run, ramp }: Stepping, observation: Observation, signal: AbortSignal): Promise<Next> {
  const { from, to } = ramp;
  const { replicas } = run.inputs;
  const present = replicasOf(observation, to);
  const left = replicasOf(observation, from);
  // An old pod that does not serve costs nobody anything.
  const isServing = (pod: Pod) => isReady(pod) && ramp.isLabelled(pod);
  const old = podsOf(observation, from).toSorted((a, b) => Number(isServing(a)) - Number(isServing(b)));
  const headroom = await roomFor(run, { grows: to, shrinks: from, replicas }, observation, signal);
  if (headroom !== undefined && present < replicas && headroom.fitWithout([]).fits > 0)
    return { kind: "grow", present };
  if (left === 0 || (left === 1 && ramp.servingOf(observation, to).length >= ramp.floor)) return { kind: "last" };
  const pod = old.find((each) => present >= replicas || !isReady(each) || makesRoom(headroom, [each]));
  if (pod === undefined || isServing(pod)) {
    const leaving = headroom?.stable.filter(isTerminating) ?? [];
    if (present < replicas && makesRoom(headroom, leaving)) {
      return { kind: "wait", why: `${namesOf(leaving)} still holds the GPUs of the next` };
    }
    const serving = ramp.servingOf(observation).length;
    if (pod !== undefined && serving <= ramp.floor) {
      return { kind: "wait", why: `${serving} pods serve, and no fewer than ${ramp.floor} shall` };
    }
  }
  if (pod !== undefined && left > 1) return { kind: "remove", pod };
  throw run.stop({
    kind: "inconclusive",
    code: "E_CAPACITY",
    message: `no pod of ${from} can make room for the next of ${present} of ${replicas}${headroom === undefined ? "" : `; ${freeText(headroom)}`}.`,
    hint: "Free GPUs or add nodes.",
    details: headroom === undefined ? [] : ledgerLines(headroomLedger(headroom)),
  });
}

/** Whether one more replica finds room once these pods are gone. */
function makesRoom(headroom: Headroom | undefined, pods: readonly Pod[]): boolean {
  const uids = new Set(pods.map(({ metadata }) => metadata.uid));
  const bound = headroom?.stable.filter(({ metadata }) => uids.has(metadata.uid)) ?? [];
  return headroom !== undefined && bound.length > 0 && headroom.fitWithout(bound).fits > 0;
}
