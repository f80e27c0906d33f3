import type { ModelConfig, ModelVolume, SecretRef, WeightsConfig } from "../../config/stack-config.ts";
import { exitCodes } from "../../core/exit-codes.ts";
import { appLabel } from "../../core/names.ts";
import { parseQuantity } from "../../core/quantity.ts";
import type { PinnedStack } from "../pinned-stack.ts";
import { placementOf, poolTolerations } from "../placement.ts";
import type { Sha256 } from "../promotion-inputs.ts";
import { askedRevision, weightsSource } from "../weights.ts";
import { nobody, onNode, type PlannedJob, podSecurity, suspendedJob } from "./job.ts";

/** Tries after a broken network: each goes on where the last one ended, and they are 10 s to 6 min apart. */
const backoffLimit = 6;

/**
 * The Jobs that fetch the weights: one for a claim, which all nodes share; one a node for a folder on each node. None
 * where the weights are there or the engine downloads them.
 */
export function hydrateJobs(config: PinnedStack, nodes: readonly string[], sha256: Sha256): readonly PlannedJob[] {
  const { model, toolsImage } = config;
  const { weights, volume } = model;
  // The settings' cross-checks have seen that the three come together.
  if (weights === undefined || volume === undefined || toolsImage === undefined) return [];
  return (volume.kind === "pvc" ? [undefined] : nodes).map((node) => {
    const parts = {
      role: `hydrate-${model.path.slice(model.path.lastIndexOf("/") + 1)}`,
      component: "hydrate",
      backoffLimit,
      deadlineSeconds: config.supply.deadlineSeconds,
      finalExitCodes: [exitCodes.fail, exitCodes.badInput],
      container: {
        image: toolsImage,
        command: ["keye", "hydrate", ...hydrateArguments(model, weights)],
        env: tokens(model, weights),
        resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "4", memory: "2Gi" } },
        volumeMounts: [{ name: "model", mountPath: volume.mountPath }],
      },
      pod: {
        ...(node === undefined
          ? besideTheEngine(config)
          : { affinity: onNode(node), tolerations: poolTolerations(config) }),
        securityContext: podSecurity(writer(volume)),
        volumes: [{ name: "model", ...volumeSource(volume) }],
      },
    } as const;
    const manifest = suspendedJob(config, parts, sha256);
    const place = node === undefined ? {} : { node };
    return {
      // The settings' parser has read it as a quantity already.
      job: { name: manifest.metadata.name, kind: "hydrate", ...place, bytes: parseQuantity(model.size) ?? 0 },
      manifest,
    };
  });
}

function hydrateArguments(model: ModelConfig, weights: WeightsConfig): readonly string[] {
  const endpoint = weights.kind === "http" ? undefined : weights.endpoint;
  const region = weights.kind === "s3" ? weights.region : undefined;
  return [
    `--source=${weightsSource(weights)}`,
    `--revision=${askedRevision(model)}`,
    `--to=${model.path}`,
    ...(endpoint === undefined ? [] : [`--endpoint=${endpoint}`]),
    ...(region === undefined ? [] : [`--region=${region}`]),
  ];
}

/** Tokens reach the Job as references: neither its object nor Pulumi's state holds a value. */
function tokens({ tokenSecret }: ModelConfig, weights: WeightsConfig): readonly object[] {
  switch (weights.kind) {
    case "huggingface":
      return tokenSecret === undefined ? [] : [fromSecret("HF_TOKEN", tokenSecret)];
    case "modelscope":
      return tokenSecret === undefined ? [] : [fromSecret("MODELSCOPE_TOKEN", tokenSecret)];
    case "s3": {
      const name = weights.credentialsSecret;
      if (name === undefined) return [];
      return [
        ...["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map((key) => fromSecret(key, { name, key })),
        // Only temporary keys have one.
        fromSecret("AWS_SESSION_TOKEN", { name, key: "AWS_SESSION_TOKEN" }, { optional: true }),
      ];
    }
    case "http":
      return [];
    default:
      return weights satisfies never;
  }
}

function fromSecret(variable: string, { name, key }: SecretRef, more: object = {}): object {
  return { name: variable, valueFrom: { secretKeyRef: { name, key, ...more } } };
}

/**
 * On a node of the pools, so that a volume which is bound to a place is bound where engines run; preferably where one runs
 * already, because a claim of one node can only be written there.
 */
function besideTheEngine(config: PinnedStack): object {
  const { affinity, ...placement } = placementOf(config);
  const engines = {
    topologyKey: "kubernetes.io/hostname",
    labelSelector: { matchLabels: { [appLabel]: config.name } },
  };
  const podAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: engines }] };
  return { ...placement, affinity: { ...affinity, podAffinity } };
}

/** The kubelet makes a claim writable for the group. A folder of the node belongs to root, and only root may write there. */
function writer(volume: ModelVolume): object {
  if (volume.kind === "hostPath") return { runAsUser: 0, runAsGroup: 0 };
  return { ...nobody, fsGroup: nobody.runAsGroup, fsGroupChangePolicy: "OnRootMismatch" };
}

function volumeSource(volume: ModelVolume): object {
  return volume.kind === "pvc"
    ? { persistentVolumeClaim: { claimName: volume.claim } }
    : { hostPath: { path: volume.path, type: "DirectoryOrCreate" } };
}
