import { quoteTail } from "../core/redact.ts";
import { ledgerLines } from "../status/gpu-ledger.ts";
import type { PromotionStop, StopParts } from "./promotion-error.ts";
import type { PromotionRun } from "./promotion-run.ts";
import { readLedger } from "./read-ledger.ts";
import { type SupplyState, SupplyWatch } from "./supply-look.ts";
import { SupplyProgress } from "./supply-progress.ts";

/** Time between two looks at the Jobs: as often as a progress line is worth reading. */
const lookMs = 2_000;

/** In the first seconds the looks come closer: what is nearly there should keep nobody waiting. */
const quick = { lookMs: 500, seconds: 6 };

/** Lines of a Job's log that a report quotes. */
const quotedLines = 15;

/**
 * Phase SUPPLY: lets the declared Jobs bring weights and images, a few at once, and waits for all of them. No GPU is
 * asked for while anything is missing. What is on a node already is not brought again.
 *
 * A Job that an earlier run saw fail is made anew once. Jobs that run when this one ends go on: what they load is kept,
 * and the next run finds it.
 */
export async function bringSupply(run: PromotionRun): Promise<void> {
  const { supply } = run.inputs;
  if (supply === undefined || supply.jobs.length === 0) return;
  const progress = new SupplyProgress(run);
  const onDeadline = (): Omit<StopParts, "where"> => ({
    kind: "inconclusive",
    code: "E_SUPPLY",
    message: `not everything was brought within ${supply.deadlineSeconds} s. ${progress.lastText}.`,
    hint: "Run again: what has been loaded is kept. Or raise supply.deadlineSeconds.",
  });
  await run.phase({ name: "supply", seconds: supply.deadlineSeconds, onDeadline }, async (signal) => {
    const { nodes } = await run.ports.cluster.capacity(signal);
    const watch = new SupplyWatch(run, supply, nodes);
    const begunAt = run.ports.clock.now();
    for (;;) {
      const states = await watch.look(signal);
      progress.show(states);
      const failed = states.find(({ kind }) => kind === "failed");
      if (failed !== undefined) throw await failure(run, failed, signal);
      if (states.every(({ kind }) => kind === "done" || kind === "there")) return;
      await watch.startNext(states, signal);
      await run.ports.clock.sleep(run.secondsSince(begunAt) < quick.seconds ? quick.lookMs : lookMs, signal);
    }
  });
}

/** A Job that cannot bring what it should says nothing of the candidate: the verdict is inconclusive. */
async function failure(run: PromotionRun, failed: SupplyState, signal: AbortSignal): Promise<PromotionStop> {
  const { fault, job, log = "", reason = "" } = failed;
  const place = job.node === undefined ? "" : ` on node ${job.node}`;
  const ledger = fault?.code === "E_UNSCHEDULABLE" ? await readLedger(run, signal) : undefined;
  return run.stop({
    kind: "inconclusive",
    code: fault?.code ?? "E_SUPPLY",
    where: `${run.ref.namespace}/job/${job.name}`,
    message: `The ${job.kind === "hydrate" ? "weights" : "image"} could not be brought${place}: ${reason}`,
    hint: fault?.cure ?? "Mend the cause and run again: the Job is made anew, and what has been loaded is kept.",
    details: ledger === undefined ? [] : ledgerLines(ledger),
    logTail: quoteTail(log.split("\n"), quotedLines),
  });
}
