import type { ObjectRef } from "../cluster/jobs.ts";
import type { Clock } from "../core/clock.ts";
import { DeployError } from "../core/errors.ts";
import type { KubernetesObject } from "../core/kubernetes-object.ts";
import { quoteTail } from "../core/redact.ts";
import type { Bytes } from "../core/units.ts";
import { buildFault } from "../spec/build/build-fault.ts";
import { buildConfigMap, buildJob } from "../spec/build/build-job.ts";
import type { BuildPlan } from "../spec/build/build-plan.ts";
import { type BuildResult, parseBuildResult } from "../spec/build/build-result.ts";
import { type JobFailure, jobStatus } from "../status/job-status.ts";
import { type FollowedJobs, followBuild } from "./build-follow.ts";

/** What a build needs of the cluster. */
export interface BuildJobs extends FollowedJobs {
  ensureNamespace(name: string, signal: AbortSignal): Promise<void>;
  apply(object: KubernetesObject, signal: AbortSignal): Promise<void>;
  remove(ref: ObjectRef & { readonly uid: string }, signal: AbortSignal): Promise<void>;
}

/** Whether the registry has an image: its size if so, `none` if not, `unknown` where it cannot be asked from here. */
export type BuiltImage = { readonly kind: "there"; readonly bytes: Bytes } | { readonly kind: "none" | "unknown" };

/** What a build needs of the world. */
export interface BuildWorld {
  readonly jobs: BuildJobs;
  readonly clock: Clock;
  readonly imageOf: (digest: string, signal: AbortSignal) => Promise<BuiltImage>;
  /** Gets lines for people. */
  readonly tell: (line: string) => void;
  /** Gets every line of the log. */
  readonly onLog: (line: string) => void;
}

/**
 * Has the plan's image built on the cluster: by the Job that is there for it already, or by a new one. A Job that failed is
 * begun anew. Rejects with `E_BUILD` where the build fails; when `signal` aborts, the Job goes on.
 */
export async function runBuild(plan: BuildPlan, world: BuildWorld, signal: AbortSignal): Promise<BuildResult> {
  const { jobs, tell, onLog, clock } = world;
  const job = { namespace: plan.namespace, name: plan.name };
  const earlier = await adopt(plan, world, signal);
  if (earlier !== undefined) return earlier;
  const { deadlineSeconds } = plan.image.build;
  const ended = await followBuild(jobs, { job, deadlineSeconds, clock, tell, onLog }, signal);
  if (ended.kind === "failed") throw buildError(ended, plan);
  const result = parseBuildResult(ended.lastWords, plan);
  if (result !== undefined) return result;
  throw new DeployError({
    code: "E_BUILD",
    where: `${job.namespace}/jobs/${job.name}`,
    message: `It ended well and did not say what it built: ${ended.lastWords || "its pod left no last words"}.`,
    hint: "Run keye build again: it begins anew.",
  });
}

/** The result of a Job that has ended well, or undefined when one is on its way. */
async function adopt(plan: BuildPlan, world: BuildWorld, signal: AbortSignal): Promise<BuildResult | undefined> {
  const { jobs, tell } = world;
  const ref = { namespace: plan.namespace, name: plan.name };
  const view = await jobs.find(ref, signal);
  if (view === undefined) return begin(plan, world, signal);
  const status = jobStatus(view);
  if (status.kind !== "succeeded" && status.kind !== "failed") {
    tell(`Job ${ref.namespace}/${ref.name} is there already: it is followed.`);
    return undefined;
  }
  const result = status.kind === "succeeded" ? parseBuildResult(status.lastWords, plan) : undefined;
  if (result !== undefined && (await world.imageOf(result.digest, signal)).kind !== "none") {
    tell(`Job ${ref.namespace}/${ref.name} has built it already.`);
    return result;
  }
  const why = status.kind === "failed" ? buildFault(status, plan).what : "What it built is no longer to be had.";
  tell(`Job ${ref.namespace}/${ref.name} has ended. ${why} It is begun anew.`);
  await jobs.remove({ ...ref, uid: view.job.metadata.uid ?? "" }, signal);
  return begin(plan, world, signal);
}

async function begin(plan: BuildPlan, { jobs, tell }: BuildWorld, signal: AbortSignal): Promise<undefined> {
  await jobs.ensureNamespace(plan.namespace, signal);
  await jobs.apply(buildConfigMap(plan), signal);
  await jobs.apply(buildJob(plan), signal);
  tell(`Job ${plan.namespace}/${plan.name} builds ${plan.target}.`);
}

function buildError(failure: JobFailure, plan: BuildPlan): DeployError {
  const { what, cure } = buildFault(failure, plan);
  const lines = quoteTail(failure.lastWords.split("\n"), 12).map((line) => `\n  ${line}`);
  const where = `${plan.namespace}/jobs/${plan.name}`;
  const again = `Read all of it: kubectl -n ${plan.namespace} logs job/${plan.name}. Begin anew: keye build.`;
  return new DeployError({ code: "E_BUILD", where, message: what, hint: `${cure}${lines.join("")}\n${again}` });
}
