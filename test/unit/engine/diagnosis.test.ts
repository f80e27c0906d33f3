import { describe, expect, test } from "vitest";
import type { EngineLaunch } from "../../../infra/rehearsal/engine/launch.ts";
import { findFailure, readProgress } from "../../../infra/status/engine-log.ts";
import { EngineUnderTest, stackFlags } from "./support.ts";

// The reader of logs knows real servers; that it understands the simulator's too keeps the two from drifting apart.
describe("the log of a dead engine is understood:", () => {
  test.each<[name: string, flags: readonly string[], launch: Partial<EngineLaunch>, found: string]>([
    ["an unknown flag", ["--no-such-flag"], {}, "bad-args"],
    ["a missing model", [], { fault: "missing-model-path" }, "weights-missing"],
    ["no DeepGEMM", [], { fault: "missing-deep-gemm" }, "missing-deep-gemm"],
    ["no EffectiveKernels", [], { fault: "missing-effective-kernels" }, "missing-effective-kernels"],
    ["three ranks", ["--tp-size=3"], {}, "tp-invalid"],
    ["eight ranks", ["--tp-size=8"], {}, "tp-invalid"],
    ["too few GPUs", ["--tp-size=16"], {}, "gpu-count"],
    ["no memory for weights", [], { fault: "oom-load" }, "oom-load"],
    ["no memory for the pool", [], { fault: "oom-kv" }, "oom-kv"],
    ["no memory for graphs", [], { fault: "oom-graph" }, "oom-graph"],
    ["broken links", [], { fault: "nccl" }, "nccl"],
    ["a broken GPU", [], { fault: "xid:1" }, "xid"],
    ["a model that raises", [], { fault: "crash-in-warmup", isPidOne: true }, "warm-up-failed"],
    ["a killed scheduler", [], { fault: "crash-after-ready:1" }, "crash-serving"],
    ["a stuck forward", [], { fault: "stuck-forward:1" }, "hang"],
  ])("%s", async (_, flags, launch, found) => {
    await using engine = new EngineUnderTest([...stackFlags, ...flags], launch);
    await engine.untilExit(600);
    expect(findFailure(engine.lines.join("\n"), true)?.signature.class).toBe(found);
  });
});

test("the log of an engine that was told to go shows no failure", async () => {
  await using engine = new EngineUnderTest(stackFlags);
  await engine.untilReady();
  engine.process.kill("SIGTERM");
  await engine.untilExit();
  expect(findFailure(engine.lines.join("\n"), true)).toBeUndefined();
});

test("the log of a start shows its phases one after another, with the shards", async () => {
  await using engine = new EngineUnderTest(stackFlags, { speed: 1 });
  const phases = new Set<string>();
  let shards = 0;
  let graphs = 0;
  while (!engine.lines.some((line) => line.includes("fired up"))) {
    await engine.advance(0.5);
    const progress = readProgress(engine.lines.join("\n"));
    phases.add(progress.phase);
    shards = Math.max(shards, progress.shards?.done ?? 0);
    graphs = Math.max(graphs, progress.graphs?.done ?? 0);
  }
  expect([...phases]).toEqual([
    "process",
    "args",
    "dist-init",
    "load",
    "memory-pool",
    "graphs",
    "http-up",
    "warm-up",
    "ready",
  ]);
  expect(shards).toBeGreaterThan(10);
  expect(graphs).toBeGreaterThan(30);
});
