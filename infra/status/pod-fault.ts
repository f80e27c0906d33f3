import type { ErrorCode } from "../core/errors.ts";
import { redact } from "../core/redact.ts";
import { findFailure, lastWords } from "./engine-log.ts";
import { type Fault, faultWaits } from "./fault.ts";
import { groupOf, isOfGroup } from "./groups.ts";
import type { ContainerTermination, Pod } from "./objects.ts";
import type { PodEvidence } from "./pod-evidence.ts";
import {
  conditionOf,
  engineStatus,
  firstEndOf,
  hasEnded,
  isReady,
  isTerminating,
  lastEvent,
  lastTermination,
  restartsOf,
  waitingContainer,
} from "./pod-facts.ts";

/** Registry answers that no retry changes. */
const finalImageText =
  /not found|manifest unknown|unauthorized|authentication required|denied|forbidden|does not exist|no match for platform|invalid reference/i;

const imageReasons = ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"];
const configReasons = ["CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError"];
const mountReasons = ["FailedMount", "FailedAttachVolume"];

/**
 * Finds what is wrong with a pod, the most telling rule first. Undefined for a pod that is well, that merely takes its
 * time, or that is leaving in good order.
 */
export function podFault(evidence: PodEvidence): Fault | undefined {
  return firstFault([evictionFault, schedulingFault, imageFault, engineFault, configFault, mountFault], evidence);
}

/** What keeps a pod's containers from running; nothing of what they do once they run. For pods that hold no engine. */
export function placementFault(evidence: PodEvidence): Fault | undefined {
  return firstFault([schedulingFault, imageFault, configFault, mountFault], evidence);
}

