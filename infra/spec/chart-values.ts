import type { ModelConfig, StackConfig } from "../config/stack-config.ts";
import { stayAnnotations } from "./node-pools/stay-annotations.ts";
import type { PinnedImage, PinnedStack } from "./pinned-stack.ts";
import { placementOf } from "./placement.ts";

/**
 * Who brings the rendered objects to life.
 *
 * `promotion`: no replicas, and a live Service that selects nothing, until a promotion scales and switches.
 * `manifests`: replicas as configured, and a live Service without a selector, so that a tool which applies the manifests
 * again and again never owns it.
 */
export type ChartUse = "promotion" | "manifests";

/** Values of the chart `keye-sglang`; `charts/keye-sglang/values.schema.json` is their full description. */
export type ChartValues = Readonly<Record<string, unknown>>;

/**
 * The settings as values of the chart. What a setting leaves open stays at the chart's own default. `groups` are the names of
 * LeaderWorkerSets that a watchdog may have to bring back, of earlier revisions.
 */
export function chartValues(config: PinnedStack, use: ChartUse, groups: readonly string[] = []): ChartValues {
  return {
    managedBy: "keye-stack",
    replicas: use === "promotion" ? 0 : config.replicas,
    image: imageValues(config.image),
    imagePullSecrets: config.image.pullSecrets.map((name) => ({ name })),
    model: modelValues(config.model),
    engine: engineValues(config),
    podAnnotations: { ...stayAnnotations(config.nodePools), ...config.engine.podAnnotations },
    ...given("runtimeClassName", config.engine.runtimeClassName),
    ...placementOf(config),
    ...cacheValues(config),
    service: { selects: use === "promotion" ? "nothing" : "unset" },
    ...(use === "manifests" ? gateValues(config) : watchdogValues(config, groups)),
  };
}

/** Where no promotion proves the revision, a Job does, if there is an image that it can run. */
function gateValues({ toolsImage, gate }: StackConfig): ChartValues {
  return toolsImage === undefined ? {} : { gateJob: { enabled: true, image: toolsImage, profile: gate.profile } };
}

/** What a watchdog may do, for a promotion that may need one. Its Job is the promotion's. */
function watchdogValues(config: StackConfig, groups: readonly string[]): ChartValues {
  return mayBeWatched(config) ? { watchdog: { enabled: true, ...(groups.length === 0 ? {} : { groups }) } } : {};
}

/** Whether a promotion by the settings may have a watchdog. Its account is granted only what the deploying identity may do itself. */
export function mayBeWatched({ toolsImage, rollout }: StackConfig): boolean {
  return toolsImage !== undefined && (rollout.strategy === "recreate" || rollout.strategy === "auto");
}

function imageValues(image: PinnedImage): ChartValues {
  return {
    repository: image.repository,
    tag: image.tag,
    digest: image.digest,
    pullPolicy: image.pullPolicy,
  };
}

function modelValues(model: ModelConfig): ChartValues {
  return {
    path: model.path,
    servedName: model.servedName,
    ...given("volume", model.volume && volumeValues(model.volume)),
    // Weights that a Job has fetched are a folder: the engine asks no hub for a commit, and needs no token.
    ...(model.weights === undefined ? given("revision", model.revision) : {}),
    ...(model.weights === undefined ? given("tokenSecret", model.tokenSecret) : {}),
  };
}

function volumeValues(volume: NonNullable<ModelConfig["volume"]>): ChartValues {
  const { mountPath } = volume;
  switch (volume.kind) {
    case "pvc":
      return { mountPath, source: { persistentVolumeClaim: { claimName: volume.claim, readOnly: true } } };
    case "hostPath":
      return { mountPath, source: { hostPath: { path: volume.path, type: "Directory" } } };
    default:
      return volume satisfies never;
  }
}

function engineValues({ engine }: StackConfig): ChartValues {
  return {
    tpSize: engine.tpSize,
    ...(engine.nodesPerReplica === 1 ? {} : { nodesPerReplica: engine.nodesPerReplica }),
    memFractionStatic: engine.memFractionStatic,
    port: engine.port,
    ...given("contextLength", engine.contextLength),
    ...given("maxRunningRequests", engine.maxRunningRequests),
    enableMetrics: engine.enableMetrics,
    extraArgs: engine.extraArgs,
    env: engine.env,
    ...given("apiKeySecret", engine.apiKeySecret),
    resources: engine.resources,
    startupSeconds: engine.startupSeconds,
    terminationGraceSeconds: engine.terminationGraceSeconds,
  };
}

/** What the engine's compiled kernels are kept on, and by which GPUs beside what the chart knows. */
function cacheValues({ engine, nodePools }: StackConfig): ChartValues {
  const { cacheVolume } = engine;
  if (cacheVolume === undefined) return {};
  const gpuProducts = [...new Set(nodePools.flatMap((pool) => pool.gpuProducts))].sort();
  switch (cacheVolume.kind) {
    case "pvc":
      return { gpuProducts, cacheVolume: { persistentVolumeClaim: { claimName: cacheVolume.claim } } };
    case "hostPath":
      return { gpuProducts, cacheVolume: { hostPath: { path: cacheVolume.path, type: "DirectoryOrCreate" } } };
    default:
      return cacheVolume satisfies never;
  }
}

function given(name: string, value: unknown): ChartValues {
  return value === undefined ? {} : { [name]: value };
}
