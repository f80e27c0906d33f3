import { describe, expect, test } from "vitest";
import { askedOf, roomOn } from "../../../../infra/status/headroom/node-room.ts";
import type { PodSpec } from "../../../../infra/status/objects.ts";
import { engineSpec, type NodeChange, nodeObject } from "../../../support/cluster-objects.ts";

function room(node: NodeChange, pod: Partial<PodSpec> = {}, held: readonly PodSpec[] = []) {
  const { fits, why, isWanted } = roomOn(nodeObject("h800-0", node), held, askedOf(engineSpec(pod)));
  return { fits, ...(why === undefined ? {} : { why }), ...(isWanted ? {} : { isWanted }) };
}

const taint = { key: "team", value: "a", effect: "NoSchedule" };
const key = "disk";

function affinity(...nodeSelectorTerms: readonly object[]): Partial<PodSpec> {
  const terms = { nodeSelectorTerms } as NonNullable<
    NonNullable<NonNullable<PodSpec["affinity"]>["nodeAffinity"]>["requiredDuringSchedulingIgnoredDuringExecution"]
  >;
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } };
}

function expression(operator: string, ...values: readonly string[]): Partial<PodSpec> {
  return affinity({ matchExpressions: [{ key, operator, ...(values.length === 0 ? {} : { values }) }] });
}

describe("a node is closed to a pod", () => {
  test.each([
    { what: "that is not ready", node: { ready: "Unknown" }, why: "not ready" },
    { what: "that is cordoned", node: { unschedulable: true }, why: "cordoned" },
    { what: "with a taint", node: { taints: [taint] }, why: "taint team=a:NoSchedule" },
    {
      what: "with a taint that evicts",
      node: { taints: [{ key: "x", effect: "NoExecute" }] },
      why: "taint x:NoExecute",
    },
  ])("$what", ({ node, why }) => {
    expect(room(node)).toEqual({ fits: 0, why });
  });

  test.each([
    { what: "a taint that is only a preference", node: { taints: [{ ...taint, effect: "PreferNoSchedule" }] } },
    { what: "a tolerated taint", node: { taints: [taint] }, tolerations: [{ key: "team", value: "a" }] },
    { what: "a taint of any value", node: { taints: [taint] }, tolerations: [{ key: "team", operator: "Exists" }] },
    { what: "any taint", node: { taints: [taint] }, tolerations: [{ operator: "Exists" }] },
    {
      what: "a cordon that is tolerated",
      node: { unschedulable: true },
      tolerations: [{ key: "node.kubernetes.io/unschedulable", operator: "Exists" }],
    },
  ])("but not by $what", ({ node, tolerations = [] }) => {
    expect(room(node, { tolerations })).toEqual({ fits: 4 });
  });

  test.each([
    { what: "another value", toleration: { key: "team", value: "b" } },
    { what: "another key", toleration: { key: "teams", value: "a" } },
    { what: "another effect", toleration: { key: "team", value: "a", effect: "NoExecute" } },
  ])("by a taint where $what is tolerated", ({ toleration }) => {
    expect(room({ taints: [taint] }, { tolerations: [toleration] }).fits).toBe(0);
  });
});

describe("a pod wants the node", () => {
  test.each([
    { what: "with one of the values", pod: expression("In", "ssd", "nvme"), fits: [4, 0] },
    { what: "without the value", pod: expression("NotIn", "ssd"), fits: [0, 4] },
    { what: "with the label", pod: expression("Exists"), fits: [4, 0] },
    { what: "without the label", pod: expression("DoesNotExist"), fits: [0, 4] },
    {
      what: "by its name",
      pod: affinity({ matchFields: [{ key: "metadata.name", operator: "In", values: ["h800-0"] }] }),
      fits: [4, 4],
    },
    { what: "by either term", pod: affinity({}, { matchExpressions: [{ key, operator: "Exists" }] }), fits: [4, 0] },
    { what: "by no term", pod: affinity({}), fits: [0, 0] },
    { what: "by an operator that there is not", pod: expression("Like", "s"), fits: [0, 0] },
  ])("$what", ({ pod, fits }) => {
    expect([room({ labels: { disk: "ssd" } }, pod).fits, room({}, pod).fits]).toEqual(fits);
  });

  test.each([
    { operator: "Gt", bound: "5", label: "6", fits: 4 },
    { operator: "Gt", bound: "5", label: "5", fits: 0 },
    { operator: "Lt", bound: "5", label: "-1", fits: 4 },
    { operator: "Lt", bound: "5", label: "many", fits: 0 },
  ])("whose number $label is $operator $bound: $fits", ({ operator, bound, label, fits }) => {
    expect(room({ labels: { disk: label } }, expression(operator, bound)).fits).toBe(fits);
  });

  test("with every label of its selector, or not at all", () => {
    expect(room({}, { nodeSelector: { disk: "ssd" } })).toEqual({ fits: 0, isWanted: false });
  });
});

describe("what is free on a node bounds the pods", () => {
  const ports = [{ containerPort: 8000, hostPort: 9000 }];
  const onPort = engineSpec({ containers: [{ name: "engine", ports }] });

  test.each([
    { what: "GPUs", node: {}, held: [engineSpec()], room: { fits: 3 } },
    { what: "no GPU at all", node: { allocatable: { "nvidia.com/gpu": "0" } }, held: [], room: { fits: 0 } },
    {
      what: "cores",
      node: { allocatable: { cpu: "20" } },
      held: [engineSpec()],
      room: { fits: 0, why: "cpu: 4 free, 16 wanted" },
    },
    {
      what: "memory",
      node: { allocatable: { memory: "191.5Gi" } },
      held: [],
      room: { fits: 0, why: "memory: 191.5Gi free, 192Gi wanted" },
    },
    {
      what: "the number of pods",
      node: { allocatable: { pods: "1" } },
      held: [{ containers: [] }],
      room: { fits: 0, why: "pods: 0 free, 1 wanted" },
    },
  ])("$what", ({ node, held, room: expected }) => {
    expect(room(node, {}, held)).toEqual(expected);
  });

  test("a host port takes one pod, and none where another has it", () => {
    const pod = { containers: [{ name: "engine", ports }] };
    expect(room({}, pod)).toEqual({ fits: 1 });
    expect(room({}, pod, [onPort])).toEqual({ fits: 0, why: "its host port is taken" });
    expect(
      room({}, pod, [
        engineSpec({ containers: [{ name: "x", ports: [{ containerPort: 1, hostPort: 9000, protocol: "UDP" }] }] }),
      ]),
    ).toEqual({ fits: 1 });
  });

  test("addresses of the node have their own ports, but not beside one that has them all", () => {
    const at = (hostIP: string) => ({
      containers: [{ name: "engine", ports: [{ containerPort: 1, hostPort: 9000, hostIP }] }],
    });
    expect(room({}, at("10.0.0.1"), [at("10.0.0.2")]).fits).toBe(1);
    expect(room({}, at("10.0.0.1"), [at("0.0.0.0")]).fits).toBe(0);
  });

  test("a pod on the node's network has its ports there", () => {
    const pod = { hostNetwork: true, containers: [{ name: "engine", ports: [{ containerPort: 8000 }] }] };
    expect(room({}, pod).fits).toBe(1);
  });
});