function firstFault(
  rules: readonly ((evidence: PodEvidence) => Fault | undefined)[],
  evidence: PodEvidence,
): Fault | undefined {
  for (const rule of rules) {
    const fault = rule(evidence);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function evictionFault({ pod }: PodEvidence): Fault | undefined {
  const disruption = conditionOf(pod, "DisruptionTarget");
  const isNodeLoss =
    disruption?.reason === "DeletionByTaintManager" ||
    disruption?.reason === "DeletionByPodGC" ||
    pod.status?.reason === "NodeLost" ||
    pod.status?.phase === "Unknown";
  const isEviction = !isNodeLoss && (disruption?.status === "True" || pod.status?.reason === "Evicted");
  const isRefused = hasEnded(pod) && !isEviction && !isNodeLoss && pod.status?.reason !== undefined;
  if (!isNodeLoss && !isEviction && !isRefused) return undefined;
  const words = pod.status?.message ?? disruption?.message ?? pod.status?.reason ?? "no reason given";
  const what = isNodeLoss ? "Its node was lost" : isEviction ? "It was evicted from its node" : "Its node refused it";
  return fault(pod, { code: isEviction ? "E_EVICTED" : "E_NODE", reason: `${what}: ${ended(words)}`, tolerated: 1 });
}

function schedulingFault({ pod }: PodEvidence): Fault | undefined {
  const scheduled = conditionOf(pod, "PodScheduled");
  if (isTerminating(pod) || scheduled?.status !== "False" || scheduled.reason !== "Unschedulable") return undefined;
  return fault(pod, {
    code: "E_UNSCHEDULABLE",
    reason: `No node takes it: ${ended(scheduled.message ?? "no reason given")}`,
    verdictAfterSeconds: faultWaits.unschedulableSeconds,
  });
}

function imageFault({ pod, events }: PodEvidence): Fault | undefined {
  const stuck = waitingContainer(pod);
  if (stuck === undefined || isTerminating(pod) || !imageReasons.includes(stuck.waiting.reason ?? "")) return undefined;
  // While backing off the state only says "Back-off pulling image"; the registry's words are in the event.
  const event = lastEvent(pod, events, ["Failed", "InspectFailed", "ErrImageNeverPull"])?.message ?? "";
  const words = finalImageText.test(event) ? event : (stuck.waiting.message ?? event);
  const isFinal =
    stuck.waiting.reason === "InvalidImageName" ||
    stuck.waiting.reason === "ErrImageNeverPull" ||
    finalImageText.test(words);
  const image = pod.spec?.containers.find(({ name }) => name === stuck.name)?.image ?? `of container ${stuck.name}`;
  return fault(pod, {
    code: "E_IMAGE",
    reason: `Image ${image} cannot be had (${stuck.waiting.reason}): ${ended(registryWords(words, image))}`,
    cure: "Check image.repository, image.digest and image.pullSecrets.",
    verdictAfterSeconds: isFinal ? 0 : faultWaits.imageSeconds,
  });
}

/** The runtime wraps the registry's answer in three sentences that each repeat the image. */
function registryWords(words: string, image: string): string {
  const bare = words.replace(/^.*failed to resolve reference "[^"]*": /s, "");
  const [first = "", ...rest] = bare.split(": ");
  return first.endsWith(image) && rest.length > 0 ? rest.join(": ") : bare;
}

/** Reads the log before anything else: exit codes say too little, since a crashed engine may well exit with 0. */
function engineFault({ pod, events, log, previousLog }: PodEvidence): Fault | undefined {
  if (isLeaving(pod) || isReady(pod)) return undefined;
  const status = engineStatus(pod);
  const ending = lastTermination(pod);
  const isRunning = status?.state?.running !== undefined;
  const found =
    (ending === undefined ? undefined : findFailure(lastWords({ log, previousLog, isRunning }), true)) ??
    (isRunning ? findFailure(log, false) : undefined);
  if (ending?.reason === "OOMKilled") {
    const reason = "The kernel killed the engine for using more memory than its limit (OOMKilled).";
    return fault(pod, { code: "E_OOM", reason, cure: "Raise engine.resources.memory." });
  }
  if (found !== undefined) {
    const { signature, line } = found;
    const how = ending === undefined ? "" : ` ${endingText(ending, pod)}`;
    const reason = `${signature.explanation}${how} Log: ${quoted(line)}`;
    const { code, cure, isEcho } = signature;
    return fault(pod, { code, reason, cure, ...(isEcho ? { tolerated: 1, isEcho } : {}) });
  }
  const kill = lastEvent(pod, events, ["Killing"])?.message ?? "";
  const probe = /failed (startup|liveness) probe/.exec(kill)?.[1];
  if (ending !== undefined && probe === "startup") {
    const reason = `The kubelet ended it, because it was not up in the time that its start-up probe allows: ${ended(kill)}`;
    return fault(pod, { code: "E_SLOW_START", reason, cure: "Raise engine.startupSeconds." });
  }
  if (ending !== undefined && probe === "liveness") {
    const reason = `The kubelet ended it, because it had stopped answering: ${ended(kill)}`;
    return fault(pod, { code: "E_CRASH", reason, cure: "Read the end of its log." });
  }
  const isLooping = status?.state?.waiting?.reason === "CrashLoopBackOff" || (status?.restartCount ?? 0) >= 2;
  // A group is made anew as a whole at the first restart in it: nothing loops there, and another pod may say more.
  const isEnough = isLooping || isOfGroup(pod);
  if (ending === undefined || !isEnough) return undefined;
  return fault(pod, {
    code: "E_CRASH",
    reason: endingText(ending, pod),
    cure: "Read the end of its log.",
    ...(isLooping ? {} : { tolerated: 1 }),
  });
}

/** On its way out, and not because its own restart has condemned the group that it is of. */
function isLeaving(pod: Pod): boolean {
  return isTerminating(pod) && !(isOfGroup(pod) && restartsOf(pod) > 0);
}

function configFault({ pod, events }: PodEvidence): Fault | undefined {
  const stuck = waitingContainer(pod);
  if (stuck === undefined || isTerminating(pod) || !configReasons.includes(stuck.waiting.reason ?? "")) {
    return undefined;
  }
  const words = stuck.waiting.message ?? lastEvent(pod, events, ["Failed"])?.message ?? "no reason given";
  return fault(pod, {
    code: "E_CONFIG",
    reason: `Container ${stuck.name} cannot be started (${stuck.waiting.reason}): ${ended(words)}`,
    verdictAfterSeconds: faultWaits.configSeconds,
  });
}

function mountFault({ pod, events }: PodEvidence): Fault | undefined {
  const hasStarted = engineStatus(pod)?.state?.running !== undefined || lastTermination(pod) !== undefined;
  const event = lastEvent(pod, events, mountReasons);
  if (hasStarted || isTerminating(pod) || isReady(pod) || event === undefined) return undefined;
  return fault(pod, {
    code: "E_CONFIG",
    reason: `A volume cannot be mounted: ${ended(event.message ?? "no reason given")}`,
    verdictAfterSeconds: faultWaits.mountSeconds,
  });
}

function endingText(ending: ContainerTermination, pod: Pod): string {
  const restarts = restartsOf(pod);
  const count = restarts === 0 ? "" : ` (${restarts === 1 ? "1 restart" : `${restarts} restarts`})`;
  const how = ending.signal === undefined ? `exit code ${ending.exitCode}` : `signal ${ending.signal}`;
  return `The engine ended while it should run, ${how}${count}.`;
}

interface FaultParts {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly cure?: string;
  readonly verdictAfterSeconds?: number;
  readonly tolerated?: number;
  readonly isEcho?: boolean;
}

function fault(pod: Pod, { isEcho = false, ...parts }: FaultParts): Fault {
  const at = firstEndOf(pod);
  const hasEndedInGroup = isOfGroup(pod) && lastTermination(pod) !== undefined;
  return {
    where: `pod/${pod.metadata.name}`,
    verdictAfterSeconds: 0,
    tolerated: 0,
    ...parts,
    reason: redact(parts.reason),
    ...(hasEndedInGroup ? { ending: { group: groupOf(pod), isEcho, ...(at === undefined ? {} : { at }) } } : {}),
  };
}

function quoted(line: string): string {
  const bare = line.replace(/^\[[^\]]*\]\s*/, "");
  const short = bare.length > 200 ? `${bare.slice(0, 199)}…` : bare;
  return `"${short}"${short.endsWith(".") ? "" : "."}`;
}

function ended(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
