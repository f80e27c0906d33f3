import type { PhaseBudgets } from "./phase-budgets.ts";
import type { ProbeSpec } from "./probe-spec.ts";
import type { Bytes, Seconds } from "./units.ts";

/** How the candidate replaces the stable revision. */
export type Strategy = "blueGreen" | "canary" | "recreate" | "auto";

/** How a prober reaches pods: through the API server, or by their own addresses from inside the cluster. */
export type TransportKind = "port-forward" | "in-cluster";

/** Deadline of each phase of a promotion. */
export interface PromotionDeadlines {
  /** From scaling the candidate until all its pods are ready. */
  readonly readySeconds: Seconds;
  /** For all probes of all pods. */
  readonly probeSeconds: Seconds;
  /** From the switch until the endpoints are exactly the probed pods and the Service answers as the candidate. */
  readonly verifySeconds: Seconds;
  /** How long the candidate must serve without a restart or a wrong answer before the old revision is retired. */
  readonly soakSeconds: Seconds;
  /** From when a pod is no endpoint any more until it may go, at the earliest: proxies follow with a delay. */
  readonly drainSeconds: Seconds;
  /** The same at the latest: requests that still run then are cut. */
  readonly drainLimitSeconds: Seconds;
  /** The whole promotion. */
  readonly totalSeconds: Seconds;
}

/** One Job that brings something to a node or a volume. It is declared suspended; the promotion starts it. */
export interface SupplyJob {
  readonly name: string;
  readonly kind: "hydrate" | "prePull";
  /** The node that it works for; absent where all nodes share what it brings. */
  readonly node?: string;
  /** How much it brings, where that is known: for progress and the time left. */
  readonly bytes?: Bytes;
}

/** What must be on volumes and nodes before the candidate is scaled. */
export interface SupplyInputs {
  /** In the order in which they are started; empty where all is there. */
  readonly jobs: readonly SupplyJob[];
  /** How many run at once. */
  readonly parallelism: number;
  /** For all of them. */
  readonly deadlineSeconds: Seconds;
}

/** Nodes that do not exist and come when pods wait for them. */
export interface GrowthInputs {
  readonly pools: readonly {
    /** Labels that the pool's nodes carry, and no others. */
    readonly nodeLabels: Readonly<Record<string, string>>;
    readonly maxNodes: number;
    readonly gpusPerNode: number;
  }[];
  /** How long a pod may wait until a new node offers its GPUs. */
  readonly nodeStartSeconds: Seconds;
}

/** The Job that brings the old revision back where a promotion by `recreate` dies while nobody serves. */
export interface WatchdogInputs {
  /** Image with the `keye` command, by digest. */
  readonly image: string;
  /** How long the Lease must have stood still. */
  readonly staleSeconds: Seconds;
}

/** Inputs of `rollgate:index:Promotion`. Plain JSON; holds references to Secrets, never their values. */
export interface PromotionInputs {
  readonly namespace: string;
  readonly app: string;
  /** Name of the live Service. */
  readonly service: string;
  /** kubeconfig context; the current one where absent. */
  readonly context?: string;
  /** The revision to prove and promote: 10 hex digits. */
  readonly revision: string;
  /** Name of the candidate's Deployment. */
  readonly workload: string;
  readonly replicas: number;
  /** GPUs that one replica asks for. */
  readonly gpusPerReplica: number;
  /** Node labels that the engine's pods require, for the GPU ledger. */
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Port that the engine listens on in its pod. */
  readonly port: number;
  readonly strategy: Strategy;
  readonly probe: ProbeSpec;
  /** First 10 hex digits of the sha256 of the canonical probe spec. */
  readonly probeHash: string;
  /** Digest that a running pod's `imageID` must end in: `sha256:…`. */
  readonly imageDigest: string;
  readonly deadlines: PromotionDeadlines;
  /** Seconds in which a rejected revision with the same probes fails at once. 0 turns it off. */
  readonly cooldownSeconds: Seconds;
  /** Any change of it overrides the cool-down. */
  readonly retryNonce?: string;
  /** How pods are reached; no part of what is proven. @default "port-forward" */
  readonly transport?: TransportKind;
  /** Where the engine's API key is, if it has one. */
  readonly apiKeySecret?: { readonly name: string; readonly key: string };
  /** Absent: nothing is brought, and pods fetch for themselves. */
  readonly supply?: SupplyInputs;
  /** Absent: the nodes are those that exist. */
  readonly growth?: GrowthInputs;
  /** How long each phase of a start may take; absent: only the deadlines bound them. */
  readonly budgets?: PhaseBudgets;
  /** What the cache of compiled kernels that all pods share is kept by: 10 hex digits. Absent where they share none. */
  readonly cacheKey?: string;
  /** Absent: a promotion by `recreate` that dies is put right by nobody but the next one. */
  readonly watchdog?: WatchdogInputs;
  /** Folder for evidence files on the machine that runs the promotion. */
  readonly evidenceDir?: string;
}

/** Outputs of `rollgate:index:Promotion`, beside its inputs. */
export interface PromotionOutputs {
  readonly activeRevision: string;
  readonly previousRevision: string | null;
  /** RFC 3339. */
  readonly provenAt: string;
  readonly evidence: { readonly configMap: string; readonly sha256: string };
  /** Pods that were proven and serve, sorted. */
  readonly podUids: readonly string[];
  /** How long no pod was behind the live Service, where the old revision had to go first. */
  readonly outageSeconds?: Seconds;
}
