import type { EpochMs, Milliseconds, Seconds } from "../core/units.ts";
import type { Pod } from "../status/objects.ts";
import { namesOf } from "./app-view.ts";
import type { PhaseName } from "./phases.ts";
import type { PromotionRun } from "./promotion-run.ts";

/** Time between two looks at what still runs. */
const lookMs: Milliseconds = 2_000;

/** How often an engine must have said that it is idle: between two requests of one client it is for a moment. */
const idleLooks = 2;

/** Pods that clients reach no more. */
export interface Draining {
  readonly phase: PhaseName;
  readonly pods: readonly Pod[];
  /** When they ceased to be endpoints. */
  readonly since: EpochMs;
}

/** How long pods that have ceased to be endpoints may take until they are told to go. */
export function longestDrain({ inputs }: PromotionRun): Seconds {
  return Math.max(inputs.deadlines.drainSeconds, inputs.deadlines.drainLimitSeconds);
}

/**
 * Waits until pods that are no endpoints any more may go: `drainSeconds` at the least, for proxies follow endpoints with a
 * delay, then until each engine is idle by its own count, `drainLimitSeconds` at the most. The engine's own drain on
 * SIGTERM is not relied on: a request that it once refused keeps it from ending (sglang keye-vl-v2-30b-release, recorded).
 *
 * An engine that does not tell what it runs is given the whole time. Never rejects for what an engine does.
 */
export async function drainPods(
  run: PromotionRun,
  { phase, pods, since }: Draining,
  signal: AbortSignal,
): Promise<void> {
  const { drainSeconds, drainLimitSeconds } = run.inputs.deadlines;
  const { clock, prober } = run.ports;
  const names = namesOf(pods);
  const earliest = since + drainSeconds * 1000;
  const latest = since + longestDrain(run) * 1000;
  const early = Math.max(0, earliest - clock.now());
  if (early > 0) run.status(phase, `${names}: proxies follow for ${Math.round(early / 1000)} s more`);
  await clock.sleep(early, signal);
  if (drainLimitSeconds === 0) return;
  const idle = new Map<string, number>();
  for (let looks = 1; ; looks++) {
    const counts = await Promise.all(pods.map((pod) => prober.runningRequests(run.ref, pod, signal)));
    for (const [index, { metadata }] of pods.entries()) {
      idle.set(metadata.name, counts[index] === 0 ? (idle.get(metadata.name) ?? 0) + 1 : 0);
    }
    if ([...idle.values()].every((looks) => looks >= idleLooks)) return;
    const left = latest - clock.now();
    // A soak may have outlasted the limit: what runs is not known before the engines are asked.
    if (left <= 0 && looks >= idleLooks) break;
    run.status(phase, `${runningText(pods, counts)}; cut in ${Math.max(0, Math.round(left / 1000))} s`);
    await clock.sleep(left > 0 ? Math.min(lookMs, left) : lookMs, signal);
  }
  run.line(phase, `${names}: not idle ${drainLimitSeconds} s after the last endpoint; what still runs is cut`);
}

function runningText(pods: readonly Pod[], counts: readonly (number | undefined)[]): string {
  return pods
    .map(({ metadata }, index) => `${metadata.name} runs ${counts[index] ?? "it does not tell how many"}`)
    .join(", ");
}
