import { describe, expect, test } from "vitest";
import { Headroom, type HeadroomInputs } from "../../../../infra/status/headroom/headroom.ts";
import { besideRefusal, headroomLines } from "../../../../infra/status/headroom/report.ts";
import { rolesIn } from "../../../../infra/status/headroom/roles.ts";
import { tryStrategies } from "../../../../infra/status/headroom/strategies.ts";
import type { Node, Pod } from "../../../../infra/status/objects.ts";
import { boundPod, engineSpec, nodeObject } from "../../../support/cluster-objects.ts";

const [next, stable] = ["bbbbbbbbbb", "aaaaaaaaaa"];
const roleOf = rolesIn({ namespace: "keye", app: "keye", revision: next, active: stable });

function headroom(change: Partial<HeadroomInputs>): Headroom {
  const limits = { quotas: [], ranges: [] };
  return new Headroom({ nodes: [], pods: [], limits, candidate: engineSpec(), replicas: 2, roleOf, ...change });
}

/** Nodes of eight GPUs, with so many of each held by somebody else. */
function held(...gpus: readonly number[]): { readonly nodes: readonly Node[]; readonly pods: readonly Pod[] } {
  const nodes = gpus.map((_, index) => nodeObject(`h800-${index}`));
  const pods = gpus.map((count, index) => boundPod(`train-${index}`, `h800-${index}`, { gpus: String(count) }));
  return { nodes, pods };
}

function old(...on: readonly number[]): readonly Pod[] {
  return on.map((node, index) =>
    boundPod(`keye-old-${index}`, `h800-${node}`, { spec: engineSpec(), revision: stable }),
  );
}

function outcome(room: Headroom): string {
  const { answers, choice } = tryStrategies(room);
  const possible = answers.filter(({ isPossible }) => isPossible).map(({ strategy }) => strategy);
  return `${choice ?? "none"} of ${possible.join(", ") || "none"}`;
}

describe("what can be done with two replicas of two GPUs beside two that serve", () => {
  test.each([
    { free: 0, says: "canary of canary, recreate" },
    { free: 1, says: "canary of canary, recreate" },
    { free: 2, says: "canary of canary, recreate" },
    { free: 4, says: "blueGreen of blueGreen, canary, recreate" },
  ])("with $free GPUs free: $says", ({ free, says }) => {
    const { nodes, pods } = held(4 - free);
    expect(outcome(headroom({ nodes, pods: [...pods, ...old(0, 0)] }))).toBe(says);
  });

  test("free GPUs on different nodes do not make a replica", () => {
    const { nodes, pods } = held(7, 7, 7, 7, 4);
    expect(outcome(headroom({ nodes, pods: [...pods, ...old(4, 4)] }))).toBe("canary of canary, recreate");
  });

  test("the only replica that serves is not replaced by going first", () => {
    const { nodes, pods } = held(6);
    expect(outcome(headroom({ nodes, replicas: 1, pods: [...pods, ...old(0)] }))).toBe("recreate of recreate");
  });

  test("replicas that have grown do not find their place one by one", () => {
    const amounts = { "nvidia.com/gpu": "4" };
    const candidate = engineSpec({ containers: [{ name: "engine", resources: { requests: amounts } }] });
    const { nodes, pods } = held(4, 4);
    const where = { nodes, pods: [...pods, ...old(0, 0, 1, 1)], candidate };
    expect(outcome(headroom(where))).toBe("recreate of recreate");
  });

  test("replicas that have shrunk find more than one place where an old one was", () => {
    const candidate = engineSpec({
      containers: [{ name: "engine", resources: { requests: { "nvidia.com/gpu": "1" } } }],
    });
    const { nodes, pods } = held(4);
    const where = { nodes, pods: [...pods, ...old(0, 0)], candidate, replicas: 4 };
    expect(outcome(headroom(where))).toBe("canary of canary, recreate");
  });

  test("nothing can be done where even their own places do not suffice", () => {
    const { nodes, pods } = held(4);
    expect(outcome(headroom({ nodes, pods: [...pods, ...old(0, 0)], replicas: 3 }))).toBe("none of none");
  });

  test("a quota that is full of the old ones leaves their places alone", () => {
    const used = { "requests.nvidia.com/gpu": "4" };
    const quota = { metadata: { name: "gpus" }, spec: { hard: used }, status: { used } };
    const where = { nodes: held(0).nodes, pods: old(0, 0), limits: { quotas: [quota], ranges: [] } };
    expect(outcome(headroom(where))).toBe("canary of canary, recreate");
  });
});

