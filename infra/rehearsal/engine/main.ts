#!/usr/bin/env node
import { systemClock } from "../../cluster/system-clock.ts";
import { parseArguments } from "./arguments/parse.ts";
import { launchEngine } from "./process.ts";

// The engine simulator as a program of its own, with the command line of sglang.launch_server. KEYE_ENGINE_FAULT names a
// scripted fault, KEYE_ENGINE_SPEED how many simulated seconds of loading pass in one real second, KEYE_ENGINE_GPUS and
// KEYE_ENGINE_GPU_PRODUCT what the machine is said to have.

const words = process.argv.slice(2);
const parsed = parseArguments(words);
const host = parsed.kind === "args" ? String(parsed.fields.host) : "127.0.0.1";
const fault = process.env.KEYE_ENGINE_FAULT;
const engine = launchEngine({
  argv: ["python3", "-m", "sglang.launch_server", ...words],
  env: Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ""])),
  address: host,
  gpus: {
    count: Number(process.env.KEYE_ENGINE_GPUS ?? 8),
    product: process.env.KEYE_ENGINE_GPU_PRODUCT ?? "NVIDIA-H800",
    memoryMiB: 81_559,
  },
  shmBytes: 16 * 2 ** 30,
  isPidOne: process.pid === 1,
  speed: Number(process.env.KEYE_ENGINE_SPEED ?? 1),
  ...(fault === undefined ? {} : { fault }),
  clock: systemClock,
  log: (line) => process.stderr.write(`${line}\n`),
});
process.on("SIGTERM", () => engine.kill("SIGTERM"));
const { exitCode, signal } = await engine.exited;
// A shell shows a signal's death as 128 and its number, which is what exitCode holds already.
process.exitCode = exitCode;
if (signal !== undefined) process.exit(exitCode);
