import { describe, expect, test } from "vitest";
import { type JobView, jobStatus } from "../../../infra/status/job-status.ts";
import type { Condition, ContainerState, Event, Pod } from "../../../infra/status/objects.ts";

interface Parts {
  readonly conditions?: readonly Condition[];
  readonly isSuspended?: true;
  readonly pods?: readonly Pod[];
  readonly events?: readonly Event[];
}

function view({ conditions = [], isSuspended, pods = [], events = [] }: Parts): JobView {
  const spec = isSuspended === undefined ? {} : { suspend: isSuspended };
  return { job: { metadata: { name: "job" }, spec, status: { conditions } }, pods, events };
}

function pod(name: string, state: ContainerState, status: Pod["status"] = {}): Pod {
  const containerStatuses = [{ name: "supply", ready: false, restartCount: 0, state }];
  return { metadata: { name }, status: { ...status, containerStatuses } };
}

function warning(about: string, message: string): Event {
  return { metadata: { name: "e" }, type: "Warning", message, involvedObject: { name: about } };
}

const failed = { type: "Failed", status: "True", reason: "PodFailurePolicy", message: "Container supply failed" };
const ended = { exitCode: 1, reason: "Error", message: "no space left\n" };

describe("a Job", () => {
  test.each<{ what: string; parts: Parts; status: object }>([
    { what: "that somebody holds", parts: { isSuspended: true }, status: { kind: "suspended" } },
    { what: "without a pod", parts: {}, status: { kind: "waiting", reason: "no pod yet" } },
    {
      what: "whose pod is refused",
      parts: { events: [warning("job", "exceeded quota")] },
      status: { kind: "waiting", reason: "exceeded quota" },
    },
    {
      what: "whose pod finds no node",
      parts: {
        pods: [
          {
            metadata: { name: "a" },
            status: { conditions: [{ type: "PodScheduled", status: "False", message: "0/3 nodes are available" }] },
          },
        ],
      },
      status: { kind: "waiting", reason: "0/3 nodes are available" },
    },
    {
      what: "whose image cannot be pulled",
      parts: { pods: [pod("a", { waiting: { reason: "ImagePullBackOff", message: "not found" } })] },
      status: { kind: "waiting", reason: "ImagePullBackOff: not found" },
    },
    {
      what: "whose volume cannot be mounted",
      parts: {
        pods: [pod("a", { waiting: { reason: "ContainerCreating" } })],
        events: [warning("a", "no such claim")],
      },
      status: { kind: "waiting", reason: "no such claim" },
    },
    {
      what: "whose pod starts after one that was refused",
      parts: { pods: [pod("a", { waiting: {} })], events: [warning("job", "exceeded quota")] },
      status: { kind: "waiting", reason: "pod a starts" },
    },
    {
      what: "whose pod has ended, and the controller has not seen it yet",
      parts: { pods: [pod("a", { terminated: ended })], events: [warning("a", "old")] },
      status: { kind: "waiting", reason: "pod a has ended" },
    },
    {
      what: "whose second pod runs",
      parts: { pods: [pod("a", { terminated: ended }), pod("b", { running: {} })] },
      status: { kind: "running", pod: "b" },
    },
    {
      what: "that is done",
      parts: {
        conditions: [{ type: "Complete", status: "True" }],
        pods: [pod("a", { terminated: { exitCode: 0, message: "all is there" } })],
      },
      status: { kind: "succeeded", lastWords: "all is there" },
    },
    {
      what: "that failed",
      parts: { conditions: [failed], pods: [pod("a", { terminated: ended })] },
      status: {
        kind: "failed",
        reason: "PodFailurePolicy",
        message: "Container supply failed",
        ended,
        podReason: "",
        lastWords: "no space left",
      },
    },
    {
      what: "whose pod was evicted",
      parts: { conditions: [failed], pods: [pod("a", {}, { reason: "Evicted", message: "low on disk" })] },
      status: {
        kind: "failed",
        reason: "PodFailurePolicy",
        message: "Container supply failed",
        podReason: "Evicted: low on disk",
        lastWords: "",
      },
    },
    {
      what: "whose pods are gone",
      parts: { conditions: [{ type: "Failed", status: "True", reason: "DeadlineExceeded" }] },
      status: { kind: "failed", reason: "DeadlineExceeded", message: "", podReason: "", lastWords: "" },
    },
  ])("$what", ({ parts, status }) => {
    expect(jobStatus(view(parts))).toEqual(status);
  });
});
