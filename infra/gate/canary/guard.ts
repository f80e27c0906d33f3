import type { Milliseconds } from "../../core/units.ts";
import { isReady } from "../../status/pod-facts.ts";
import { podsOf } from "../app-view.ts";
import { withinDeadline } from "../deadline.ts";
import { apiPhaseSeconds, type PromotionRun } from "../promotion-run.ts";
import type { Ramp } from "./ramp.ts";
import { mark } from "./steps.ts";

/** Time between two looks. An engine that restarts needs many times as long until it is ready again. */
const lookMs: Milliseconds = 2_000;

/**
 * Keeps the labels of a ramp true while `body` runs, however long its steps take: a pod of the old revision that becomes
 * ready, in place of an evicted one or because an autoscaler asked for it, is let in; a pod of the new one that began
 * another life is taken out until it has proven itself again. What goes wrong here ends the phase that runs.
 */
export async function guarded<T>(run: PromotionRun, ramp: Ramp, body: () => Promise<T>): Promise<T> {
  const alarm = new AbortController();
  const done = new AbortController();
  run.alarm = alarm.signal;
  const watching = watch(run, ramp, done.signal).catch((error: unknown) => {
    if (!done.signal.aborted) alarm.abort(run.stopOf(error, { name: "ramp" }));
  });
  try {
    return await body();
  } finally {
    run.alarm = undefined;
    done.abort(new Error("the ramp is over"));
    await watching;
  }
}

async function watch(run: PromotionRun, ramp: Ramp, signal: AbortSignal): Promise<never> {
  const limit = { clock: run.ports.clock, milliseconds: apiPhaseSeconds * 1000 };
  for (;;) {
    await run.ports.clock.sleep(lookMs, signal);
    const looked = await withinDeadline(limit, signal, (inner) => keepTrue(run, ramp, inner));
    if (looked.kind === "value") continue;
    const message = `the labels of the ramp could not be looked after for ${apiPhaseSeconds} s.`;
    throw run.stop({ kind: "inconclusive", code: "GATE_DEADLINE", message });
  }
}

async function keepTrue(run: PromotionRun, ramp: Ramp, signal: AbortSignal): Promise<void> {
  const observation = await run.ports.cluster.observe(run.ref, signal);
  // Where the selector does not name the ramp, the labels mean nothing; who moved it is found out by the next step.
  if (observation.traffic.kind !== "ramp") return;
  for (const pod of podsOf(observation, ramp.to)) {
    if (!ramp.isLabelled(pod) || ramp.mayServe(pod)) continue;
    await mark(run, pod, { ramp: null }, signal);
    run.line("ramp", `${pod.metadata.name} restarted: it serves again once it has proven itself again`);
  }
  for (const pod of podsOf(observation, ramp.from)) {
    if (!ramp.admitsOld || ramp.isLabelled(pod) || ramp.isOut(pod) || !isReady(pod)) continue;
    await mark(run, pod, { ramp: ramp.label }, signal);
    run.line("ramp", `${pod.metadata.name} of ${ramp.from} is ready: serves too`);
  }
}
