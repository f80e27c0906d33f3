import type { PhaseBudgets } from "../core/phase-budgets.ts";
import type { PromotionDeadlines } from "../core/promotion-inputs.ts";
import { parseQuantity } from "../core/quantity.ts";
import type { Bytes, Seconds } from "../core/units.ts";
import { elasticPools } from "./pool-labels.ts";
import type { StackConfig } from "./stack-config.ts";

/** What a node pulls of the published image, as long as nothing more exact is known. */
const usualImageBytes: Bytes = 20e9;

/** What a registry or hub far away gives one node, when it is slow. */
const slowDownload = 50e6;

/** Scheduling, sandbox, volumes: what a pod needs beside its image. */
const podSeconds: Seconds = 60;

/** Python imports and joining the GPUs: 34 s on an H100, and twice as long with cold disks. */
const processSeconds: Seconds = 120;

/** A reader rarely gets all that a volume gives when it is measured alone. */
const readAllowance = 1.5;

/**
 * Compiling DeepGEMM's kernels with a cold cache: 10 to 25 minutes were reported.
 * @see https://github.com/sgl-project/sglang/issues/9867 and srt/layers/deep_gemm_wrapper/compile_utils.py
 */
const compileSeconds: Seconds = 1500;

/** Capturing CUDA graphs: 18 s for a small model on an H100, minutes for a large one. */
const graphSeconds: Seconds = 300;

/** @see sglang keye-vl-v2-30b-release, SGLANG_WARMUP_TIMEOUT */
const warmUpSeconds: Seconds = 600;

/** The settings that the budgets are computed from. */
export const budgetInputs = [
  "nodePools",
  "model.size",
  "model.volume",
  "model.weights",
  "supply",
  "rollout.deadlines.probeSeconds",
] as const;

/**
 * How long each phase from nothing to proven may take: from what has to be moved and how fast it moves. Generous on
 * purpose: a phase that is over its budget is told of, and the kubelet must not kill an engine that only loads.
 */
export function phaseBudgets(config: StackConfig): PhaseBudgets {
  const { model, supply, rollout } = config;
  const elastic = elasticPools(config.nodePools);
  const size = parseQuantity(model.size) ?? 0;
  const speed = model.volume === undefined ? slowDownload : model.volume.readMegabytesPerSecond * 1e6;
  return {
    schedule: Math.max(90, ...elastic.map((pool) => pool.nodeStartSeconds)),
    // A node that comes only once a pod waits for it has no image yet.
    pull: podSeconds + (supply.prePull && elastic.length === 0 ? 0 : whole(usualImageBytes / slowDownload)),
    hydrate: model.weights === undefined ? 0 : podSeconds + whole(size / slowDownload),
    load: processSeconds + whole((readAllowance * size) / speed),
    jit: compileSeconds,
    graphs: graphSeconds,
    "warm-up": warmUpSeconds,
    probe: rollout.deadlines.probeSeconds,
  };
}

/** How long the kubelet lets an engine start: load, compile, capture, warm up. Whole minutes. */
export function startupSecondsOf(budgets: PhaseBudgets): Seconds {
  return Math.ceil((budgets.load + budgets.jit + budgets.graphs + budgets["warm-up"]) / 60) * 60;
}

/** From scaling until all pods are ready: a node, the image, and the start. */
export function readySecondsOf(budgets: PhaseBudgets, startupSeconds: Seconds): Seconds {
  return budgets.schedule + budgets.pull + startupSeconds;
}

/**
 * All phases one after another, and five minutes for calls. A canary starts, proves and drains one replica after another;
 * else the start comes twice where one replica fills the cache for the others.
 */
export function totalSecondsOf(config: StackConfig, deadlines: Omit<PromotionDeadlines, "totalSeconds">): Seconds {
  const { readySeconds, probeSeconds, verifySeconds, soakSeconds, drainSeconds, drainLimitSeconds } = deadlines;
  const starts = config.engine.cacheVolume?.kind === "pvc" && config.replicas > 1 ? 2 : 1;
  const { prePull, deadlineSeconds } = config.supply;
  const supplySeconds = prePull || config.model.weights !== undefined ? deadlineSeconds : 0;
  const drain = Math.max(drainSeconds, drainLimitSeconds);
  const mayBeCanary = config.rollout.strategy === "canary" || config.rollout.strategy === "auto";
  const oneByOne = config.replicas * (readySeconds + probeSeconds + verifySeconds + drain);
  const atOnce = starts * readySeconds + probeSeconds + drain;
  return supplySeconds + (mayBeCanary ? oneByOne : atOnce) + verifySeconds + soakSeconds + 300;
}

function whole(seconds: Seconds): Seconds {
  return Math.ceil(seconds);
}
