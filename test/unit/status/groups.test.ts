import { describe, expect, test } from "vitest";
import { podsOf } from "../../../infra/gate/app-view.ts";
import { FaultWatch } from "../../../infra/gate/fault-watch.ts";
import { type Proof, proofGap } from "../../../infra/gate/proof.ts";
import type { Pod } from "../../../infra/status/objects.ts";
import { isReady, lifeOf } from "../../../infra/status/pod-facts.ts";
import { podStatus } from "../../../infra/status/pod-status.ts";
import { revisionFault } from "../../../infra/status/revision-fault.ts";
import { groupPod } from "../../support/group-pods.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const a = "aaaaaaaaaa";
const gone =
  "RuntimeError: [/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:538] Connection closed by peer [10.0.0.7]:41";

function view(pods: readonly Pod[]) {
  const spec = { replicas: 1, selector: {}, template: { spec: { containers: [] } } };
  return { pods, events: [], deployment: { metadata: { name: `keye-${a}` }, group: { size: 2 }, spec } };
}

describe("a replica of two pods", () => {
  test("is one pod to a promotion: its leader", () => {
    const pods = [groupPod(a, 0, 0), groupPod(a, 0, 1), groupPod(a, 1, 0), groupPod(a, 1, 1)];
    const names = podsOf({ pods }, a).map(({ metadata, workers }) => [metadata.name, workers?.length]);
    expect(names).toEqual([
      [`keye-${a}-0`, 1],
      [`keye-${a}-1`, 1],
    ]);
  });

  test.each([
    { what: "both are", workers: [groupPod(a, 0, 1)], ready: true },
    { what: "the worker is not yet", workers: [groupPod(a, 0, 1, { isReady: false })], ready: false },
    { what: "there is no worker yet", workers: [], ready: false },
    { what: "the worker is on its way out", workers: [groupPod(a, 0, 1, { isTerminating: true })], ready: false },
    { what: "another group's worker is there", workers: [groupPod(a, 1, 1)], ready: false },
  ])("is ready only when both of its pods are: $what", ({ workers, ready }) => {
    expect(podsOf({ pods: [groupPod(a, 0, 0), ...workers] }, a).map(isReady)).toEqual([ready]);
  });

  test("is another one once its worker has restarted or was replaced", () => {
    const group = (worker: Pod) => podsOf({ pods: [groupPod(a, 0, 0), worker] }, a);
    const [before] = group(groupPod(a, 0, 1));
    const proof: Proof = [
      {
        name: `keye-${a}-0`,
        uid: before?.metadata.uid ?? "",
        life: before === undefined ? "" : lifeOf(before),
        node: null,
        imageId: null,
        verdict: "pass",
        reason: "",
        reports: [],
      },
    ];
    const gapWith = (worker: Pod) => proofGap(proof, group(worker));
    expect(gapWith(groupPod(a, 0, 1))).toBeUndefined();
    expect(gapWith(groupPod(a, 0, 1, { restarts: 1 }))).toBe(`keye-${a}-0 restarted`);
    expect(gapWith(groupPod(a, 0, 1, { uid: "other" }))).toBe(`keye-${a}-0 restarted`);
  });
});

describe("a pod of a group that has ended", () => {
  function faultOf(pod: Pod, previousLog: string) {
    return podStatus({ pod, events: [], log: "", previousLog }).fault;
  }

  test("is a fault at its first end, for the whole group is thrown away", () => {
    const pod = groupPod(a, 0, 1, { isReady: false, restarts: 1, ended: 137 });
    expect(faultOf(pod, "")).toMatchObject({ code: "E_CRASH", where: `pod/keye-${a}-0-1`, tolerated: 1 });
  });

  test("is read while it is on its way out too, if its own restart is why", () => {
    const pod = groupPod(a, 0, 1, { isReady: false, restarts: 1, ended: 137, isTerminating: true });
    expect(faultOf(pod, "")?.code).toBe("E_CRASH");
    expect(faultOf(groupPod(a, 0, 1, { isReady: false, ended: 137, isTerminating: true }), "")).toBeUndefined();
  });

  test("that only lost its peer is not the verdict while the peer says more", () => {
    const leader = groupPod(a, 0, 0, { isReady: false, restarts: 1, ended: 137 });
    const worker = groupPod(a, 0, 1, { isReady: false, restarts: 1, ended: 137 });
    const statuses = [
      podStatus({ pod: leader, events: [], log: "", previousLog: gone }),
      podStatus({ pod: worker, events: [], log: "", previousLog: "No module named 'effective_kernels'" }),
    ];
    expect(statuses[0]?.fault).toMatchObject({ code: "E_CRASH", tolerated: 1 });
    const watch = new FaultWatch(new ManualClock(), 1);
    expect(watch.due(view([leader, worker]), statuses, undefined)).toMatchObject({
      code: "E_CONFIG",
      where: `pod/keye-${a}-0-1`,
    });
  });

  test("and of which nothing more is known is the verdict once the group is gone with it", () => {
    const watch = new FaultWatch(new ManualClock(), 1);
    const whole = [groupPod(a, 0, 0, { isReady: false }), groupPod(a, 0, 1, { isReady: false })];
    const statusOf = (pod: Pod) => podStatus({ pod, events: [], log: "", previousLog: "" });
    expect(watch.due(view(whole), whole.map(statusOf), undefined)).toBeUndefined();
    const ended = groupPod(a, 0, 1, { isReady: false, restarts: 1, ended: 137, isTerminating: true });
    const left = [groupPod(a, 0, 0, { isReady: false, isTerminating: true }), ended];
    expect(watch.due(view(left), left.map(statusOf), undefined)).toMatchObject({
      code: "E_CRASH",
      where: `pod/keye-${a}-0-1`,
    });
  });
});

test("a set whose pods the cluster refuses is named as what it is, and wants every pod of its groups", () => {
  const { deployment } = view([]);
  const events = [
    {
      metadata: { name: "e" },
      reason: "FailedCreate",
      message: "exceeded quota: gpus",
      involvedObject: { kind: "StatefulSet" },
    },
  ];
  expect(revisionFault({ deployment, pods: [groupPod(a, 0, 0)], events })).toMatchObject({
    code: "E_QUOTA",
    where: `leaderworkerset/keye-${a}`,
    reason: "The cluster refuses to create its pods (1 of 2 exist): exceeded quota: gpus.",
  });
  expect(revisionFault({ deployment, pods: [groupPod(a, 0, 0), groupPod(a, 0, 1)], events })).toBeUndefined();
});
