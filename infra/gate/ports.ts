import type { ProbeSpec } from "../core/probe-spec.ts";
import type { Traffic } from "../core/traffic.ts";
import type { Milliseconds, Seconds } from "../core/units.ts";
import type { NamespaceLimits } from "../status/headroom/headroom.ts";
import type { JobView } from "../status/job-status.ts";
import type { Deployment, Endpoint, Event, Node, Pod, Service } from "../status/objects.ts";
import type { ProbeReport } from "./measurement.ts";

/** Which app a promotion works on. */
export interface AppRef {
  readonly namespace: string;
  /** Value of the `app.kubernetes.io/instance` label. */
  readonly app: string;
  /** Name of the live Service. */
  readonly service: string;
}

/** Everything of one app as it is now, read fresh. */
export interface Observation {
  readonly service: Service;
  /** What the live Service selects. */
  readonly traffic: Traffic;
  /** All Deployments of the app, any revision, and what reads like one. */
  readonly deployments: readonly Deployment[];
  /** All pods of the app, any revision, terminating ones too. */
  readonly pods: readonly Pod[];
  readonly endpoints: readonly Endpoint[];
}

/** Outcome of the compare-and-swap on the live Service's selector. */
export type SwitchOutcome = { readonly kind: "switched" } | { readonly kind: "conflict"; readonly found: Traffic };

/** One pod, and no later one of its name. */
export interface PodRef {
  readonly name: string;
  readonly uid: string;
}

/** What a canary writes on a pod; what is absent stays as it is. */
export interface PodMark {
  /** Value of the ramp's label; null takes it away. */
  readonly ramp?: string | null;
  /** The lower, the sooner a scale-down takes this pod: annotation `controller.kubernetes.io/pod-deletion-cost`. */
  readonly deletionCost?: number;
}

/** One stored verdict, as kept in an evidence ConfigMap. */
export interface StoredEvidence {
  readonly name: string;
  readonly json: string;
}

/** A verdict to be stored, and what it is found by. */
export interface NewEvidence extends StoredEvidence {
  /** Canonical JSON of the promotion's inputs: by it the revision can be promoted again. */
  readonly inputsJson: string;
  readonly revision: string;
  readonly verdict: string;
  /** Key of the cache of compiled kernels that a passing revision has filled. */
  readonly cacheKey?: string;
}

/** What a promoted revision said to the golden prompts, to be stored under a name. */
export interface NewBaseline extends StoredEvidence {
  readonly revision: string;
}

/**
 * The cluster, as a promotion sees it. Every method makes a bounded number of API calls, retries a refused or cut
 * connection within its own budget, and rejects with a `DeployError` (`ENV_UNREACHABLE`, `E_API`) afterwards.
 */
export interface ClusterPort {
  observe(ref: AppRef, signal: AbortSignal): Promise<Observation>;
  /** Pods, ReplicaSet and pod events, and the Deployment of one revision. */
  candidate(ref: AppRef, revision: string, signal: AbortSignal): Promise<CandidateView>;
  /** Resolves at the next change of the app's pods, events, endpoints or Deployments, or after `atMost`. */
  waitForChange(ref: AppRef, atMost: Milliseconds, signal: AbortSignal): Promise<void>;
  /** Sets `spec.replicas` of a Deployment, or of what reads like one, by its scale subresource. */
  scale(ref: AppRef, deployment: string, replicas: number, signal: AbortSignal): Promise<void>;
  /** One JSON patch of the live Service's selector: a `test` on what is there, then the change. */
  switchTraffic(ref: AppRef, from: Traffic, to: Traffic, signal: AbortSignal): Promise<SwitchOutcome>;
  /** Resolves with whether the pod was there to be marked. */
  markPod(ref: AppRef, pod: PodRef, mark: PodMark, signal: AbortSignal): Promise<boolean>;
  /** The last `lines` of a container's log; of the instance before the last restart with `previous`. Empty when none. */
  logTail(
    ref: AppRef,
    pod: string,
    options: { readonly previous: boolean; readonly lines: number },
    signal: AbortSignal,
  ): Promise<string>;
  /** Nodes, and every pod that is bound to one of them: what a GPU ledger needs. */
  capacity(signal: AbortSignal): Promise<{ readonly nodes: readonly Node[]; readonly pods: readonly Pod[] }>;
  /** What bounds the pods of a namespace; undefined where we may not read it. */
  limits(namespace: string, signal: AbortSignal): Promise<NamespaceLimits | undefined>;
  saveEvidence(ref: AppRef, record: NewEvidence, signal: AbortSignal): Promise<void>;
  /** Whether any revision that used the cache of compiled kernels with this key has passed. */
  hasFilledCache(ref: AppRef, cacheKey: string, signal: AbortSignal): Promise<boolean>;
  readEvidence(ref: AppRef, name: string, signal: AbortSignal): Promise<StoredEvidence | undefined>;
  /** Replaces what is stored under the name. */
  saveBaseline(ref: AppRef, record: NewBaseline, signal: AbortSignal): Promise<void>;
  /** The JSON that is stored under the name. */
  readBaseline(ref: AppRef, name: string, signal: AbortSignal): Promise<string | undefined>;
}

