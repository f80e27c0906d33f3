import type { PromotionDeadlines, Strategy, TransportKind } from "../core/promotion-inputs.ts";
import type { Seconds } from "../core/units.ts";

/**
 * The settings of one stack after parsing: complete (every default filled in) and checked. Made only by `parseConfig`
 * from the `keye-stack:stack` object; the field table in `fields.ts` says unit, range and default of each.
 */
export interface StackConfig {
  /** Names every object: at most 40 characters, a DNS label. @default "keye" */
  readonly name: string;
  readonly namespace: string;
  /** kubeconfig context to deploy to; the current one where absent. */
  readonly context?: string;
  readonly nodePools: readonly NodePoolConfig[];
  readonly image: ImageConfig;
  readonly model: ModelConfig;
  readonly engine: EngineConfig;
  /** Copies of the engine that serve. */
  readonly replicas: number;
  readonly rollout: RolloutConfig;
  readonly gate: GateConfig;
}

export interface NodePoolConfig {
  readonly name: string;
  /** How the pool's nodes come to be: `existing` adopts nodes that are there. */
  readonly provider: "existing";
  /** Labels that find the nodes. */
  readonly selector: Readonly<Record<string, string>>;
  /** Accepted values of `nvidia.com/gpu.product`. */
  readonly gpuProducts: readonly string[];
  readonly gpusPerNode: number;
  readonly minNodes: number;
  /** Labels to put on the nodes, beside `keye-stack.dev/pool`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly {
    readonly key: string;
    readonly value?: string;
    readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  }[];
}

export interface ImageConfig {
  readonly kind: "prebuilt";
  readonly repository: string;
  /** Shown to people only; the digest decides. */
  readonly tag?: string;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  readonly pullPolicy: "IfNotPresent" | "Always" | "Never";
  /** Names of existing image pull Secrets. */
  readonly pullSecrets: readonly string[];
}

export interface ModelConfig {
  /** What `--model-path` gets: a hub id or a folder in the container. */
  readonly path: string;
  /** What clients ask for: `--served-model-name`. */
  readonly servedName: string;
  /** Commit of the weights: `--revision`. */
  readonly revision?: string;
  /** Where the weights are mounted from; absent: the engine downloads them. */
  readonly volume?:
    | { readonly kind: "pvc"; readonly claim: string; readonly mountPath: string }
    | { readonly kind: "hostPath"; readonly path: string; readonly mountPath: string };
  /** Existing Secret with a hub token. */
  readonly tokenSecret?: SecretRef;
}

export interface SecretRef {
  readonly name: string;
  readonly key: string;
}

export interface EngineConfig {
  readonly tpSize: number;
  /** Fraction of the free GPU memory for weights and KV cache, above 0 and below 1. */
  readonly memFractionStatic: number;
  readonly port: number;
  /** Tokens; the model's own where absent. */
  readonly contextLength?: number;
  readonly maxRunningRequests?: number;
  readonly enableMetrics: boolean;
  /** Further arguments of `sglang.launch_server`, each `--flag` or `--flag=value`. Ours cannot be repeated here. */
  readonly extraArgs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Existing Secret with the API key that clients must send. */
  readonly apiKeySecret?: SecretRef;
  /** Kubernetes quantities. */
  readonly resources: { readonly cpu: string; readonly memory: string; readonly shm: string };
  readonly podAnnotations: Readonly<Record<string, string>>;
  readonly runtimeClassName?: string;
  /** How long a start may take before the kubelet restarts the container. */
  readonly startupSeconds: Seconds;
  /** How long running requests may go on after a pod is told to stop. */
  readonly terminationGraceSeconds: Seconds;
}

export interface RolloutConfig {
  readonly strategy: Strategy;
  readonly deadlines: PromotionDeadlines;
  /** How long a rejected revision is refused at once. 0 turns it off. */
  readonly cooldownSeconds: Seconds;
  /** Change it to try a rejected revision again before the cool-down ends. */
  readonly retryNonce?: string;
}

export interface GateConfig {
  readonly profile: "smoke" | "gate" | "soak";
  /** Passes in a row that each answer check needs. */
  readonly consecutivePasses: number;
  /** What the running engine must report beside what the other settings imply; set to null to not compare. */
  readonly expect: {
    readonly attentionBackend: string | null;
    readonly pageSize: number | null;
    readonly architecture: string | null;
  };
  /** Limits of the latency sample's p95; null measures without judging. */
  readonly latency: { readonly ttftSeconds: Seconds | null; readonly interTokenSeconds: Seconds | null };
  /** How a promotion reaches the pods. It decides no answer: a change of it proves nothing anew. */
  readonly transport: TransportKind;
}
