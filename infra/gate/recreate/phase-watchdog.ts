import { textOf } from "../../core/errors.ts";
import type { Seconds } from "../../core/units.ts";
import { jobStatus } from "../../status/job-status.ts";
import type { PromotionRun } from "../promotion-run.ts";

/** How long its pod may take to run: a small image, on a node without GPUs. */
const startSeconds: Seconds = 300;

/** How much longer than the promotion it lives: to see the Lease stand still, and for calls. */
const marginSeconds: Seconds = 900;

const lookMs = 1_000;

/** What a person reads where nobody watches. */
const unwatched =
  "no watchdog, for there is no toolsImage: if this run dies before the candidate serves, nobody serves until the next one";

/**
 * Phase WATCHDOG: a Job that brings the revision before back if this run dies in the gap, running before anything is taken
 * away. Where the settings give it no image, goes on without and says so.
 */
export async function startWatchdog(run: PromotionRun): Promise<void> {
  const { inputs, previous: stable, previousReplicas: replicas } = run;
  const { watchdog } = inputs;
  if (watchdog === undefined) {
    run.notes.push(unwatched);
    return run.line("watchdog", unwatched);
  }
  let lastSeen = "its Job was not made";
  const onDeadline = () => ({
    kind: "inconclusive" as const,
    code: "E_WATCHDOG" as const,
    message: `the watchdog's pod does not run after ${startSeconds} s: ${lastSeen}. Nothing was taken away.`,
    hint: `Look at what it waits for, or leave toolsImage out and go without.`,
  });
  await run.phase({ name: "watchdog", seconds: startSeconds, onDeadline }, async (signal) => {
    const plan = {
      ...watchdog,
      stable,
      candidate: inputs.revision,
      replicas,
      lifeSeconds: inputs.deadlines.totalSeconds + watchdog.staleSeconds + marginSeconds,
    };
    const job = await run.write(signal, () => run.ports.watchdog.start(run.ref, plan, signal));
    for (;;) {
      const view = await run.ports.watchdog.look(run.ref, job, signal);
      const status = view === undefined ? undefined : jobStatus(view);
      if (status?.kind === "running") break;
      if (status === undefined || status.kind === "failed" || status.kind === "succeeded") {
        const message = `the watchdog's Job ${job} ${status === undefined ? "is gone" : `has ${status.kind}`} before it was needed.`;
        throw run.stop({ kind: "inconclusive", code: "E_WATCHDOG", where: `${run.ref.namespace}/job/${job}`, message });
      }
      lastSeen = status.kind === "waiting" ? status.reason : status.kind;
      run.status("watchdog", lastSeen);
      await run.ports.clock.sleep(lookMs, signal);
    }
    run.line("watchdog", `Job ${job} brings ${stable} back if nobody renews the Lease for ${watchdog.staleSeconds} s`);
  });
}

/** Removes the watchdog. One that stays does no harm: it ends by itself once the Lease is released. */
export async function stopWatchdog(run: PromotionRun, signal: AbortSignal): Promise<void> {
  if (run.inputs.watchdog === undefined) return;
  try {
    await run.ports.watchdog.stop(run.ref, signal);
  } catch (error) {
    run.line("watchdog", `its Job could not be removed and will end by itself: ${textOf(error)}`);
  }
}
