import { describe, expect, test } from "vitest";
import type { PlanHeadroomArgs } from "../../../infra/core/headroom.ts";
import { appLabel, revisionLabel } from "../../../infra/core/names.ts";
import { type Traffic, trafficOfRevision } from "../../../infra/core/traffic.ts";
import { planHeadroom } from "../../../infra/rollgate/plan-headroom.ts";
import { boundPod, engineSpec, nodeObject } from "../../support/cluster-objects.ts";
import { FakeCluster } from "../../support/fake-cluster.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const [next, stable] = ["bbbbbbbbbb", "aaaaaaaaaa"];
const signal = new AbortController().signal;

const args: PlanHeadroomArgs = {
  namespace: "keye",
  app: "keye",
  service: "keye",
  revision: next,
  replicas: 2,
  podSpec: engineSpec(),
  adopted: [],
};

/** A node of eight GPUs of which one is free, beside one engine that serves as `active`. */
function plan(change: Partial<PlanHeadroomArgs>, active: string | undefined, labels = {}, traffic?: Traffic) {
  const cluster = new FakeCluster(new ManualClock());
  const own = { [appLabel]: "keye", [revisionLabel]: active ?? "" };
  const serving = { ...boundPod("keye-0", "h800-0", { spec: engineSpec(), revision: stable }) };
  const pods = [
    boundPod("train", "h800-0", { gpus: "5" }),
    { ...serving, metadata: { ...serving.metadata, labels: own } },
  ];
  cluster.capacity = async () => ({ nodes: [nodeObject("h800-0", { labels })], pods });
  return planHeadroom(
    { cluster, liveTraffic: async () => traffic ?? trafficOfRevision(active ?? "none") },
    { ...args, ...change },
    signal,
  );
}

describe("a plan of a rollout", () => {
  test("is refused where there is no room, and says what would do", async () => {
    expect(await plan({ replicas: 1 }, stable)).toMatchObject({
      choice: "recreate",
      isReplacing: true,
      refusals: { blueGreen: { message: "needs 1 replica of 2 GPUs each; there is room for 0 (1 GPU free)." } },
    });
  });

  test("is not refused for a revision that serves, whatever its replicas find", async () => {
    const { refusals, lines } = await plan({}, next);
    expect(refusals).toEqual({});
    expect(lines).toContain("blueGreen: not possible, room for 0 of 1.");
  });

  test("goes on with a canary that is under way, whatever room there is at the moment", async () => {
    const underWay = await plan({ replicas: 4 }, stable, {}, { kind: "ramp", from: stable, to: next });
    expect(underWay).toMatchObject({ choice: "canary", refusals: {}, isReplacing: true });
    const another = await plan({ replicas: 4 }, stable, {}, { kind: "ramp", from: stable, to: "cccccccccc" });
    expect(Object.keys(another.refusals)).toEqual(["blueGreen", "canary", "recreate"]);
  });

  test("does not refuse a canary for that somebody has led the selector elsewhere, where there is room", async () => {
    const { refusals } = await plan({ replicas: 1 }, stable, {}, { kind: "revision", revision: "cccccccccc" });
    expect(refusals).toEqual({});
  });

  test("has nothing to say of strategies where all replicas are there", async () => {
    const { refusals, lines } = await plan({ replicas: 1 }, next);
    expect(refusals).toEqual({});
    expect(lines).toEqual([
      "The one replica has a node; 1 GPU is free.",
      "node    GPUs  held  free  fits  by",
      "h800-0     8     7     1     0  team/train 5, keye/keye-0 2",
    ]);
  });

  test("takes nodes to carry the labels that the stack will give them", async () => {
    const pool = { "keye-stack.dev/pool": "new" };
    const podSpec = engineSpec({ nodeSelector: pool });
    const adopted = [{ selector: { product: "H800" }, labels: pool }];
    const [, ...before] = (await plan({ podSpec, adopted }, stable)).lines;
    const [, , row] = (await plan({ podSpec, adopted }, stable, { product: "H800" })).lines;
    expect(before[0]).toBe("no node with GPUs carries the labels that the engine asks for");
    expect(row).toMatch(/^h800-0 /);
  });

  test("counts what no Service has made serve as leaving", async () => {
    expect((await plan({ replicas: 1 }, undefined)).refusals).toEqual({});
  });

  test("counts nodes that may come", async () => {
    const growth = {
      pools: [{ nodeLabels: { "keye-stack.dev/pool": "h800" }, maxNodes: 2, gpusPerNode: 8 }],
      nodeStartSeconds: 60,
    };
    const { lines, refusals } = await plan({ growth }, stable);
    expect(refusals).toEqual({});
    expect(lines[0]).toBe(
      "The candidate needs 2 replicas of 2 GPUs each; 1 GPU is free, and nodes may come for 4 more.",
    );
  });
});
