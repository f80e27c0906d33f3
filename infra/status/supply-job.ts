import { redact } from "../core/redact.ts";
import { parseTransfer, type Transfer } from "../core/transfer.ts";
import type { Fault } from "./fault.ts";
import { type JobFailure, type JobView, jobStatus } from "./job-status.ts";
import { lastEvent } from "./pod-facts.ts";
import { placementFault } from "./pod-fault.ts";

/** How a Job that brings weights or an image does. */
export type SupplyStatus =
  | { readonly kind: "suspended" | "done" }
  | {
      readonly kind: "running";
      /** A few words for a progress line. */
      readonly detail: string;
      readonly transfer?: Transfer;
      /** What keeps its pod from running, if anything does. */
      readonly fault?: Fault;
    }
  | { readonly kind: "failed"; readonly reason: string };

/** Reads a Job and the tail of its newest pod's log. Pure; how long a fault may last is left to the caller. */
export function supplyStatus(view: JobView, log: string): SupplyStatus {
  const status = jobStatus(view);
  switch (status.kind) {
    case "suspended":
      return { kind: "suspended" };
    case "succeeded":
      return { kind: "done" };
    case "failed":
      return { kind: "failed", reason: failureText(status, log) };
    case "running":
      return { kind: "running", ...runningDetail(log) };
    case "waiting":
      return { kind: "running", ...waitingDetail(view, status.reason, log) };
    default:
      return status satisfies never;
  }
}

/** The last transfer that the log tells, and whatever it has said since: a note of trouble must not hide how far it is. */
function runningDetail(log: string): { readonly detail: string; readonly transfer?: Transfer } {
  const last = lastLine(log);
  const line =
    log
      .split("\n")
      .findLast((each) => parseTransfer(each.trim()) !== undefined)
      ?.trim() ?? "";
  const transfer = parseTransfer(line);
  const parts = [line, last === line ? "" : last].filter((part) => part !== "");
  const detail = parts.length === 0 ? "running" : redact(parts.join("; "));
  return { detail, ...(transfer === undefined ? {} : { transfer }) };
}

function waitingDetail(
  { pods, events }: JobView,
  reason: string,
  log: string,
): { readonly detail: string; readonly fault?: Fault } {
  const pod = pods.at(-1);
  if (pod === undefined) return { detail: reason };
  // The controller takes a moment to say so of the Job, and longer to make the next pod.
  if (pod.status?.phase === "Succeeded") return { detail: "has ended" };
  if (pod.status?.phase === "Failed") return { detail: `is tried again, since: ${redact(lastLine(log))}` };
  const fault = placementFault({ pod, events, log: "", previousLog: "" });
  if (fault !== undefined) return { detail: fault.reason, fault };
  const isPulling = lastEvent(pod, events, ["Pulling", "Pulled"])?.reason === "Pulling";
  return { detail: isPulling ? "pulling the image" : redact(reason) };
}

/**
 * The controller's word, then what the last pod said on its way out: the message it left, else the end of its log. A message
 * that the kubelet has taken from the log is many lines, of which the last one counts.
 */
function failureText({ reason, message, ended, podReason, lastWords }: JobFailure, log: string): string {
  const words = lastLine(lastWords) || podReason || lastLine(log) || message;
  const code = ended === undefined ? "" : `, exit code ${ended.exitCode}`;
  const text = `${reason}${code}${words === "" ? "" : `: ${redact(words)}`}`;
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function lastLine(log: string): string {
  return log.trimEnd().split("\n").at(-1)?.trim() ?? "";
}
