import type { SupplyInputs, SupplyJob } from "../core/promotion-inputs.ts";
import type { Transfer } from "../core/transfer.ts";
import type { EpochMs } from "../core/units.ts";
import type { Fault } from "../status/fault.ts";
import type { JobView } from "../status/job-status.ts";
import type { Node } from "../status/objects.ts";
import { type SupplyStatus, supplyStatus } from "../status/supply-job.ts";
import { awaitingNodes } from "./growth.ts";
import type { PromotionRun } from "./promotion-run.ts";

/** Lines of a Job's log that are read at each look. */
const readLines = 40;

/** How one declared Job does, as the promotion sees it. */
export interface SupplyState {
  readonly job: SupplyJob;
  /** `there`: nothing has to be brought. `waiting`: to be started. */
  readonly kind: "there" | "waiting" | "running" | "done" | "failed";
  /** A few words for people. */
  readonly detail: string;
  readonly transfer?: Transfer;
  /** Set on a failed one: a full sentence. */
  readonly reason?: string;
  readonly fault?: Fault;
  readonly log?: string;
  /** Set on a waiting one that an earlier run has ended: it must be made anew to run. */
  readonly isLeftOver?: boolean;
}

/** Looks at the declared Jobs, and remembers what one look cannot tell: which this run has begun, and since when a fault lasts. */
export class SupplyWatch {
  readonly #run: PromotionRun;
  readonly #supply: SupplyInputs;
  /** The cluster's nodes when the phase began. */
  readonly #nodes: readonly Node[];
  readonly #begun = new Set<string>();
  #faultySince = new Map<string, EpochMs>();

  constructor(run: PromotionRun, supply: SupplyInputs, nodes: readonly Node[]) {
    this.#run = run;
    this.#supply = supply;
    this.#nodes = nodes;
  }

  /** Reads every declared Job once. In the order of the inputs. */
  async look(signal: AbortSignal): Promise<readonly SupplyState[]> {
    const { ports, ref } = this.#run;
    const views = new Map((await ports.supply.jobs(ref, signal)).map((view) => [view.job.metadata.name, view]));
    const states = await Promise.all(this.#supply.jobs.map((job) => this.#stateOf(job, views.get(job.name), signal)));
    const faulty = states.flatMap(({ job, fault }) => (fault === undefined ? [] : [`${job.name} ${fault.code}`]));
    const now = ports.clock.now();
    this.#faultySince = new Map(faulty.map((key) => [key, this.#faultySince.get(key) ?? now]));
    return states.map((state) => this.#judge(state, now));
  }

  /** Starts as many of the Jobs that wait as may run beside those that do. */
  async startNext(states: readonly SupplyState[], signal: AbortSignal): Promise<void> {
    const running = states.filter(({ kind }) => kind === "running").length;
    const waiting = states.filter(({ kind }) => kind === "waiting");
    for (const { job, isLeftOver } of waiting.slice(0, Math.max(0, this.#supply.parallelism - running))) {
      const { ref } = this.#run;
      const { supply } = this.#run.ports;
      await this.#run.write(signal, () =>
        isLeftOver === true ? supply.restart(ref, job.name, signal) : supply.start(ref, job.name, signal),
      );
      this.#begun.add(job.name);
    }
  }

  async #stateOf(job: SupplyJob, view: JobView | undefined, signal: AbortSignal): Promise<SupplyState> {
    const node = this.#nodes.find(({ metadata }) => metadata.name === job.node);
    const isOurs = this.#begun.has(job.name);
    if (job.node !== undefined && node === undefined) return { job, kind: "there", detail: "its node is gone" };
    const image = job.kind === "prePull" && node !== undefined ? this.#imageOn(node) : "unknown";
    if (image === "there" && !isOurs) return { job, kind: "there", detail: "the image is on the node" };
    if (view === undefined) throw this.#run.stop(missing(this.#run, job));
    const log = await this.#logOf(view, signal);
    const status = supplyStatus(view, log);
    // An image that was brought once may have been cleared away since.
    const isLeftOver = !isOurs && (status.kind === "failed" || (status.kind === "done" && image === "missing"));
    return { job, log, ...(isLeftOver ? leftOver : readState(status)) };
  }

  /** A fault that may mend itself fails the Job only once it has lasted. */
  #judge(state: SupplyState, now: EpochMs): SupplyState {
    const { job, fault } = state;
    const since = this.#faultySince.get(`${job.name} ${fault?.code}`);
    if (fault === undefined || since === undefined) return state;
    if (now - since < awaitingNodes(this.#run, fault).verdictAfterSeconds * 1000) return state;
    return { ...state, kind: "failed", reason: fault.reason };
  }

  /** `unknown` where the node does not tell its images. */
  #imageOn({ status }: Node): "there" | "missing" | "unknown" {
    const images = status?.images ?? [];
    if (images.length === 0) return "unknown";
    const suffix = `@${this.#run.inputs.imageDigest}`;
    return images.some(({ names = [] }) => names.some((name) => name.endsWith(suffix))) ? "there" : "missing";
  }

  /** A log that cannot be read must not hide how the Job does. */
  async #logOf({ job, pods }: JobView, signal: AbortSignal): Promise<string> {
    const pod = pods.at(-1);
    const state = pod?.status?.containerStatuses?.[0]?.state;
    const hasRun = state?.running !== undefined || state?.terminated !== undefined;
    if (pod === undefined || job.spec?.suspend === true || !hasRun) return "";
    try {
      return await this.#run.ports.supply.log(this.#run.ref, pod.metadata.name, readLines, signal);
    } catch {
      signal.throwIfAborted();
      return "";
    }
  }
}

const leftOver = { kind: "waiting", detail: "from an earlier run, is made anew", isLeftOver: true } as const;

function readState(status: SupplyStatus): Omit<SupplyState, "job"> {
  switch (status.kind) {
    case "suspended":
      return { kind: "waiting", detail: "waits for its turn" };
    case "done":
      return { kind: "done", detail: "done" };
    case "failed":
      return { kind: "failed", detail: "failed", reason: status.reason };
    case "running":
      return status;
    default:
      return status satisfies never;
  }
}

function missing(run: PromotionRun, job: SupplyJob) {
  return {
    kind: "inconclusive",
    code: "E_SUPPLY",
    where: `${run.ref.namespace}/job/${job.name}`,
    message: "The Job does not exist, so nothing brings what it stands for.",
    hint: "Run pulumi up --refresh: it makes what was deleted by hand.",
  } as const;
}
