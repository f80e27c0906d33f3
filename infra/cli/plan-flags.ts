import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { StackConfig } from "../config/stack-config.ts";
import { DeployError, jsonFault } from "../core/errors.ts";
import { readConfigJson } from "../spec/memory/config-json.ts";
import { findGpu, type Gpu, gpuNames, gpuWith } from "../spec/memory/gpus.ts";
import { keye30b } from "../spec/memory/keye-30b.ts";
import { defaultArguments, type MemoryArguments, memoryArgumentsOf } from "../spec/memory/memory-arguments.ts";
import type { Model } from "../spec/memory/model.ts";
import { smallestGpu } from "../spec/memory/plan-problems.ts";
import { parseFlags, usageError } from "./flags.ts";
import { readStackFile } from "./stack-file.ts";

/** What `keye plan` is asked: one plan for each set of arguments, in the order of the table. */
export interface PlanOrder {
  readonly model: Model;
  readonly gpu: Gpu;
  readonly plans: readonly MemoryArguments[];
  readonly isJson: boolean;
}

/** Reads the command line. Throws `CONFIG_USAGE`, and for files `CONFIG_FILE` and `CONFIG_INVALID`. */
export function readPlanOrder(args: readonly string[]): PlanOrder {
  const { values, positionals } = parseFlags("plan", args, {
    "stack-file": { type: "string" },
    "config-json": { type: "string" },
    gpu: { type: "string" },
    tp: { type: "string" },
    "mem-fraction": { type: "string" },
    "context-length": { type: "string" },
    "max-running-requests": { type: "string" },
    json: { type: "boolean" },
  });
  const extra = positionals[0];
  if (extra !== undefined) throw usageError("plan", `unexpected argument "${extra}".`);
  const stack = values["stack-file"] === undefined ? undefined : readStackFile(values["stack-file"]);
  const { tpSizes, fractions } = rows(values, stack);
  const contextLength = count("context-length", values["context-length"]);
  const maxRunningRequests = count("max-running-requests", values["max-running-requests"]);
  const given = {
    ...(contextLength === undefined ? {} : { contextLength }),
    ...(maxRunningRequests === undefined ? {} : { maxRunningRequests }),
  };
  const plans = tpSizes.flatMap((tpSize) =>
    fractions.map((memFractionStatic) => ({ ...argumentsFor(stack, tpSize, memFractionStatic), ...given })),
  );
  return {
    model: values["config-json"] === undefined ? keye30b : readModel(values["config-json"]),
    gpu: values.gpu === undefined ? defaultGpu(stack) : namedGpu(values.gpu),
    plans,
    isJson: values.json === true,
  };
}

/** GPUs a replica and fractions: those asked for, else those of the stack, else all that are worth a look. */
function rows(values: { readonly tp?: string; readonly "mem-fraction"?: string }, stack: StackConfig | undefined) {
  const fraction = values["mem-fraction"];
  return {
    tpSizes:
      values.tp?.split(",").map((text) => readTp(text)) ?? (stack === undefined ? [1, 2, 4, 8] : [stack.engine.tpSize]),
    fractions:
      fraction === undefined && stack !== undefined
        ? [stack.engine.memFractionStatic]
        : readFractions(fraction ?? "0.6..0.95"),
  };
}

/** With another number of GPUs, the stack's own choices stay and the server's follow the number. */
function argumentsFor(stack: StackConfig | undefined, tpSize: number, memFractionStatic: number): MemoryArguments {
  if (stack === undefined) return defaultArguments(tpSize, memFractionStatic);
  return memoryArgumentsOf({ ...stack.engine, tpSize, memFractionStatic });
}

function readTp(text: string): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw usageError("plan", `--tp has "${text}", wanted numbers of GPUs such as 1,2,4.`);
}

/** `0.8`, `0.8,0.85`, or a range such as `0.6..0.95` in steps of 0.05. */
function readFractions(text: string): readonly number[] {
  const range = /^(0?\.\d+)\.\.(0?\.\d+)$/.exec(text);
  const [from, to] = [Number(range?.[1]), Number(range?.[2])];
  const list = range === null ? text.split(",") : stepsBetween(from, to);
  if (list.length > 0 && list.every((one) => /^0?\.\d+$/.test(one) && Number(one) > 0)) return list.map(Number);
  throw usageError(
    "plan",
    `--mem-fraction has "${text}", wanted fractions between 0 and 1 such as 0.8, 0.75,0.8 or 0.6..0.95.`,
  );
}

function stepsBetween(from: number, to: number): readonly string[] {
  const steps = Math.floor(Math.round((to - from) * 1000) / 50) + 1;
  return Array.from({ length: Math.max(0, steps) }, (_, index) => String(Math.round(from * 1000 + index * 50) / 1000));
}

function count(flag: string, text: string | undefined): number | undefined {
  if (text === undefined || /^[1-9]\d*$/.test(text)) return text === undefined ? undefined : Number(text);
  throw usageError("plan", `--${flag} has "${text}", wanted a whole number above 0.`);
}

function namedGpu(name: string): Gpu {
  const gpu = /^\d{4,7}$/.test(name) ? gpuWith(`a GPU of ${name} MiB`, Number(name)) : findGpu(name);
  if (gpu !== undefined) return gpu;
  throw usageError(
    "plan",
    `--gpu has "${name}", wanted MiB (the node label nvidia.com/gpu.memory) or one of ${gpuNames.join(", ")}.`,
  );
}

function defaultGpu(stack: StackConfig | undefined): Gpu {
  if (stack === undefined) return namedGpu("H800");
  const gpus = stack.nodePools.flatMap((pool) => smallestGpu(pool, []) ?? []);
  const smallest = gpus.toSorted((a, b) => a.memoryMiB.value - b.memoryMiB.value)[0];
  if (smallest !== undefined) return smallest;
  throw usageError("plan", "the memory of the stack's gpuProducts is not known; give it in MiB with --gpu.");
}

function readModel(file: string): Model {
  const read = readConfigJson(basename(file), parseJson(file));
  if (read.kind === "ok") return read.model;
  const message = `The planner cannot count this model: ${read.problems.join(" ")}`;
  throw new DeployError({ code: "CONFIG_FILE", where: file, message });
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const message = `The model's config.json could not be read: ${jsonFault(error)}.`;
    throw new DeployError({ code: "CONFIG_FILE", where: file, message, cause: error });
  }
}
