import type { PromotionDeadlines, Strategy, TransportKind } from "../core/promotion-inputs.ts";
import type { Seconds } from "../core/units.ts";
import type { NodePoolConfig } from "./node-pool-config.ts";

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
  /** Image with this project's `keye` command, by digest: what Jobs in the cluster run. */
  readonly toolsImage?: string;
  readonly model: ModelConfig;
  readonly engine: EngineConfig;
  readonly supply: SupplyConfig;
  /** Copies of the engine that serve. */
  readonly replicas: number;
  readonly rollout: RolloutConfig;
  readonly gate: GateConfig;
}

export type ImageConfig = PrebuiltImageConfig | SourceImageConfig;

interface PulledImage {
  /** Without tag and digest. */
  readonly repository: string;
  readonly pullPolicy: "IfNotPresent" | "Always" | "Never";
  /** Names of existing image pull Secrets. */
  readonly pullSecrets: readonly string[];
}

export interface PrebuiltImageConfig extends PulledImage {
  readonly kind: "prebuilt";
  /** What the lock resolves where no digest is given; otherwise for people to read. */
  readonly tag: string;
  /** `sha256:` and 64 hex digits; wins over the lock. */
  readonly digest?: string;
  /** Repository with the same images, which the pods pull from. */
  readonly mirror?: string;
}

/** An image that is built from source; `repository` is where it is pushed to and pulled from. */
export interface SourceImageConfig extends PulledImage {
  readonly kind: "source";
  /** Image reference of the CUDA development image that the build begins with. */
  readonly base: string;
  readonly sources: {
    readonly sglang: GitSource;
    readonly deepGemm: GitSource;
    readonly effectiveKernels: GitSource;
  };
  readonly build: BuildConfig;
}

export interface GitSource {
  readonly url: string;
  /** `HEAD` is the repository's own default branch. */
  readonly branch: string;
}

/** The Job that builds the image. */
export interface BuildConfig {
  /** Image reference of a rootless BuildKit. */
  readonly builderImage: string;
  /** Kubernetes quantities: requested and limited alike. */
  readonly cpu: string;
  readonly memory: string;
  readonly ephemeralStorage: string;
  /** Claim that keeps BuildKit's cache between builds. */
  readonly cacheClaim?: string;
  /** Existing Secret of type `kubernetes.io/dockerconfigjson` with the right to push. */
  readonly pushSecret?: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly deadlineSeconds: Seconds;
}

export interface ModelConfig {
  /** What `--model-path` gets: a hub id or a folder in the container. With `weights`, the folder above theirs. */
  readonly path: string;
  /** What clients ask for: `--served-model-name`. */
  readonly servedName: string;
  /** Commit of the weights: `--revision`, or what `weights` are fetched at. */
  readonly revision?: string;
  /** What the weights take on disk: a Kubernetes quantity. */
  readonly size: string;
  /** Where the weights come from onto `volume`; absent: they are there, or the engine downloads them. */
  readonly weights?: WeightsConfig;
  /** Where the weights are mounted from; absent: the engine downloads them. */
  readonly volume?: ModelVolume;
  /** Existing Secret with a hub token. */
  readonly tokenSecret?: SecretRef;
}

/** Where weights are fetched from. */
export type WeightsConfig =
  | ({ readonly kind: "huggingface" } & HubRepository)
  | ({ readonly kind: "modelscope" } & HubRepository)
  | {
      readonly kind: "s3";
      /** `s3://bucket/prefix`. */
      readonly url: string;
      readonly endpoint?: string;
      readonly region?: string;
      /** Name of an existing Secret with the keys `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. */
      readonly credentialsSecret?: string;
    }
  | { readonly kind: "http"; readonly url: string };

/** A repository of a hub for models. */
export interface HubRepository {
  /** Owner and name. */
  readonly repo: string;
  /** URL of a mirror; the hub's own where absent. */
  readonly endpoint?: string;
}

/** What the weights are mounted from. */
export type ModelVolume =
  | {
      readonly kind: "pvc";
      readonly claim: string;
      readonly mountPath: string;
      /** Absent: the claim exists. */
      readonly create?: ClaimConfig;
      readonly readMegabytesPerSecond: number;
    }
  | {
      readonly kind: "hostPath";
      readonly path: string;
      readonly mountPath: string;
      readonly readMegabytesPerSecond: number;
    };

/** A claim that the stack makes. */
export interface ClaimConfig {
  /** The cluster's default class where absent. */
  readonly storageClass?: string;
  /** A Kubernetes quantity. */
  readonly size: string;
  readonly accessMode: "ReadWriteMany" | "ReadWriteOnce";
}

export interface SecretRef {
  readonly name: string;
  readonly key: string;
}

export interface EngineConfig {
  readonly tpSize: number;
  /** Pods that share the GPUs of one replica, each on any node; 1 unless nodes have fewer GPUs than `tpSize`. */
  readonly nodesPerReplica: number;
  /** Fraction of the free GPU memory for weights and KV cache, above 0 and below 1. */
  readonly memFractionStatic: number;
  readonly port: number;
  /** Tokens; the model's own where absent. */
  readonly contextLength?: number;
  readonly maxRunningRequests?: number;
  readonly enableMetrics: boolean;
  /** Further arguments of `sglang.launch_server`, each `--flag` or `--flag=value`. Ours cannot be repeated here. */
  readonly extraArgs: readonly string[];
  /** Name of a contract that comes with this project, or of a JSON file beside the stack file; absent: the Keye branch's. */
  readonly argumentsContract?: string;
  readonly env: Readonly<Record<string, string>>;
  /** Existing Secret with the API key that clients must send. */
  readonly apiKeySecret?: SecretRef;
  /** Kubernetes quantities. */
  readonly resources: { readonly cpu: string; readonly memory: string; readonly shm: string };
  readonly podAnnotations: Readonly<Record<string, string>>;
  readonly runtimeClassName?: string;
  /** Where compiled kernels are kept; absent: they go with the pod. */
  readonly cacheVolume?:
    | { readonly kind: "pvc"; readonly claim: string }
    | { readonly kind: "hostPath"; readonly path: string };
  /** How long a start may take before the kubelet restarts the container. */
  readonly startupSeconds: Seconds;
  /** How long running requests may go on after a pod is told to stop. */
  readonly terminationGraceSeconds: Seconds;
}

export interface SupplyConfig {
  /** Whether the image is brought to every node before a candidate is scaled. */
  readonly prePull: boolean;
  /** Jobs that run at once. */
  readonly parallelism: number;
  /** For all that is brought. */
  readonly deadlineSeconds: Seconds;
}

export interface RolloutConfig {
  readonly strategy: Strategy;
  readonly deadlines: PromotionDeadlines;
  /** How long the Lease must have stood still before a watchdog brings the old revision back. */
  readonly watchdogSeconds: Seconds;
  /** How long a rejected revision is refused at once. 0 turns it off. */
  readonly cooldownSeconds: Seconds;
  /** How many promoted earlier revisions stay, without pods. */
  readonly keepRevisions: number;
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
