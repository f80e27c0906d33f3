import type { ObjectRef } from "../cluster/jobs.ts";
import type { Clock } from "../core/clock.ts";
import { DeployError, textOf } from "../core/errors.ts";
import { supplyContainer } from "../core/names.ts";
import type { EpochMs, Milliseconds } from "../core/units.ts";
import { type BuildProgress, noProgress, progressText, readBuildLine } from "../spec/build/build-progress.ts";
import { type JobFailure, type JobStatus, type JobView, jobStatus } from "../status/job-status.ts";

/** What following a build needs of the cluster. */
export interface FollowedJobs {
  find(ref: ObjectRef, signal: AbortSignal): Promise<JobView | undefined>;
  followLog(
    pod: ObjectRef,
    options: { readonly container: string; readonly onLine: (line: string) => void },
    signal: AbortSignal,
  ): Promise<void>;
}

export interface FollowOptions {
  readonly job: ObjectRef;
  readonly deadlineSeconds: number;
  readonly clock: Clock;
  /** Gets lines for people. */
  readonly tell: (line: string) => void;
  /** Gets every line of the log. */
  readonly onLog: (line: string) => void;
}

const interval: Milliseconds = 5_000;
const minute: Milliseconds = 60_000;
const stallAfter: Milliseconds = 10 * minute;

const lastLines: Milliseconds = 10_000;

/** What an API server says that will not have such a pod in this namespace: it will say so until somebody changes it. */
const refused = /violates PodSecurity/;

/** The Job's own deadline ends it; this one ends us, where nobody in the cluster acts on the Job's. */
const grace: Milliseconds = 5 * minute;

/**
 * Waits until a Job has ended, and tells a line at every new step and else once a minute; ten minutes without a line of log
 * are told as what they are. Rejects with `E_BUILD` where the Job vanishes, is there long after its deadline, or
 * may not have a pod.
 */
export async function followBuild(
  jobs: FollowedJobs,
  options: FollowOptions,
  signal: AbortSignal,
): Promise<Extract<JobStatus, { kind: "succeeded" }> | JobFailure> {
  const { job, clock } = options;
  const end = new AbortController();
  const either = AbortSignal.any([signal, end.signal]);
  const story = new BuildStory(options);
  const giveUpAt = clock.now() + options.deadlineSeconds * 1000 + grace;
  /** The Job's own state says how it ends: a log that cannot be read costs its lines alone. */
  const readLog = (pod: ObjectRef) =>
    jobs
      .followLog(pod, { container: supplyContainer, onLine: (line) => story.read(line) }, either)
      .catch((error: unknown) => {
        if (!either.aborted) options.tell(`The log of ${pod.name} cannot be followed: ${textOf(error)}`);
      });
  const logs = new Map<string, Promise<void>>();
  try {
    for (;;) {
      const view = await jobs.find(job, signal);
      if (view === undefined) throw vanished(job);
      const status = jobStatus(view);
      const pod = begunPod(view);
      if (pod !== undefined && !logs.has(pod)) logs.set(pod, readLog({ namespace: job.namespace, name: pod }));
      if (status.kind === "succeeded" || status.kind === "failed") {
        // What was said last is still on its way.
        await Promise.race([Promise.all(logs.values()), clock.sleep(lastLines, either)]);
        return status;
      }
      story.tick(status, view);
      if (status.kind === "waiting" && refused.test(status.reason)) throw forbidden(job, status.reason);
      if (clock.now() >= giveUpAt) throw overdue(job, options.deadlineSeconds);
      await clock.sleep(interval, signal);
    }
  } finally {
    end.abort(new Error("the build is no longer followed"));
    await Promise.all(logs.values());
  }
}

/** The newest pod, once it has a log. A build of cached steps is over before it has been seen to run. */
function begunPod({ pods }: JobView): string | undefined {
  const pod = pods.at(-1);
  const state = pod?.status?.containerStatuses?.[0]?.state;
  return state?.running === undefined && state?.terminated === undefined ? undefined : pod?.metadata.name;
}

/** Decides what is worth a line. */
class BuildStory {
  readonly #options: FollowOptions;
  /** When the Job was, or when it was first followed where it has not said. */
  #startedAt: EpochMs;
  #progress: BuildProgress = noProgress;
  #lastLineAt: EpochMs;
  #toldAt: EpochMs = 0;
  #told = "";
  #stallToldAt: EpochMs;

  constructor(options: FollowOptions) {
    const now = options.clock.now();
    this.#options = options;
    this.#startedAt = now;
    this.#lastLineAt = now;
    this.#stallToldAt = now;
  }

  read(line: string): void {
    this.#options.onLog(line);
    this.#progress = readBuildLine(this.#progress, line);
    this.#lastLineAt = this.#options.clock.now();
    this.#stallToldAt = this.#lastLineAt;
  }

  tick(status: JobStatus, { job }: JobView): void {
    const now = this.#options.clock.now();
    const startedAt = Date.parse(job.status?.startTime ?? "");
    if (!Number.isNaN(startedAt)) this.#startedAt = startedAt;
    const text = status.kind === "waiting" ? `waits: ${status.reason}` : this.#textOf(status);
    if (status.kind === "running" && now - this.#stallToldAt >= stallAfter) {
      this.#stallToldAt = now;
      this.#say(
        `${text}: no line of log for ${minutes(now - this.#lastLineAt)}. It may be stuck; it ends at its deadline`,
        now,
      );
    } else if (text !== this.#told || now - this.#toldAt >= minute) {
      this.#told = text;
      this.#say(text, now);
    }
  }

  #textOf(status: JobStatus): string {
    return status.kind === "suspended" ? "is suspended: somebody holds it" : progressText(this.#progress);
  }

  /** Steps take what they take: nothing to reckon a time from. */
  #say(text: string, now: EpochMs): void {
    this.#toldAt = now;
    this.#options.tell(`build: ${text}; ${minutes(now - this.#startedAt)} so far, time left unknown`);
  }
}

function minutes(duration: Milliseconds): string {
  return duration < minute ? `${Math.round(duration / 1000)} s` : `${Math.floor(duration / minute)} min`;
}

function forbidden({ namespace, name }: ObjectRef, reason: string): DeployError {
  return new DeployError({
    code: "E_BUILD",
    where: `${namespace}/jobs/${name}`,
    message: `The namespace refuses the build's pod: ${reason.replace(/\.?$/, ".")}`,
    hint: "Rootless BuildKit needs seccomp and AppArmor unconfined: label the namespace pod-security.kubernetes.io/enforce=privileged while it builds. The Job goes on trying; keye build follows it, keye build --cancel ends it.",
  });
}

function vanished({ namespace, name }: ObjectRef): DeployError {
  return new DeployError({
    code: "E_BUILD",
    where: `${namespace}/jobs/${name}`,
    message: "The Job was deleted while it was followed.",
    hint: "Begin anew: keye build.",
  });
}

function overdue({ namespace, name }: ObjectRef, deadlineSeconds: number): DeployError {
  return new DeployError({
    code: "E_BUILD",
    where: `${namespace}/jobs/${name}`,
    message: `The Job has neither ended nor been ended ${grace / 1000} s after its deadline of ${deadlineSeconds} s: nothing in the cluster acts on Jobs.`,
    hint: `Look at it: kubectl -n ${namespace} describe job ${name}`,
  });
}
