import { canaryRefusal } from "../../status/headroom/report.ts";
import type { Situation } from "../phase-observe.ts";
import { parkLeftovers, preflight } from "../phase-preflight.ts";
import { bringSupply } from "../phase-supply.ts";
import type { PromotionRun } from "../promotion-run.ts";
import type { Proof } from "../proof.ts";
import { beginRamp, resumeRamp } from "./begin.ts";
import { guarded } from "./guard.ts";
import { readmitOld } from "./readmit.ts";
import { replaceOld } from "./replace-old.ts";
import { dropUnplaced, steppingOf } from "./steps.ts";
import { takeOver } from "./take-over.ts";

/**
 * Strategy canary: the new revision takes the place of the old one pod by pod, inside the GPUs that the old one has. Each
 * new pod is proven before it serves, each old one is idle before it goes, and of the smaller of both revisions at most one
 * replica is missing at any time. Goes on with a ramp between the same revisions that an earlier run left.
 */
export async function canary(run: PromotionRun, situation: Situation): Promise<Proof> {
  const resumed = resumeRamp(run, situation);
  // In the middle of a ramp the room is sought step by step.
  await preflight(run, situation, resumed === undefined ? canaryRefusal : () => undefined);
  await parkLeftovers(run, situation, { isRoomAwaited: false });
  await bringSupply(run);
  const ramp = resumed ?? (await beginRamp(run));
  return await guarded(run, ramp, async () => {
    const stepping = steppingOf(run, ramp);
    if (resumed !== undefined) await readmitOld(stepping);
    await dropUnplaced(stepping);
    await replaceOld(stepping);
    return await takeOver(stepping);
  });
}
