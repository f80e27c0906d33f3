import { describe, expect, test } from "vitest";
import { type ContainerView, newView } from "../../../infra/rehearsal/kubelet/container-view.ts";
import type { KubePod } from "../../../infra/rehearsal/kubelet/pod-types.ts";
import { type PodView, phaseOf, podStatus } from "../../../infra/rehearsal/kubelet/status.ts";

const pod: KubePod = {
  metadata: { name: "keye-0", namespace: "keye", uid: "u", generation: 1 },
  spec: { containers: [{ name: "engine" }], restartPolicy: "Always" },
};

function main(change: Partial<ContainerView>): ContainerView {
  return { ...newView({ name: "engine" }, false, "ContainerCreating"), ...change };
}

function view(mains: readonly ContainerView[], change: Partial<PodView> = {}): PodView {
  return {
    pod,
    hostIP: "127.64.0.1",
    podIP: "10.64.1.1",
    startTime: "2026-01-01T00:00:00Z",
    isStopped: false,
    inits: [],
    mains,
    ...change,
  };
}

const running = { running: { startedAt: "2026-01-01T00:00:01Z" } };
const ended = (exitCode: number) => ({ terminated: { exitCode, reason: exitCode === 0 ? "Completed" : "Error" } });
const once: KubePod = { ...pod, spec: { ...pod.spec, restartPolicy: "Never" } };

describe("the phase", () => {
  test.each([
    ["Pending while a container has never run", view([main({})]), "Pending"],
    ["Running while one runs", view([main({ state: running })]), "Running"],
    ["Running between restarts", view([main({ state: { waiting: {} }, lastState: { exitCode: 1 } })]), "Running"],
    ["Running when a container that is restarted has just ended", view([main({ state: ended(1) })]), "Running"],
    ["Succeeded when all have ended well for good", view([main({ state: ended(0) })], { pod: once }), "Succeeded"],
    ["Failed when one has ended badly for good", view([main({ state: ended(1) })], { pod: once }), "Failed"],
    ["Failed when a stopped pod was killed", view([main({ state: ended(137) })], { isStopped: true }), "Failed"],
    ["Failed when stopped before it ran", view([main({})], { isStopped: true }), "Failed"],
    [
      "Failed when evicted",
      view([main({ state: running })], { verdict: { reason: "Evicted", message: "" } }),
      "Failed",
    ],
    [
      "Pending while an init container runs",
      view([main({})], { inits: [{ ...main({ state: running }), isInit: true }] }),
      "Pending",
    ],
  ])("is %s", (_, given, phase) => {
    expect(phaseOf(given)).toBe(phase);
  });
});

test("a pod is ready when all its containers are, and says which are not", () => {
  const ready = main({ state: running, isReady: true, isStarted: true });
  const other = { ...main({ state: running }), spec: { name: "sidecar" } };
  const conditions = podStatus(view([ready, other]), [], "2026-01-01T00:00:02Z").conditions;
  expect(conditions.find(({ type }) => type === "Ready")).toEqual({
    type: "Ready",
    status: "False",
    reason: "ContainersNotReady",
    message: "containers with unready status: [sidecar]",
    lastTransitionTime: "2026-01-01T00:00:02Z",
  });
});

test("a condition keeps its time until its status changes", () => {
  const before = [
    { type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" },
    { type: "ContainersReady", status: "False", lastTransitionTime: "2026-01-01T00:00:00Z" },
  ];
  const ready = main({ state: running, isReady: true });
  const { conditions } = podStatus(view([ready]), before, "2026-01-01T00:01:00Z");
  const timeOf = (type: string) => conditions.find((condition) => condition.type === type)?.lastTransitionTime;
  expect(timeOf("Ready")).toBe("2026-01-01T00:00:00Z");
  expect(timeOf("ContainersReady")).toBe("2026-01-01T00:01:00Z");
});
