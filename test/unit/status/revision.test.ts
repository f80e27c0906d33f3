import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Deployment, Event } from "../../../infra/status/objects.ts";
import { revisionFault } from "../../../infra/status/revision-fault.ts";
import { rolloutStatus } from "../../../infra/status/rollout-status.ts";

const quota: { readonly deployment: Deployment; readonly events: readonly Event[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../fixtures/status/quota.json"), "utf8"),
);

describe("a revision without pods", () => {
  test("that a quota refuses is told at once, in the quota's words", () => {
    expect(revisionFault({ ...quota, pods: [] })).toEqual({
      code: "E_QUOTA",
      reason:
        'The cluster refuses to create its pods (0 of 2 exist): pods "keye-1a2b3c4d5e-57f4889dc4-kj2hw" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=2, used: requests.nvidia.com/gpu=0, limited: requests.nvidia.com/gpu=1.',
      cure: "Raise the quota of the namespace, or free what other workloads hold.",
      where: "deployment/keye-1a2b3c4d5e",
      verdictAfterSeconds: 0,
      tolerated: 0,
    });
  });

  test("is watched for a while where only an event tells, which may be old", () => {
    const { status, ...rest } = quota.deployment;
    expect(status).toBeDefined();
    const fault = revisionFault({ deployment: rest, events: quota.events, pods: [] });
    expect({ code: fault?.code, wait: fault?.verdictAfterSeconds }).toEqual({ code: "E_QUOTA", wait: 30 });
  });

  test("is refused nothing by an API server that was away", () => {
    const message =
      'Post "https://10.0.0.1:443/api/v1/namespaces/keye/pods": read tcp 10.0.0.2:54016: connection reset';
    const condition = { type: "ReplicaFailure", status: "True", message };
    const deployment = { ...quota.deployment, status: { ...quota.deployment.status, conditions: [condition] } };
    const events = quota.events.map((event) => ({ ...event, message: `Error creating: ${message}` }));
    expect(revisionFault({ deployment, events, pods: [] })).toBeUndefined();
  });

  test("is well as soon as all pods exist, whatever old events say", () => {
    const pods = [{ metadata: { name: "a" } }, { metadata: { name: "b" } }];
    expect(revisionFault({ ...quota, pods })).toBeUndefined();
  });
});

describe("a Deployment", () => {
  const done: Deployment = {
    metadata: { name: "keye", generation: 3 },
    spec: { replicas: 2, selector: {}, template: { spec: { containers: [] } } },
    status: { observedGeneration: 3, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 },
  };

  test("is rolled out when its controller, its template and its pods agree", () => {
    expect(rolloutStatus(done)).toEqual({ isDone: true });
  });

  test.each([
    { status: { observedGeneration: 2 }, missing: "the Deployment controller has not seen the newest spec yet" },
    { status: { updatedReplicas: 1 }, missing: "1 of 2 replicas are of the newest template" },
    { status: { replicas: 3 }, missing: "1 replicas of an older template are left" },
    { status: { availableReplicas: 1 }, missing: "1 of 2 replicas are available" },
  ])("is not rolled out while $missing", ({ status, missing }) => {
    expect(rolloutStatus({ ...done, status: { ...done.status, ...status } })).toEqual({ isDone: false, missing });
  });
});
