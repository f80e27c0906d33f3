import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../../infra/rehearsal/provider/json.ts";
import { readinessOf } from "../../../infra/rehearsal/provider/readiness.ts";

function judged(type: string, fields: JsonObject, around: { slices?: readonly Json[]; mode?: string } = {}): string {
  const slash = type.lastIndexOf("/");
  const live = { apiVersion: type.slice(0, slash), kind: type.slice(slash + 1), ...fields };
  const surroundings = { endpointSlices: around.slices ?? [], volumeBindingMode: around.mode ?? "" };
  const readiness = readinessOf(live, surroundings);
  return readiness.kind === "ready" ? "ready" : `${readiness.kind}: ${readiness.reason}`;
}

function deployment(wanted: number, status: JsonObject, generation = 2): JsonObject {
  return { metadata: { generation }, spec: { replicas: wanted }, status: { observedGeneration: 2, ...status } };
}

const available = [{ type: "Available", status: "True" }];
const late = [
  { type: "Available", status: "False" },
  { type: "Progressing", status: "False", message: "exceeded its progress deadline" },
];
const selects = { spec: { selector: { a: "b" } } };
const endpoints = (...ready: readonly boolean[]) => [
  { endpoints: ready.map((isReady) => ({ conditions: { ready: isReady } })) },
];
const full = { replicas: 2, updatedReplicas: 2, availableReplicas: 2, conditions: available };