describe("the room for a candidate", () => {
  test("does not need what is there of it already", () => {
    const { nodes, pods } = held(6);
    const there = boundPod("keye-new-0", "h800-0", { spec: engineSpec(), revision: next });
    const room = headroom({ nodes, pods: [...pods, there] });
    expect([room.present, room.surge]).toEqual([1, 1]);
    expect(besideRefusal(room)?.message).toBe(
      "needs 2 replicas of 2 GPUs each, 1 more than there is; there is room for 0 (0 GPUs free).",
    );
  });

  test("includes the places of what is leaving: other revisions and pods that are ending", () => {
    const parked = boundPod("keye-parked-0", "h800-0", { spec: engineSpec(), revision: "cccccccccc" });
    const ending = boundPod("keye-new-0", "h800-0", { spec: engineSpec(), revision: next });
    const leaving = { ...ending, metadata: { ...ending.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } };
    const { nodes, pods } = held(4);
    expect(headroom({ nodes, pods: [...pods, parked, leaving] }).fitWithout([]).fits).toBe(2);
  });

  test("is not taken by pods that have ended", () => {
    const ended = held(8).pods.map((pod) => ({ ...pod, status: { phase: "Succeeded" } }));
    expect(headroom({ nodes: held(8).nodes, pods: ended }).fitWithout([]).fits).toBe(2);
  });

  test("is none where a LimitRange forbids its pods", () => {
    const ranges = [{ metadata: { name: "r" }, spec: { limits: [{ type: "Pod", max: { cpu: "8" } }] } }];
    const room = headroom({ nodes: held(0).nodes, limits: { quotas: [], ranges } });
    expect(besideRefusal(room)).toEqual({
      message:
        "needs 2 replicas of 2 GPUs each; there is room for 0 (a LimitRange forbids the pod: the pod has a 16 limit of cpu, at most 8 is allowed; 8 GPUs free).",
      hint: "Raise it, or ask for less.",
    });
  });

  test("is also on nodes to come", () => {
    const growth = { pools: [{ nodeLabels: { "keye-stack.dev/pool": "h800" }, maxNodes: 2, gpusPerNode: 8 }] };
    const { nodes, pods } = held(8);
    expect(headroom({ nodes, pods, growth }).fitWithout([]).fits).toBe(2);
  });
});

test("a person is shown who holds what, what can be done, and what was not looked at", () => {
  const { nodes, pods } = held(8, 4, 0, 0);
  const [first, second, third, fourth] = nodes;
  const cordoned = { ...third, spec: { unschedulable: true } } as Node;
  const small = nodeObject("h800-3", { allocatable: { cpu: "12" } });
  const stranger = nodeObject("l40s-0", { labels: { "keye-stack.dev/pool": "l40s" } });
  expect(fourth).toBeDefined();
  const room = headroom({
    nodes: [first, second, cordoned, small, stranger].filter((node) => node !== undefined),
    pods: [...pods.slice(0, 2), ...old(1, 1)],
    candidate: engineSpec({ priorityClassName: "serving" }),
    limits: undefined,
  });
  expect(`\n${headroomLines(room, tryStrategies(room)).join("\n")}`).toMatchInlineSnapshot(`
    "
    The candidate needs 2 replicas of 2 GPUs each; 8 GPUs are free.
    node    GPUs  held  free  fits  by
    h800-0     8     8     0     0  team/train-0 8
    h800-1     8     8     0     0  team/train-1 4, keye/keye-old-0 2, keye/keye-old-1 2
    h800-2     8     0     0     0  cordoned
    h800-3     8     0     8     0  cpu: 12 free, 16 wanted
    blueGreen: not possible, room for 0 of 2 beside the 2 that serve.
    canary: possible, one by one in the place of an old replica, 1 of 2 serve meanwhile.
    recreate: possible, room for 2 of 2 once the 2 of the old revision are gone; nobody serves until they are ready.
    auto would choose canary: one by one in the place of an old replica, 1 of 2 serve meanwhile; blueGreen cannot (room for 0 of 2 beside the 2 that serve).
    Quotas and LimitRanges may not be read here, and count as none.
    Priority class serving may drive others out, which is not counted on."
  `);
});
