import type { ModelConfig, StackConfig } from "../config/stack-config.ts";
import { poolLabel } from "../core/names.ts";
import type { PinnedImage, PinnedStack } from "./pinned-stack.ts";

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

/** The settings as values of the chart. What a setting leaves open stays at the chart's own default. */
export function chartValues(config: PinnedStack, use: ChartUse): ChartValues {
  return {
    managedBy: "keye-stack",
    replicas: use === "promotion" ? 0 : config.replicas,
    image: imageValues(config.image),
    imagePullSecrets: config.image.pullSecrets.map((name) => ({ name })),
    model: modelValues(config.model),
    engine: engineValues(config),
    podAnnotations: config.engine.podAnnotations,
    ...given("runtimeClassName", config.engine.runtimeClassName),
    ...placementValues(config),
    service: { selects: use === "promotion" ? "nothing" : "unset" },
  };
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
    ...given("revision", model.revision),
    ...given("volume", model.volume && volumeValues(model.volume)),
    ...given("tokenSecret", model.tokenSecret),
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

/**
 * Where the engine's pods may run: on the nodes of the pools alone. Their taints are tolerated beside that of the GPUs.
 */
function placementValues(config: StackConfig): ChartValues {
  const gpuToleration = { key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" };
  const poolTolerations = config.nodePools
    .flatMap((pool) => pool.taints)
    .map(({ key, value, effect }) =>
      value === undefined ? { key, operator: "Exists", effect } : { key, operator: "Equal", value, effect },
    );
  const names = config.nodePools.map((pool) => pool.name);
  const inOneOfThem = { matchExpressions: [{ key: poolLabel, operator: "In", values: names }] };
  return {
    tolerations: [gpuToleration, ...poolTolerations],
    nodeSelector: engineNodeSelector(config),
    ...(names.length === 1
      ? {}
      : {
          affinity: {
            nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [inOneOfThem] } },
          },
        }),
  };
}

/** Node labels that every engine pod requires. Empty with several pools: being in one of them is no single label. */
export function engineNodeSelector(config: StackConfig): Readonly<Record<string, string>> {
  const [pool, ...others] = config.nodePools;
  return pool === undefined || others.length > 0 ? {} : { [poolLabel]: pool.name };
}

function given(name: string, value: unknown): ChartValues {
  return value === undefined ? {} : { [name]: value };
}
