import { beforeAll, describe, expect, test } from "vitest";
import type { ProbeSpec } from "../../infra/core/probe-spec.ts";
import type { Measurement } from "../../infra/gate/measurement.ts";
import type { Baseline } from "../../infra/prober/baseline/document.ts";
import { recordBaseline } from "../../infra/prober/baseline/record.ts";
import { text } from "../../infra/prober/checks/text.ts";
import { checks, measure } from "../../infra/prober/suite.ts";
import { faultTable } from "../../infra/rehearsal/engine/faults.ts";
import { fastClock, plantedKey, type Rogue, rogueSpec, rogues, startRogue } from "../support/rogues.ts";

/** Simulated seconds in a real one: a hang is told after 20 of them. */
const factor = 100;

/** Bounds of time in the prober's own seconds. */
const quickSpec: ProbeSpec = { ...rogueSpec, timeoutsSeconds: { identity: 0.2 } };

// The pauses before a retry are as short as the engine's own time.
const options = { clock: fastClock(factor), signal: new AbortController().signal, seed: 1 };
let baseline: Baseline;

beforeAll(async () => {
  await using honest = await startRogue(undefined, factor);
  baseline = await recordBaseline(honest.target, { ...options, servedModelName: "keye", runs: 2 });
});

/** Asks the check that is to catch a rogue. */
async function askNamed(rogue: Rogue): Promise<Measurement> {
  const check = checks.find(({ name }) => name === rogue.caughtBy);
  if (check === undefined) throw new Error(`no check ${rogue.caughtBy}`);
  await using engine = await startRogue(rogue.fault, factor);
  const { latency } = rogue.needs ?? {};
  // The limit is of the prober's time, the fault's delay of the engine's.
  const limit = latency?.ttftSeconds === undefined ? {} : { latency: { ...latency, ttftSeconds: 0.02 } };
  // Awaited here: the engine ends with this scope.
  return await measure(check, engine.target, { ...quickSpec, ...limit }, { ...options, baseline });
}

describe("a rogue engine is caught", () => {
  test.concurrent.each(rogues)("$fault by $caughtBy", async (rogue) => {
    const found = await askNamed(rogue);
    expect(["fail", "error"]).toContain(found.outcome);
    expect(found.reason).toMatch(rogue.says);
    expect(JSON.stringify(found)).not.toContain(plantedKey);
  });
});

test.concurrent("an engine that is busy for less than the retries take passes, and the refusals are counted", async () => {
  await using engine = await startRogue("busy-after-ready:20", factor);
  const found = await measure(text, engine.target, quickSpec, { ...options, clock: fastClock(2) });
  expect(found).toMatchObject({ outcome: "pass" });
  expect(found.transportErrors).toBeGreaterThan(0);
});

test.concurrent("one bad replica of three is caught, and it alone", async () => {
  const outcomes: string[] = [];
  for (const last of [7, 8, 9]) {
    const address = `127.${1 + (process.pid % 250)}.253.${last}`;
    await using engine = await startRogue("bad-replica:3", factor, { address });
    outcomes.push((await measure(text, engine.target, quickSpec, options)).outcome);
  }
  expect(outcomes).toEqual(["pass", "pass", "fail"]);
});

test("every fault that an engine serves with is a rogue of the table", () => {
  const served = Object.keys(faultTable).filter((name) => !elsewhere.includes(name));
  expect(rogues.map(({ fault }) => fault.split(":")[0]).toSorted()).toEqual(served.toSorted());
});

/** Faults that end the process or pass by: the kubelet, the fault diagnosis and the soak meet them. */
const elsewhere: readonly string[] = [
  "slow-load",
  "wears-out",
  "missing-model-path",
  "missing-deep-gemm",
  "missing-effective-kernels",
  "crash-while-loading",
  "nccl",
  "oom-load",
  "oom-kv",
  "oom-graph",
  "crash-in-warmup",
  "crash-after-ready",
  "pause-after-ready",
  "stuck-forward",
  "xid",
];
