import { supplyContainer } from "../../infra/core/names.ts";
import { formatTransfer } from "../../infra/core/transfer.ts";
import type { EpochMs, Seconds } from "../../infra/core/units.ts";
import type { SupplyPort } from "../../infra/gate/ports.ts";
import type { JobView } from "../../infra/status/job-status.ts";
import type { ContainerState, Event, Pod } from "../../infra/status/objects.ts";
import type { ManualClock } from "./manual-clock.ts";

/** How a Job behaves once it may run. */
export type JobScript =
  /** Ends well after so many seconds, and tells a transfer of 60 GB meanwhile. */
  | { readonly kind: "brings"; readonly seconds: Seconds }
  | { readonly kind: "fails"; readonly seconds: Seconds; readonly lastWords: string }
  | { readonly kind: "noImage"; readonly message: string }
  /** No node ever takes its pod. */
  | { readonly kind: "noNode"; readonly message: string }
  /** Says after so many seconds that nothing moves any more. */
  | { readonly kind: "stalls"; readonly seconds: Seconds };

interface FakeJob {
  script: JobScript;
  nextScript?: JobScript;
  startedAt: EpochMs | undefined;
}

/** Jobs in memory, whose state is a function of time. Every write is on record in `writes`. */
export class FakeSupply implements SupplyPort {
  readonly writes: string[] = [];
  /** The most Jobs that ran at once. */
  peak = 0;
  readonly #clock: ManualClock;
  readonly #jobs = new Map<string, FakeJob>();

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  /** Adds a suspended Job, or one that was started so many seconds ago. */
  add(name: string, script: JobScript, startedSecondsAgo?: Seconds): void {
    const startedAt = startedSecondsAgo === undefined ? undefined : this.#clock.now() - startedSecondsAgo * 1000;
    this.#jobs.set(name, { script, startedAt });
  }

  /** Changes what a Job does at its next start. */
  setScript(name: string, script: JobScript): void {
    const job = this.#jobs.get(name);
    if (job !== undefined) job.nextScript = script;
  }

  async jobs(): Promise<readonly JobView[]> {
    const views = [...this.#jobs].map(([name, job]) => viewOf(name, job, this.#clock.now()));
    this.peak = Math.max(
      this.peak,
      views.filter(({ job, pods }) => pods.length > 0 && !job.status?.conditions?.length).length,
    );
    return views;
  }

  async start(_ref: unknown, name: string): Promise<void> {
    this.writes.push(`start ${name}`);
    this.#begin(name);
  }

  async restart(_ref: unknown, name: string): Promise<void> {
    this.writes.push(`restart ${name}`);
    this.#begin(name);
  }

  async log(_ref: unknown, pod: string): Promise<string> {
    const job = this.#jobs.get(pod.replace(/-pod$/, ""));
    if (job?.startedAt === undefined || job.script.kind === "noImage" || job.script.kind === "noNode") return "";
    const age = (this.#clock.now() - job.startedAt) / 1000;
    if (job.script.kind === "fails" && age >= job.script.seconds) return `before\n${job.script.lastWords}\n`;
    const done = Math.min(1, age / job.script.seconds);
    const isMoving = job.script.kind !== "stalls" || done < 1;
    const speed = isMoving ? 60e9 / job.script.seconds : 0;
    const doneBytes = (job.script.kind === "stalls" ? 0.5 : 1) * done * 60e9;
    return `hydrate: ${formatTransfer({ doneBytes, totalBytes: 60e9, bytesPerSecond: speed })}\n`;
  }

  #begin(name: string): void {
    const job = this.#jobs.get(name);
    if (job === undefined) throw new Error(`no Job ${name}`);
    job.startedAt = this.#clock.now();
    job.script = job.nextScript ?? job.script;
  }
}

function viewOf(name: string, { script, startedAt }: FakeJob, now: EpochMs): JobView {
  const metadata = { name };
  if (startedAt === undefined) return { job: { metadata, spec: { suspend: true } }, pods: [], events: [] };
  const age = (now - startedAt) / 1000;
  const conditions = endOf(script, age).map((type) => ({ type, status: "True", reason: "BackoffLimitExceeded" }));
  const pod = podOf(`${name}-pod`, script, age);
  return { job: { metadata, spec: {}, status: { conditions } }, pods: [pod], events: eventsOf(pod, script) };
}

function endOf(script: JobScript, age: Seconds): readonly string[] {
  if (script.kind === "brings" && age >= script.seconds) return ["Complete"];
  return script.kind === "fails" && age >= script.seconds ? ["Failed"] : [];
}

function podOf(name: string, script: JobScript, age: Seconds): Pod {
  if (script.kind === "noNode") {
    const { message } = script;
    const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
    const containers = [{ name: supplyContainer, image: "tools" }];
    return { metadata: { name, uid: name }, spec: { containers }, status: { phase: "Pending", conditions } };
  }
  return {
    metadata: { name, uid: name },
    spec: { nodeName: "h800-0", containers: [{ name: supplyContainer, image: "tools" }] },
    status: {
      phase: "Running",
      containerStatuses: [{ name: supplyContainer, ready: true, restartCount: 0, state: stateOf(script, age) }],
    },
  };
}

function stateOf(script: JobScript, age: Seconds): ContainerState {
  if (script.kind === "noImage") return { waiting: { reason: "ErrImagePull", message: script.message } };
  if (script.kind === "fails" && age >= script.seconds) {
    return { terminated: { exitCode: 1, message: script.lastWords } };
  }
  return { running: {} };
}

function eventsOf({ metadata }: Pod, script: JobScript): Event[] {
  if (script.kind !== "noImage") return [];
  const involvedObject = { kind: "Pod", name: metadata.name, uid: metadata.name };
  return [{ metadata: { name: "e" }, type: "Warning", reason: "Failed", message: script.message, involvedObject }];
}
