import { describe, expect, test } from "vitest";
import type { PromotionInputs } from "../../../infra/core/promotion-inputs.ts";
import { awaitingNodes } from "../../../infra/gate/growth.ts";
import { PromotionRun } from "../../../infra/gate/promotion-run.ts";
import type { Fault } from "../../../infra/status/fault.ts";
import { gpuNode } from "../../support/fake-pod.ts";
import { failureOf, inputs, next, Scene } from "./stage.ts";

const pool = { nodeLabels: { "keye-stack.dev/pool": "h800" }, maxNodes: 3, gpusPerNode: 8 };

function growth(change: Partial<typeof pool> = {}): Partial<PromotionInputs> {
  return { growth: { pools: [{ ...pool, ...change }], nodeStartSeconds: 200 } };
}

/** A node comes once pods wait for one. */
function growLater(scene: Scene): void {
  const before = scene.cluster.nodes;
  scene.cluster.intercept = () => {
    if (!scene.lines.some((line) => line.startsWith("[scale]"))) return;
    scene.cluster.nodes = [...before, gpuNode("h800-new")];
  };
}

function runOf(scene: Scene, change: Partial<PromotionInputs>): PromotionRun {
  return new PromotionRun(inputs(change), scene.ports(), new AbortController().signal);
}

test("only a pod that no node takes is given the time that a node needs", () => {
  const fault: Fault = { code: "E_UNSCHEDULABLE", reason: ".", where: "pod/a", verdictAfterSeconds: 90, tolerated: 0 };
  const wait = (change: Partial<PromotionInputs>, one: Fault) =>
    awaitingNodes(runOf(new Scene(), change), one).verdictAfterSeconds;
  expect(wait(growth(), fault)).toBe(200);
  expect(wait({}, fault)).toBe(90);
  expect(wait(growth(), { ...fault, code: "E_IMAGE" })).toBe(90);
  expect(wait(growth(), { ...fault, verdictAfterSeconds: 500 })).toBe(500);
});

describe("a promotion onto a pool that may grow", () => {
  test("begins where only nodes to come have room", async () => {
    const scene = new Scene({ firstDeploy: true });
    scene.cluster.nodes = [];
    growLater(scene);
    expect((await scene.promote(growth())).kind).toBe("resolved");
    expect(scene.lines).toContain(
      "[preflight] needs 2 replicas of 4 GPUs each; 0 GPUs are free, and nodes may come for 6 more",
    );
  });

  test("is refused where they have not, with both numbers", async () => {
    const scene = new Scene();
    const error = failureOf(await scene.promote({ replicas: 5, ...growth() }));
    expect({ code: error.code, phase: error.phase }).toEqual({ code: "E_CAPACITY", phase: "preflight" });
    expect(error.message).toContain("there is room for 2 (8 GPUs free), and nodes may come for 2 more.");
  });

  test("waits for a node as long as one may take, and no longer", async () => {
    const scene = new Scene();
    scene.cluster.setScript(next, { kind: "unschedulable", message: "0/2 nodes are available." });
    const begun = scene.clock.now();
    expect(failureOf(await scene.promote(growth())).code).toBe("E_UNSCHEDULABLE");
    const seconds = (Date.parse(scene.evidence()?.finishedAt ?? "") - begun) / 1000;
    expect(seconds).toBeGreaterThanOrEqual(200);
    expect(seconds).toBeLessThan(215);
  });

  test.each([
    { what: "as long", change: growth(), least: 200 },
    { what: "90 seconds where none may come", change: {}, least: 90 },
  ])("waits for a node for the weights $what", async ({ change, least }) => {
    const scene = new Scene();
    const job = { name: "keye-hydrate-1", kind: "hydrate" } as const;
    scene.supply.add(job.name, { kind: "noNode", message: "0/0 nodes are available." });
    const supply = { jobs: [job], parallelism: 1, deadlineSeconds: 600 };
    const begun = scene.clock.now();
    expect(failureOf(await scene.promote({ supply, ...change })).code).toBe("E_UNSCHEDULABLE");
    const seconds = (Date.parse(scene.evidence()?.finishedAt ?? "") - begun) / 1000;
    expect(seconds).toBeGreaterThanOrEqual(least);
    expect(seconds).toBeLessThan(least + 15);
  });

  test("does not wait for parked pods to end where nodes may come meanwhile", async () => {
    const scene = new Scene();
    scene.cluster.add({ revision: "cccccccccc", replicas: 2, script: { kind: "slow" } }, 600);
    scene.cluster.endingSeconds = 100_000;
    growLater(scene);
    expect((await scene.promote(growth())).kind).toBe("resolved");
  });
});
