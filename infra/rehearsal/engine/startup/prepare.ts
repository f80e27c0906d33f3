import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArguments } from "../arguments/parse.ts";
import { serverWords } from "../command.ts";
import { faultAt, parseFault } from "../faults.ts";
import type { EngineLaunch } from "../launch.ts";
import { planMemory } from "../memory.ts";
import { findModel, isHopper, keye30b } from "../model.ts";
import { completeServerArgs } from "../server-args.ts";
import type { StartupFacts } from "./failures.ts";
import { argumentFailure, noConfig } from "./failures.ts";
import { kernelFolder, missingKernels } from "./kernel-cache.ts";

/** What a launch leads to before any scheduler is started. `at` tells whether Python was imported first. */
export type Preparation =
  | { readonly kind: "ends"; readonly at: "once" | "imports"; readonly exitCode: number; readonly text: string }
  | { readonly kind: "loads"; readonly facts: StartupFacts };

/** Reads command line, fault and surroundings of a launch, and what its volumes hold. Changes nothing. */
export function prepareStart(launch: EngineLaunch): Preparation {
  const words = serverWords(launch.argv);
  if (words === undefined) {
    return ends("once", 127, `exec: "${launch.argv[0] ?? ""}": executable file not found in $PATH`);
  }
  const scripted = launch.fault === undefined || launch.fault === "" ? undefined : parseFault(launch.fault);
  if (scripted !== undefined && "problem" in scripted) return ends("once", 2, `engine simulator: ${scripted.problem}`);
  const fault = scripted && faultAt(scripted, launch.address);
  const parsed = parseArguments(words);
  if (parsed.kind === "exit") return ends("imports", parsed.exitCode, parsed.lines.join("\n"));
  const path = String(parsed.fields.model_path);
  const onDisk = launch.onDisk ?? (() => undefined);
  if (isUnfinished(onDisk(path))) return ends("imports", 1, noConfig(path));
  const model = fault?.name === "missing-model-path" ? undefined : findModel(path, launch.env);
  const { count: gpuCount, memoryMiB, product } = launch.gpus;
  const args = completeServerArgs(parsed.fields, {
    model: model ?? keye30b,
    isHopper: isHopper(product) && fault?.name !== "dense-attention",
    memoryMiB,
    randomSeed: Math.floor(launch.clock.now()) % 1_000_000_000,
  });
  const refused = argumentFailure(args, model, launch.env);
  if (refused !== undefined || model === undefined) return ends("imports", 1, refused ?? "");
  const memory = planMemory({
    model,
    tpSize: args.tpSize,
    memFractionStatic: args.memFractionStatic,
    contextLength: args.contextLength,
    memoryMiB,
    isSparse: args.attentionBackend === "keye_sa" && model.hasIndexer,
    pageSize: args.pageSize,
    maxTotalTokens: args.maxTotalTokens,
    maxRunningRequests: args.maxRunningRequests,
    hasGraphs: !args.disableCudaGraph,
  });
  const { shmBytes, env } = launch;
  const folder = kernelFolder(env, onDisk);
  const compilation = {
    seconds: launch.compileSeconds ?? 0,
    missing: missingKernels(folder),
    ...(folder === undefined ? {} : { folder }),
  };
  return {
    kind: "loads",
    facts: { args, model, memory, gpuCount, gpuMemoryMiB: memoryMiB, shmBytes, fault, env, compilation },
  };
}

function ends(at: "once" | "imports", exitCode: number, text: string): Preparation {
  return { kind: "ends", at, exitCode, text };
}

/** An empty folder is taken to hold everything: nothing has to be loaded into the rehearsal's volumes. */
function isUnfinished(folder: string | undefined): boolean {
  if (folder === undefined || !existsSync(folder) || existsSync(join(folder, "config.json"))) return false;
  return readdirSync(folder).length > 0;
}