const cases: readonly {
  name: string;
  type: string;
  fields: JsonObject;
  around?: { slices?: readonly Json[]; mode?: string };
  readiness: string;
}[] = [
  {
    name: "of no replicas, though its controller saw nothing",
    type: "apps/v1/Deployment",
    fields: deployment(0, {}, 9),
    readiness: "ready",
  },
  {
    name: "that its controller has not seen",
    type: "apps/v1/Deployment",
    fields: deployment(2, full, 3),
    readiness: "waiting: the controller has not seen the change yet",
  },
  {
    name: "whose old pods are all that is available",
    type: "apps/v1/Deployment",
    fields: deployment(2, { ...full, updatedReplicas: 1 }),
    readiness: "waiting: 1 of 2 pods are of the new template",
  },
  {
    name: "whose old pods still run",
    type: "apps/v1/Deployment",
    fields: deployment(2, { ...full, replicas: 3 }),
    readiness: "waiting: 1 pods of the old template still run",
  },
  {
    name: "whose pods are not available yet",
    type: "apps/v1/Deployment",
    fields: deployment(2, { ...full, availableReplicas: 1 }),
    readiness: "waiting: 1 of 2 pods are available",
  },
  {
    name: "that does not progress, which waits on as the official provider does",
    type: "apps/v1/Deployment",
    fields: deployment(2, { ...full, availableReplicas: 0, conditions: late }),
    readiness: "waiting: 0 of 2 pods are available; exceeded its progress deadline",
  },
  { name: "that is rolled out", type: "apps/v1/Deployment", fields: deployment(2, full), readiness: "ready" },
  {
    name: "that names no replicas wants one",
    type: "apps/v1/Deployment",
    fields: { metadata: { generation: 1 }, status: { observedGeneration: 1 } },
    readiness: "waiting: 0 of 1 pods are of the new template",
  },

  {
    name: "whose pods are not ready",
    type: "apps/v1/StatefulSet",
    fields: deployment(2, { readyReplicas: 1 }),
    readiness: "waiting: 1 of 2 pods are ready",
  },
  {
    name: "that rolls",
    type: "apps/v1/StatefulSet",
    fields: deployment(2, { readyReplicas: 2, updatedReplicas: 1 }),
    readiness: "waiting: 1 of 2 pods are of the new template",
  },
  {
    name: "that is rolled out",
    type: "apps/v1/StatefulSet",
    fields: deployment(2, { readyReplicas: 2, updatedReplicas: 2 }),
    readiness: "ready",
  },
  {
    name: "that rolls",
    type: "apps/v1/DaemonSet",
    fields: { status: { desiredNumberScheduled: 2, updatedNumberScheduled: 1 } },
    readiness: "waiting: 1 of 2 pods are of the new template",
  },
  {
    name: "whose pods are not available",
    type: "apps/v1/DaemonSet",
    fields: { status: { desiredNumberScheduled: 2, updatedNumberScheduled: 2 } },
    readiness: "waiting: 0 of 2 pods are available",
  },
  { name: "without nodes", type: "apps/v1/DaemonSet", fields: {}, readiness: "ready" },

  {
    name: "that runs",
    type: "batch/v1/Job",
    fields: { status: { active: 1 } },
    readiness: "waiting: the Job is not complete: 1 active, 0 succeeded, 0 failed",
  },
  {
    name: "that is complete",
    type: "batch/v1/Job",
    fields: { status: { conditions: [{ type: "Complete", status: "True" }] } },
    readiness: "ready",
  },
  {
    name: "that failed for good",
    type: "batch/v1/Job",
    fields: {
      status: {
        conditions: [{ type: "Failed", status: "True", reason: "BackoffLimitExceeded", message: "too often" }],
      },
    },
    readiness: "failed: the Job failed: BackoffLimitExceeded: too often",
  },
  {
    name: "that failed by its pod failure policy",
    type: "batch/v1/Job",
    fields: { status: { failed: 1, conditions: [{ type: "Failed", status: "True", reason: "PodFailurePolicy" }] } },
    readiness: "waiting: the Job is not complete: 0 active, 0 succeeded, 1 failed",
  },

  {
    name: "that is ready",
    type: "v1/Pod",
    fields: { status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] } },
    readiness: "ready",
  },
  { name: "that has done its work", type: "v1/Pod", fields: { status: { phase: "Succeeded" } }, readiness: "ready" },
  {
    name: "that starts",
    type: "v1/Pod",
    fields: {
      status: {
        phase: "Running",
        conditions: [{ type: "Ready", status: "False", message: "containers with unready status: [c]" }],
      },
    },
    readiness: "waiting: the pod is Running, not ready: containers with unready status: [c]",
  },

  { name: "that selects nothing by intent", type: "v1/Service", fields: { spec: {} }, readiness: "ready" },
  {
    name: "of another name",
    type: "v1/Service",
    fields: { spec: { selector: { a: "b" }, type: "ExternalName" } },
    readiness: "ready",
  },
  {
    name: "without an address of its own",
    type: "v1/Service",
    fields: { spec: { selector: { a: "b" }, clusterIP: "None" } },
    readiness: "ready",
  },
  {
    name: "whose selector finds no pods",
    type: "v1/Service",
    fields: selects,
    readiness: "waiting: the Service selects no pods",
  },
  {
    name: "with an endpoint that is not ready",
    type: "v1/Service",
    fields: selects,
    around: { slices: endpoints(true, false) },
    readiness: "waiting: 1 of 2 endpoints are not ready",
  },
  {
    name: "whose endpoints are ready",
    type: "v1/Service",
    fields: selects,
    around: { slices: endpoints(true) },
    readiness: "ready",
  },
  {
    name: "whose load balancer has no address",
    type: "v1/Service",
    fields: { spec: { selector: { a: "b" }, type: "LoadBalancer" } },
    around: { slices: endpoints(true) },
    readiness: "waiting: the load balancer has no address",
  },

  {
    name: "that is pending",
    type: "v1/PersistentVolumeClaim",
    fields: { status: { phase: "Pending" } },
    readiness: "waiting: the claim is Pending, not Bound",
  },
  {
    name: "that waits for its first pod",
    type: "v1/PersistentVolumeClaim",
    fields: { status: { phase: "Pending" } },
    around: { mode: "WaitForFirstConsumer" },
    readiness: "ready",
  },
  {
    name: "that is bound",
    type: "v1/PersistentVolumeClaim",
    fields: { status: { phase: "Bound" } },
    readiness: "ready",
  },

  { name: "that is active", type: "v1/Namespace", fields: { status: { phase: "Active" } }, readiness: "ready" },
  {
    name: "that goes",
    type: "v1/Namespace",
    fields: { status: { phase: "Terminating" } },
    readiness: "waiting: the namespace is Terminating",
  },
  {
    name: "that is not served yet",
    type: "apiextensions.k8s.io/v1/CustomResourceDefinition",
    fields: {},
    readiness: "waiting: the API server does not serve the new kind yet",
  },
  { name: "of any other kind", type: "example.com/v1/Deployment", fields: {}, readiness: "ready" },
];

describe("an object", () => {
  test.each(cases)("$type $name", ({ type, fields, around, readiness }) => {
    expect(judged(type, fields, around)).toBe(readiness);
  });
});
