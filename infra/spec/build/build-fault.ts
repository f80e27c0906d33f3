import { maxJobs } from "./build-job.ts";
import type { BuildPlan } from "./build-plan.ts";
import { cloneFailed, commitGone } from "./fetch-source.ts";
import { preflightFailed } from "./preflight.ts";

/** What can go wrong in a build. */
export type BuildFaultKind =
  | "clone"
  | "commit-gone"
  | "step"
  | "preflight"
  | "out-of-memory"
  | "no-space"
  | "base-gone"
  | "push-refused"
  | "registry"
  | "builder"
  | "cache-in-use"
  | "deadline"
  | "stopped";

/** Why a build failed, in words for people. */
export interface BuildFault {
  readonly kind: BuildFaultKind;
  /** What happened, ended by a full stop. */
  readonly what: string;
  /** What to do about it. */
  readonly cure: string;
}

/** How a build's Job ended, as the cluster tells it. */
export interface BuildEnd {
  /** The Job controller's reason, such as `DeadlineExceeded`. */
  readonly reason: string;
  readonly message: string;
  /** How the container ended, where the cluster knows. */
  readonly ended: { readonly reason?: string } | undefined;
  /** Why the kubelet ended the pod; empty where it did not. */
  readonly podReason: string;
  /** The last lines of the step that failed, as the build's script leaves them. */
  readonly lastWords: string;
}

interface Rule {
  readonly kind: BuildFaultKind;
  readonly sign: RegExp;
}

/** The first that fits. A full disk and a kill come first: what fails because of them says many other things besides. */
const rules: readonly Rule[] = [
  { kind: "no-space", sign: /no space left on device|disk quota exceeded/i },
  {
    kind: "out-of-memory",
    sign: /\bsignal 9\b|\bKilled( signal)?\b|cannot allocate memory|virtual memory exhausted|std::bad_alloc|exit code: 137/i,
  },
  { kind: "clone", sign: new RegExp(`${cloneFailed}|^.*fatal: clone of .* into submodule path.* failed`, "m") },
  { kind: "commit-gone", sign: new RegExp(commitGone) },
  { kind: "preflight", sign: new RegExp(preflightFailed) },
  { kind: "cache-in-use", sign: /could not lock .*buildkitd\.lock/ },
  { kind: "builder", sign: /rootlesskit|could not connect to unix:/ },
  {
    kind: "push-refused",
    sign: /failed to push.*(denied|40[13] )|failed to authorize|failed to fetch \w+ token|insufficient_scope/,
  },
  { kind: "base-gone", sign: /failed to resolve source metadata.*not found/ },
  { kind: "registry", sign: /failed to (push|resolve source metadata|do request|copy)/ },
  { kind: "step", sign: /did not complete successfully/ },
];

/** Finds the class of a failed build. What nothing explains is `stopped`: the pod was ended from outside. */
export function buildFault(end: BuildEnd, plan: BuildPlan): BuildFault {
  const kind = kindOf(end);
  // Texts of the cluster that are quoted at the end may have a full stop of their own.
  const what = whatHappened(kind, end, plan).replace(/\.*$/, ".");
  return { kind, what, cure: cureOf(kind, plan) };
}

function kindOf({ reason, ended, podReason, lastWords }: BuildEnd): BuildFaultKind {
  if (reason === "DeadlineExceeded") return "deadline";
  if (ended?.reason === "OOMKilled") return "out-of-memory";
  if (podReason.startsWith("Evicted")) return /storage|emptydir|disk/i.test(podReason) ? "no-space" : "stopped";
  return rules.find(({ sign }) => sign.test(lastWords))?.kind ?? "stopped";
}

