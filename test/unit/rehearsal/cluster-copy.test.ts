import { describe, expect, test } from "vitest";
import { type ClusterCopy, copyCluster } from "../../../infra/rehearsal/copy/copy.ts";
import { podLimits, podRequests } from "../../../infra/status/headroom/amounts.ts";
import { Headroom, type NamespaceLimits } from "../../../infra/status/headroom/headroom.ts";
import type { PodRole } from "../../../infra/status/headroom/roles.ts";
import { tryStrategies } from "../../../infra/status/headroom/strategies.ts";
import type { LimitRange, Node, Pod, PodSpec, ResourceQuota } from "../../../infra/status/objects.ts";
import { groupPod } from "../../support/group-pods.ts";
import { caseLabel, type HeadroomCase, randomCase } from "../../support/random-headroom.ts";

const ready = [{ type: "Ready", status: "True" }];
const gpu = "nvidia.com/gpu";
const roleOf = (pod: Pod) => (pod.metadata.labels?.role ?? "other") as PodRole;

function node(name: string, parts: Partial<Node> = {}): Node {
  const allocatable = { cpu: "192", memory: "2000Gi", pods: "110", [gpu]: "8" };
  return { metadata: { name }, ...parts, status: { allocatable, conditions: ready, ...parts.status } };
}

function pod(
  name: string,
  on: string,
  gpus: number,
  parts: { readonly role?: PodRole; readonly spec?: object } = {},
): Pod {
  const resources = { requests: { cpu: "4", memory: "16Gi" }, limits: { [gpu]: String(gpus) } };
  const { role = "other", spec } = parts;
  return {
    metadata: { name, uid: name, namespace: "team-a", labels: { role, owner: "alice" } },
    spec: { nodeName: on, containers: [{ name: "main", resources }], ...spec },
    status: { phase: "Running" },
  };
}

function copyOf(nodes: readonly Node[], pods: readonly Pod[], limits?: NamespaceLimits): ClusterCopy {
  return copyCluster({ nodes, pods, limits, roleOf, alsoKept: new Set(["example.com/rack"]) });
}

describe("what becomes of nodes", () => {
  test("labels that tell what a machine is are kept, and those that the stack names; others are nobody's business", () => {
    const labels = {
      "kubernetes.io/hostname": "a",
      "nvidia.com/gpu.product": "NVIDIA-H800",
      "topology.kubernetes.io/zone": "z1",
      "example.com/rack": "r7",
      "example.com/owner": "alice",
    };
    const { "example.com/owner": _, ...kept } = labels;
    const [copied] = copyOf([node("a", { metadata: { name: "a", labels } })], []).nodes;
    expect(copied?.labels).toEqual({ ...kept, "rehearsal.keye-stack.dev/node": "simulated" });
  });

  test("taints are kept but for those that controllers put there themselves", () => {
    const own = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
    const team = { key: "team", value: "a", effect: "NoSchedule", timeAdded: "2026-01-01T00:00:00Z" };
    const [copied] = copyOf([node("a", { spec: { taints: [own, team] } })], []).nodes;
    expect(copied?.taints).toEqual([{ key: "team", value: "a", effect: "NoSchedule" }]);
  });

  test.each([
    ["a cordoned node", { spec: { unschedulable: true } }, true],
    ["a node that is not ready", { status: { conditions: [{ type: "Ready", status: "Unknown" }] } }, true],
    ["a node like any other", {}, false],
  ])("%s is closed: %s", (_, parts, isClosed) => {
    expect(copyOf([node("a", parts)], []).nodes[0]?.isClosed).toBe(isClosed);
  });
});

describe("what becomes of other people's pods", () => {
  const ports = [{ containerPort: 9100, hostPort: 9100 }];
  const held = [pod("x", "a", 2), pod("y", "a", 1, { spec: { containers: [{ name: "exporter", ports }] } })];

  test("one pod a node asks for what they ask for together, with their host ports and without a word about them", () => {
    const [copied] = copyOf([node("a")], held).nodes;
    expect(copied?.others?.metadata).toEqual({
      name: "others-0",
      namespace: "rehearsal-others",
      labels: { "rehearsal.keye-stack.dev/placeholder": "true" },
    });
    expect(copied?.others?.spec.containers[0]).toMatchObject({
      resources: { requests: { cpu: "4000m", memory: String(16 * 2 ** 30), [gpu]: "2" }, limits: { [gpu]: "2" } },
      ports: [{ containerPort: 9100, hostPort: 9100, protocol: "TCP", hostIP: "0.0.0.0" }],
    });
    expect(JSON.stringify(copied)).not.toMatch(/alice|team-a|exporter/);
  });

  test("the node counts fewer pods by those that the one stands for", () => {
    expect(copyOf([node("a")], held).nodes[0]?.allocatable.pods).toBe("109");
  });

  test("one that has ended holds nothing", () => {
    const ended = { ...pod("x", "a", 2), status: { phase: "Succeeded" } };
    expect(copyOf([node("a")], [ended]).nodes[0]?.others).toBeUndefined();
  });
});

test("moulds leave just the GPUs on each node that the serving pods have there", () => {
  const pods = [
    pod("s1", "a", 2, { role: "stable" }),
    pod("s2", "a", 2, { role: "stable" }),
    pod("x", "a", 1),
    pod("l", "b", 4, { role: "leaving" }),
  ];
  const moulds = copyOf([node("a"), node("b"), node("c", { status: { allocatable: {} } })], pods).moulds;
  expect(moulds.map(({ spec }) => [spec.nodeName, spec.containers[0]?.resources.requests])).toEqual([
    ["a", { [gpu]: "3" }],
    ["b", { [gpu]: "8" }],
  ]);
});