/** The Jobs that bring weights and images. The same promises as {@link ClusterPort}. */
export interface SupplyPort {
  /** Every such Job of the app. */
  jobs(ref: AppRef, signal: AbortSignal): Promise<readonly JobView[]>;
  /** Lets a suspended Job run. */
  start(ref: AppRef, job: string, signal: AbortSignal): Promise<void>;
  /** Makes a Job that has ended anew under the same name, and lets it run. */
  restart(ref: AppRef, job: string, signal: AbortSignal): Promise<void>;
  /** The last `lines` of the log of a Job's pod; empty where there is none. */
  log(ref: AppRef, pod: string, lines: number, signal: AbortSignal): Promise<string>;
}

/** What a watchdog brings back, and when. */
export interface WatchdogOrders {
  /** The revision that serves when it is set up. */
  readonly stable: string;
  readonly candidate: string;
  /** Replicas that `stable` shall have. */
  readonly replicas: number;
  /** How long the Lease must have stood still, by the watchdog's own clock. */
  readonly staleSeconds: Seconds;
}

/** What the Job of a watchdog is made of. */
export interface WatchdogPlan extends WatchdogOrders {
  /** Image with the `keye` command. */
  readonly image: string;
  /** After so long it is ended, whatever it has seen. */
  readonly lifeSeconds: Seconds;
}

/** The Job that watches over a promotion from inside the cluster. The same promises as {@link ClusterPort}. */
export interface WatchdogPort {
  /** Makes the Job and removes those of earlier runs. Resolves with its name. */
  start(ref: AppRef, plan: WatchdogPlan, signal: AbortSignal): Promise<string>;
  /** The Job as it is now; undefined where it is gone. */
  look(ref: AppRef, job: string, signal: AbortSignal): Promise<JobView | undefined>;
  /** Deletes every such Job of the app. Its pod ends on its own time. */
  stop(ref: AppRef, signal: AbortSignal): Promise<void>;
}

export interface CandidateView {
  readonly deployment: Deployment | undefined;
  readonly pods: readonly Pod[];
  /** Events of the Deployment's ReplicaSets and pods, oldest first. */
  readonly events: readonly Event[];
}

/** One writer per app. */
export interface LeasePort {
  /** Takes the Lease or rejects with `E_LOCKED` that names holder and age. Renews itself until released. */
  acquire(ref: AppRef, holder: string, signal: AbortSignal): Promise<HeldLease>;
}

export interface HeldLease {
  /** Aborts when the Lease is lost. */
  readonly lost: AbortSignal;
  /** Rejects with `E_LOCKED` unless this holder still has it (holder and transitions read fresh): call before each write. */
  assertHeld(signal: AbortSignal): Promise<void>;
  release(): Promise<void>;
}

/** What a pod's answers are compared with: a baseline as JSON and where it is from, or why there is none. */
export type KnownBaseline = { readonly name: string; readonly json: string } | { readonly because: string };

/** What is asked of one pod. */
export interface PodQuestions {
  readonly spec: ProbeSpec;
  readonly baseline: KnownBaseline;
  /** `nvidia.com/gpu.product` of its node, where known. */
  readonly gpuProduct?: string;
}

/** What is kept beside the answers of a pod that is recorded. */
export interface RecordingQuestions {
  readonly spec: ProbeSpec;
  readonly imageDigest: string;
  /** `nvidia.com/gpu.product` of its node, where known. */
  readonly gpuProduct?: string;
}

/** Measures engines. Never throws for an engine's fault: that is a measurement. */
export interface ProberPort {
  /** Probes one pod directly, not through a Service. */
  probePod(ref: AppRef, pod: Pod, questions: PodQuestions, signal: AbortSignal): Promise<ProbeReport>;
  /**
   * Asks one pod the golden prompts repeatedly and returns the baseline as JSON. Rejects with `GATE_FAILED` for a pod
   * that answers wrongly, with `GATE_INCONCLUSIVE` for one that does not answer.
   */
  recordBaseline(ref: AppRef, pod: Pod, questions: RecordingQuestions, signal: AbortSignal): Promise<string>;
  /** Requests that one engine runs or has waiting (`/v1/loads`); undefined where it does not tell or does not answer. */
  runningRequests(ref: AppRef, pod: Pod, signal: AbortSignal): Promise<number | undefined>;
  /** Sends `requests` chat requests through the live Service and reports which revision answered each. */
  probeService(ref: AppRef, spec: ProbeSpec, requests: number, signal: AbortSignal): Promise<ProbeReport>;
}

/** Where progress lines go. */
export interface ProgressPort {
  /** A line that stays. */
  line(text: string): void;
  /** A line that the next one may replace, such as "3 of 8 shards loaded, 41 s". */
  status(text: string): void;
}
