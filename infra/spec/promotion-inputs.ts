import { phaseBudgets } from "../config/phase-budgets.ts";
import type { StackConfig } from "../config/stack-config.ts";
import { canonicalJson } from "../core/canonical-json.ts";
import { revisionName } from "../core/names.ts";
import type { EngineExpectation, ProbeSpec } from "../core/probe-spec.ts";
import type { PromotionInputs, SupplyInputs } from "../core/promotion-inputs.ts";
import { growthInputs } from "./node-pools/growth.ts";
import type { PinnedStack } from "./pinned-stack.ts";
import { engineNodeSelector } from "./placement.ts";

/** Hex digits of the sha256 of a text's UTF-8 bytes. */
export type Sha256 = (text: string) => string;

/** What the prober must find out about the engines of one revision. */
export function probeSpec(config: StackConfig, revision: string): ProbeSpec {
  const { engine, gate, model } = config;
  return {
    profile: gate.profile,
    expectation: {
      modelPath: model.path,
      servedModelName: model.servedName,
      weightVersion: revision,
      tpSize: engine.tpSize,
      memFractionStatic: engine.memFractionStatic,
      ...(engine.contextLength === undefined ? {} : { contextLength: engine.contextLength }),
      // Weights that a Job has fetched are a folder, whose name says which they are.
      ...(model.revision === undefined || model.weights !== undefined ? {} : { modelRevision: model.revision }),
      ...impliedExpectation(engine.extraArgs),
      ...attentionExpectation(gate.expect.attentionBackend, engine.extraArgs),
      ...(gate.expect.pageSize === null ? {} : { pageSize: gate.expect.pageSize }),
      ...(gate.expect.architecture === null ? {} : { architecture: gate.expect.architecture }),
    },
    consecutivePasses: gate.consecutivePasses,
    ...latencyObjective(gate.latency),
  };
}

/** Absent without a limit, so that an unlimited sample stays as it is. */
function latencyObjective({
  ttftSeconds,
  interTokenSeconds,
}: StackConfig["gate"]["latency"]): Pick<ProbeSpec, "latency"> {
  const limits = {
    ...(ttftSeconds === null ? {} : { ttftSeconds }),
    ...(interTokenSeconds === null ? {} : { interTokenSeconds }),
  };
  return Object.keys(limits).length === 0 ? {} : { latency: limits };
}

/** Both phases run the declared backend unless an argument says otherwise: `attention_backend` alone does not tell. */
function attentionExpectation(backend: string | null, extraArgs: readonly string[]): EngineExpectation {
  if (backend === null) return {};
  return {
    attentionBackend: backend,
    prefillAttentionBackend: lastValue(extraArgs, "--prefill-attention-backend") ?? backend,
    decodeAttentionBackend: lastValue(extraArgs, "--decode-attention-backend") ?? backend,
  };
}

/** What follows from the command line beside the settings that have a name of their own. */
function impliedExpectation(extraArgs: readonly string[]): EngineExpectation {
  const toolCallParser = lastValue(extraArgs, "--tool-call-parser");
  const reasoningParser = lastValue(extraArgs, "--reasoning-parser");
  return {
    trustRemoteCode: true,
    hasImageUnderstanding: true,
    dpSize: 1,
    ppSize: 1,
    epSize: Number(lastValue(extraArgs, "--ep-size", "--expert-parallel-size", "--ep") ?? 1),
    kvCacheDtype: lastValue(extraArgs, "--kv-cache-dtype") ?? "auto",
    quantization: lastValue(extraArgs, "--quantization") ?? "none",
    ...(toolCallParser === undefined ? {} : { toolCallParser }),
    ...(reasoningParser === undefined ? {} : { reasoningParser }),
  };
}

/** The value of the last `--flag=value` with one of the names, as the server takes it. */
function lastValue(words: readonly string[], ...flags: readonly string[]): string | undefined {
  const word = words.findLast((text) => flags.some((flag) => text.startsWith(`${flag}=`)));
  return word?.slice(word.indexOf("=") + 1);
}

/** First 10 hex digits of the sha256 of the canonical probe spec. */
export function probeHash(spec: ProbeSpec, sha256: Sha256): string {
  return sha256(canonicalJson(spec)).slice(0, 10);
}

/** What a promotion needs of the machine that starts it. */
export interface PromotionHost {
  readonly sha256: Sha256;
  /** Folder for evidence files. It may differ from machine to machine: it is no reason to promote again. */
  readonly evidenceDir: string;
}

/** What is to be promoted, and what it needs beside the settings. */
export interface Candidate {
  readonly revision: string;
  /** What must be brought first; undefined: nothing. */
  readonly supply: SupplyInputs | undefined;
  /** What the rendered Deployment keeps compiled kernels by; undefined: they go with the pod. */
  readonly cacheKey: string | undefined;
}

/** The promotion of one revision, as the settings want it. */
export function promotionInputs(config: PinnedStack, candidate: Candidate, host: PromotionHost): PromotionInputs {
  const { revision, supply, cacheKey } = candidate;
  const probe = probeSpec(config, revision);
  const { engine, rollout } = config;
  const growth = growthInputs(config);
  return {
    namespace: config.namespace,
    app: config.name,
    service: config.name,
    ...(config.context === undefined ? {} : { context: config.context }),
    revision,
    workload: revisionName(config.name, revision),
    replicas: config.replicas,
    gpusPerReplica: engine.tpSize,
    nodeSelector: engineNodeSelector(config),
    port: engine.port,
    strategy: rollout.strategy,
    probe,
    probeHash: probeHash(probe, host.sha256),
    imageDigest: config.image.digest,
    deadlines: rollout.deadlines,
    cooldownSeconds: rollout.cooldownSeconds,
    // The default is left out: a state that was written before it existed means the same.
    ...(config.gate.transport === "port-forward" ? {} : { transport: config.gate.transport }),
    ...(rollout.retryNonce === undefined ? {} : { retryNonce: rollout.retryNonce }),
    ...(engine.apiKeySecret === undefined ? {} : { apiKeySecret: engine.apiKeySecret }),
    ...(supply === undefined ? {} : { supply }),
    ...(cacheKey === undefined || !isCacheShared(config) ? {} : { cacheKey }),
    ...(growth === undefined ? {} : { growth }),
    ...(config.toolsImage === undefined || rollout.strategy !== "recreate"
      ? {}
      : { watchdog: { image: config.toolsImage, staleSeconds: rollout.watchdogSeconds } }),
    budgets: phaseBudgets(config),
    evidenceDir: host.evidenceDir,
  };
}

/** Whether one replica's compiled kernels are there for all. A folder of each node fills as nodes are used. */
function isCacheShared({ engine }: StackConfig): boolean {
  return engine.cacheVolume?.kind === "pvc";
}