test("a group is one replica of as many pods as its leader says, and its workers hold their places too", () => {
  const pods = [0, 1].flatMap((group) => [0, 1].map((index) => groupPod("aaaaaaaaaa", group, index)));
  const held = pods.map((one) => ({
    ...one,
    metadata: { ...one.metadata, labels: { ...one.metadata.labels, role: "stable" } },
    spec: pod(one.metadata.name, one.spec?.nodeName ?? "", 2).spec,
  }));
  const names = ["h800-0-0", "h800-0-1", "h800-1-0", "h800-1-1"];
  const { serving, moulds } = copyOf(
    names.map((name) => node(name)),
    held as readonly Pod[],
  );
  expect(serving.map(({ pods: count }) => count)).toEqual([2, 2]);
  expect(moulds.map(({ spec }) => spec.containers[0]?.resources.requests)).toEqual(names.map(() => ({ [gpu]: "6" })));
});

test("a quota keeps what others in the namespace leave of it, and says nothing of other objects", () => {
  const quota: ResourceQuota = {
    metadata: { name: "team" },
    spec: {
      hard: {
        [`requests.${gpu}`]: "16",
        pods: "10",
        "requests.storage": "1Ti",
        "count/secrets": "9",
        "requests.cpu": "100",
      },
      scopes: ["NotTerminating"],
    },
    status: { used: { [`requests.${gpu}`]: "9", pods: "7", "requests.cpu": "20500m" } },
  };
  const own = pod("s1", "a", 4, { role: "stable" });
  expect(copyOf([node("a")], [own], { quotas: [quota], ranges: [] }).limits.quotas).toEqual([
    {
      metadata: { name: "team" },
      spec: { hard: { [`requests.${gpu}`]: "11", pods: "4", "requests.cpu": "83500m" }, scopes: ["NotTerminating"] },
    },
  ]);
});

test("on 200 random clusters the planner says of the copy what it says of the cluster", () => {
  const possible = Array.from({ length: 200 }, (_, seed) => {
    const target = clusterOf(randomCase(seed));
    const copy = copyCluster({ ...target, roleOf, alsoKept: new Set([caseLabel, "disk", "rank"]) });
    const [there, here] = [target, clusterOfCopy(copy)].map((cluster) => answersOn(randomCase(seed), cluster));
    expect({ seed, here }).toEqual({ seed, here: there });
    return there ?? [];
  });
  // Where everything is possible, or nothing, little is proven.
  const some = possible.filter((answers) => answers.includes(true) && answers.includes(false));
  expect(some.length).toBeGreaterThan(10);
});

interface Seen {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly limits: NamespaceLimits;
}

function answersOn({ candidate, replicas }: HeadroomCase, { nodes, pods, limits }: Seen): readonly boolean[] {
  const headroom = new Headroom({ nodes, pods, limits, candidate, replicas, roleOf });
  return tryStrategies(headroom).answers.map(({ isPossible }) => isPossible);
}

/** Every second pod of the candidate's namespace serves, the others of it belong to somebody else or are leaving. */
function clusterOf({ nodes, holders, quota, range }: HeadroomCase): Seen {
  const roles: readonly PodRole[] = ["stable", "other", "stable", "leaving"];
  const pods = holders.map(({ spec, isOwn, hasEnded }, index) => ({
    metadata: { name: `pod-${index}`, labels: { role: isOwn ? (roles[index % 4] ?? "other") : "other" } },
    spec,
    status: { phase: hasEnded ? "Failed" : "Running" },
    isOwn,
  }));
  const counted = pods.filter(({ isOwn, status }) => isOwn && status.phase === "Running").map(({ spec }) => spec);
  return {
    nodes: nodes.map((one) => ({ ...one, status: { ...one.status, conditions: ready } })),
    pods,
    limits: limitsOf(quota as ResourceQuota["spec"], range as LimitRange["spec"], counted),
  };
}

function clusterOfCopy({ nodes, serving, limits }: ClusterCopy): Seen {
  const others = nodes.flatMap((one) => one.others ?? []);
  const specs = serving.map(({ pod: spec }) => spec);
  const stable = specs.map((spec, index) => ({ metadata: { name: `s-${index}`, labels: { role: "stable" } }, spec }));
  return {
    nodes: nodes.map(({ name, labels, taints, allocatable, isClosed }) => ({
      metadata: { name, labels },
      spec: { taints, unschedulable: isClosed },
      status: { allocatable, conditions: ready },
    })),
    pods: [...others, ...stable],
    limits: limitsOf(limits.quotas[0]?.spec, limits.ranges[0]?.spec, specs),
  };
}

function limitsOf(
  quota: ResourceQuota["spec"],
  range: LimitRange["spec"],
  counted: readonly PodSpec[],
): NamespaceLimits {
  const used = Object.keys(quota?.hard ?? {}).map((key) => {
    const [kind, resource = ""] = key.split(/\.(.*)/);
    const amounts = counted.map(kind === "limits" ? podLimits : podRequests);
    const sum = amounts.reduce((total, one) => total + (one.get(resource) ?? 0), 0);
    return [key, key === "pods" ? String(counted.length) : resource === "cpu" ? `${sum}m` : String(sum)];
  });
  return {
    quotas:
      quota === undefined ? [] : [{ metadata: { name: "q" }, spec: quota, status: { used: Object.fromEntries(used) } }],
    ranges: range === undefined ? [] : [{ metadata: { name: "r" }, spec: range }],
  };
}
