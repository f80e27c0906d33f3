import { expect, test } from "vitest";
import type { JobView } from "../../../infra/status/job-status.ts";
import type { Event, Pod } from "../../../infra/status/objects.ts";
import { supplyStatus } from "../../../infra/status/supply-job.ts";

/** A Job that the controller has not ended yet, with one pod and events of one second. */
function viewOf(status: Pod["status"]): JobView {
  const involvedObject = { kind: "Pod", name: "p", uid: "p" };
  const event = (reason: string): Event => ({ metadata: { name: reason }, type: "Normal", reason, involvedObject });
  const pod: Pod = { metadata: { name: "p", uid: "p" }, spec: { containers: [] }, ...(status ? { status } : {}) };
  // The API keeps no order within a second.
  return { job: { metadata: { name: "j" }, spec: {} }, pods: [pod], events: [event("Pulled"), event("Pulling")] };
}

test.each([
  { what: "pulls", status: { phase: "Pending" }, detail: "pulling the image" },
  { what: "has ended well", status: { phase: "Succeeded" }, detail: "has ended" },
  {
    what: "has failed and is followed by another",
    status: { phase: "Failed" },
    detail: "is tried again, since: hub: connection reset",
  },
])("a pod that $what is told as that before its Job is", ({ status, detail }) => {
  expect(supplyStatus(viewOf(status), "1 of 4\nhub: connection reset\n")).toEqual({ kind: "running", detail });
});

test.each([
  ["", "running"],
  ["hydrate: 8 files\n", "hydrate: 8 files"],
  ["hydrate: 1.0 MB of 4.0 MB, 500 kB/s, about 6 s left\n", "hydrate: 1.0 MB of 4.0 MB, 500 kB/s, about 6 s left"],
  [
    "hydrate: 1.0 MB of 4.0 MB, 500 kB/s, about 6 s left\nhydrate: b at 256 kB: the connection was cut; asking again\n",
    "hydrate: 1.0 MB of 4.0 MB, 500 kB/s, about 6 s left; hydrate: b at 256 kB: the connection was cut; asking again",
  ],
])("a running Job whose log is %j does this: %s", (log, detail) => {
  const running = {
    phase: "Running",
    containerStatuses: [{ name: "supply", ready: true, restartCount: 0, state: { running: {} } }],
  };
  expect(supplyStatus(viewOf(running), log)).toMatchObject({ kind: "running", detail });
});
