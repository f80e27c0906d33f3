import { describe, expect, test } from "vitest";
import { Headroom } from "../../../../infra/status/headroom/headroom.ts";
import { needText } from "../../../../infra/status/headroom/report.ts";
import { rolesIn } from "../../../../infra/status/headroom/roles.ts";
import { tryStrategies } from "../../../../infra/status/headroom/strategies.ts";
import type { Pod } from "../../../../infra/status/objects.ts";
import { engineSpec, nodeObject } from "../../../support/cluster-objects.ts";
import { groupPod } from "../../../support/group-pods.ts";

const [next, stable] = ["bbbbbbbbbb", "aaaaaaaaaa"];
const roleOf = rolesIn({ namespace: "keye", app: "keye", revision: next, active: stable });

/** Two replicas of two pods of two GPUs, on nodes that have two GPUs each. */
function headroom(nodes: number, pods: readonly Pod[] = []): Headroom {
  return new Headroom({
    nodes: Array.from({ length: nodes }, (_, index) =>
      nodeObject(`h800-${index}`, { allocatable: { "nvidia.com/gpu": "2" } }),
    ),
    pods,
    limits: { quotas: [], ranges: [] },
    candidate: engineSpec(),
    replicas: 2,
    podsPerReplica: 2,
    roleOf,
  });
}

function on(pod: Pod, node: number): Pod {
  return { ...pod, spec: { ...engineSpec(), nodeName: `h800-${node}` } };
}

/** One group that serves, on the first two nodes. */
const serving = [on(groupPod(stable, 0, 0), 0), on(groupPod(stable, 0, 1), 1)];

describe("replicas of two pods", () => {
  test.each([
    { nodes: 4, fits: 2 },
    { nodes: 3, fits: 1 },
    { nodes: 1, fits: 0 },
  ])("find room as whole groups: $fits on $nodes nodes", ({ nodes, fits }) => {
    expect(headroom(nodes).fitWithout([]).fits).toBe(fits);
  });

  test("say what each of them is", () => {
    expect(needText(headroom(4))).toBe("needs 2 replicas of 2 pods each with 2 GPUs a pod");
  });

  test("are placed in part until every pod of theirs has a node", () => {
    const room = headroom(4, [on(groupPod(next, 0, 0), 0), on(groupPod(next, 0, 1), 1), on(groupPod(next, 1, 0), 2)]);
    expect([room.present, room.surge, room.fitWithout([]).fits]).toEqual([1, 1, 1]);
  });

  test("are never replaced one by one: the cluster picks which goes", () => {
    const { answers, choice } = tryStrategies(headroom(4, serving));
    expect(answers.map(({ strategy, isPossible }) => [strategy, isPossible])).toEqual([
      ["blueGreen", false],
      ["canary", false],
      ["recreate", true],
    ]);
    expect(choice).toBe("recreate");
    expect(answers[0]?.reason).toBe("room for 1 of 2 beside the 1 that serves");
  });
});
