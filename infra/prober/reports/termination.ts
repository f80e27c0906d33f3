import type { Bytes } from "../../core/units.ts";
import type { ProbeReportDocument } from "./document.ts";

/**
 * Kubernetes shows this much of a container's termination message.
 * @see kubernetes `pkg/kubelet/kuberuntime`, MaxContainerTerminationMessageLength
 */
const limit: Bytes = 4096;

/**
 * The report as one line of JSON of at most 4096 bytes, for `/dev/termination-log`: the verdict and what failed, as much of
 * it as there is room for; `left` counts the rest.
 */
export function terminationMessage(document: ProbeReportDocument): string {
  const pods = new Set(document.targets.flatMap(({ name, podUid }) => (podUid === undefined ? [] : [name])));
  const podOf = (target: string) => (pods.has(target) ? { pod: cut(target, 100) } : {});
  const failed = document.checks
    .filter(({ outcome }) => outcome === "fail" || outcome === "error")
    .map(({ target, name, outcome, reason }) => ({ ...podOf(target), name, outcome, reason: cut(reason, 300) }));
  for (let shown = failed.length; shown > 0; shown--) {
    const line = lineOf(document, failed.slice(0, shown), failed.length - shown);
    if (Buffer.byteLength(line) <= limit) return line;
  }
  return lineOf(document, [], failed.length);
}

function lineOf(document: ProbeReportDocument, failed: readonly object[], left: number): string {
  const { apiVersion, kind, verdict, profile, seed, durationSeconds, counts } = document;
  const target = cut(document.target, 200);
  const reason = cut(document.reason, 300);
  const rest = left === 0 ? {} : { left };
  return `${JSON.stringify({ apiVersion, kind, verdict, reason, target, profile, seed, durationSeconds, counts, failed, ...rest })}\n`;
}

function cut(text: string, length: number): string {
  const letters = [...text.toWellFormed()];
  return letters.length <= length ? letters.join("") : `${letters.slice(0, length - 1).join("")}…`;
}
