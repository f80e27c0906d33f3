import type { Pod } from "../status/objects.ts";
import { decide, type GateVerdict, podPolicy } from "./decide.ts";
import type { ProbeReport } from "./measurement.ts";
import type { PromotionRun } from "./promotion-run.ts";

/** Pause before a pod that gave no answer is asked again. */
const askAgainMs = 2_000;

/** Asks a pod of a revision that has served before whether it is that revision and answers. */
export async function proveOld(
  run: PromotionRun,
  { pod, revision }: { readonly pod: Pod; readonly revision: string },
  signal: AbortSignal,
): Promise<GateVerdict> {
  const spec = { profile: "smoke" as const, expectation: { weightVersion: revision } };
  const questions = { spec, baseline: { because: "It has served before." } };
  const reports: ProbeReport[] = [];
  for (let round = 0; ; round++) {
    reports.push(await run.ports.prober.probePod(run.ref, pod, questions, signal));
    const verdict = decide(podPolicy, reports);
    if (verdict.kind !== "wait" || round >= podPolicy.errorLimit) return verdict;
    await run.ports.clock.sleep(askAgainMs, signal);
  }
}