function whatHappened(kind: BuildFaultKind, end: BuildEnd, { image, target }: BuildPlan): string {
  const { build } = image;
  const step = failedStep(end.lastWords);
  const inStep = step === undefined ? "" : ` in step ${step}`;
  switch (kind) {
    case "clone":
    case "commit-gone":
    case "preflight":
      return `${sentenceAfterName(end.lastWords)}${inStep.replace(/^ in (.*)/, " ($1)")}.`;
    case "step":
      return `Step ${step ?? "unknown"} failed with exit code ${/exit code: (\d+)/.exec(end.lastWords)?.[1] ?? "unknown"}.`;
    case "out-of-memory":
      return `The build ran out of memory${inStep}: ${build.memory} for ${maxJobs(build.cpu, build.memory)} compilers at once.`;
    case "no-space":
      return `The disk is full${end.podReason === "" ? inStep : `: ${end.podReason}`}.`;
    case "base-gone":
      return "The registry no longer has the base image of the lock.";
    case "push-refused":
      return `The registry refused the push of ${target}.`;
    case "registry":
      return `A registry could not be reached, or failed: ${lastLine(end.lastWords)}.`;
    case "builder":
      return "The builder could not start on this node.";
    case "cache-in-use":
      return `Another build holds the claim ${build.cacheClaim}.`;
    case "deadline":
      return `It was not done in ${build.deadlineSeconds} s.`;
    case "stopped":
      return `Its pod was ended from outside: ${end.podReason || end.message || end.reason}.`;
    default:
      return kind satisfies never;
  }
}

function cureOf(kind: BuildFaultKind, { image }: BuildPlan): string {
  const { build } = image;
  switch (kind) {
    case "clone":
      return "Look whether the build's node reaches that host, and whether it asks for a login: builds have none. A mirror goes to image.sources.*.url.";
    case "commit-gone":
      return "The branch was rewritten. Take its present commit: keye lock --update.";
    case "step":
      return "The sources are as the lock says, so the same step fails again unless it was the network; other commits: keye lock --update.";
    case "preflight":
      return "The three repositories do not fit together at these commits. Take others: keye lock --update.";
    case "out-of-memory":
      return "Raise image.build.memory, or lower image.build.cpu: fewer compilers run at once.";
    case "no-space":
      return build.cacheClaim === undefined
        ? "Raise image.build.ephemeralStorage."
        : `Make the claim ${build.cacheClaim} larger or empty it, or raise image.build.ephemeralStorage.`;
    case "base-gone":
      return "Take the present one: keye lock --update.";
    case "push-refused":
      return build.pushSecret === undefined
        ? "Name a Secret of type kubernetes.io/dockerconfigjson that may push there in image.build.pushSecret."
        : `Look whether the Secret ${build.pushSecret} holds a login for that registry, with the right to push.`;
    case "registry":
      return "Look whether the build's node reaches the registry, then run keye build again: what is built is kept in the claim of image.build.cacheClaim.";
    case "builder":
      return "Processes without privileges must be allowed to make user namespaces there (user.max_user_namespaces above 0, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0): change the node, or choose others with image.build.nodeSelector.";
    case "cache-in-use":
      return "Wait for it to end, or end it; a claim serves one build at a time.";
    case "deadline":
      return "Raise image.build.deadlineSeconds; with image.build.cacheClaim the next build goes on from the last finished step.";
    case "stopped":
      return "Run keye build again.";
    default:
      return kind satisfies never;
  }
}

/** BuildKit shows the first line of a step's script, which is a comment, in its heading. */
function failedStep(lastWords: string): string | undefined {
  const [, place = "", comment] = /^#\d+ \[([^\]]*)\].*?(?:\(# (.*?)(?:\.\.\.)?\))?$/m.exec(lastWords) ?? [];
  return comment === undefined ? place.replace(/^\w+ +/, "") || undefined : `"${comment}"`;
}

/** What our own scripts say after their name, from the first of such lines. */
function sentenceAfterName(lastWords: string): string {
  const said = /keye: (.*)$/m.exec(lastWords)?.[1] ?? /fatal: (.*)$/m.exec(lastWords)?.[1] ?? "unknown";
  return said.slice(0, 1).toUpperCase() + said.slice(1);
}

function lastLine(text: string): string {
  return (text.trimEnd().split("\n").at(-1) ?? "").replace(/^error: failed to solve: /, "").slice(0, 400);
}
