import type { Situation } from "../phase-observe.ts";
import { observe } from "../phase-observe.ts";
import type { PromotionRun } from "../promotion-run.ts";
import { rampLeft } from "./begin.ts";
import { guarded } from "./guard.ts";
import { steppingOf } from "./steps.ts";
import { walkBack } from "./walk-back.ts";

/**
 * Goes back to the old revision of a ramp that an earlier run left and this one does not go on with: another revision is to
 * be promoted, the old one itself, or this one in another way. Resolves with what the cluster shows then; an old revision
 * that is the target is to be proven in place, whatever is on record of it.
 */
export async function settleRamp(run: PromotionRun, situation: Situation): Promise<Situation> {
  const { traffic } = situation.observation;
  const isGoneOnWith =
    traffic.kind === "ramp" && traffic.to === run.inputs.revision && run.inputs.strategy === "canary";
  const ramp = isGoneOnWith ? undefined : rampLeft(run, situation);
  if (ramp === undefined) return situation;
  run.line("ramp", `an earlier run left a ramp from ${ramp.from} to ${ramp.to}: back to ${ramp.from} first`);
  await guarded(run, ramp, () => walkBack(steppingOf(run, ramp), false));
  run.ramp = undefined;
  run.stage = "untouched";
  const settled = await observe(run);
  return settled.kind === "proven" ? { ...settled, kind: "unproven" } : settled;
}
