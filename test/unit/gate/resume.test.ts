import { describe, expect, test } from "vitest";
import { gpuNode } from "../../support/fake-pod.ts";
import { failureOf, next, Scene, stable } from "./stage.ts";

const third = "cccccccccc";

/** A scene whose run was killed at a call: it neither undid nor recorded anything. */
async function killedAt(call: string): Promise<Scene> {
  const scene = new Scene();
  const dead = new Error("SIGKILL");
  let isDead = false;
  scene.cluster.intercept = (name) => {
    if (name === call) isDead = true;
    if (isDead) throw dead;
  };
  await scene.promote();
  return scene;
}

describe("a run that follows a killed one", () => {
  test("before the switch takes over the candidate that runs", async () => {
    const scene = await killedAt("probePod#1");
    expect(scene.state).toBe(`${stable} serves; ${stable} at 2, ${next} at 2`);
    expect((await scene.promoteAgain()).kind).toBe("resolved");
    expect(scene.cluster.writes.filter((write) => write === `scale ${next} 2`)).toHaveLength(1);
    expect(scene.state).toBe(`${next} serves; ${stable} at 0, ${next} at 2`);
  });

  test("after the switch verifies in place, then retires the old revision", async () => {
    const scene = await killedAt("observe#3");
    expect(scene.state).toBe(`${next} serves; ${stable} at 2, ${next} at 2`);
    const ending = await scene.promoteAgain();
    expect(ending).toMatchObject({ kind: "resolved", outputs: { activeRevision: next, previousRevision: stable } });
    expect(scene.cluster.writes.slice(-3)).toEqual([`scale ${stable} 0`, "evidence pass", `baseline ${next}`]);
  });

  test("after the switch goes back where the candidate turns out wrong", async () => {
    const scene = await killedAt("observe#3");
    scene.prober.revisions.set(next, "wrong");
    expect(failureOf(await scene.promoteAgain()).code).toBe("E_PROBE");
    expect(scene.state).toBe(`${stable} serves; ${stable} at 2, ${next} at 0`);
  });

  test("after the switch stays where the old revision is gone", async () => {
    const scene = await killedAt("observe#3");
    scene.cluster.scaleByHand(stable, 0);
    scene.prober.revisions.set(next, "wrong");
    expect(failureOf(await scene.promoteAgain()).code).toBe("E_PROBE");
    expect(scene.state).toBe(`${next} serves; ${stable} at 0, ${next} at 2`);
  });

  test("of a first deploy goes back to nothing where the candidate turns out wrong", async () => {
    const scene = new Scene({ firstDeploy: true });
    let isDead = false;
    scene.cluster.intercept = (name) => {
      isDead ||= name === "observe#3";
      if (isDead) throw new Error("SIGKILL");
    };
    await scene.promote();
    scene.prober.traffic.set(next, "wrong");
    expect(failureOf(await scene.promoteAgain()).code).toBe("E_POSTVERIFY");
    expect(scene.state).toBe(`none serves; ${stable} at 0, ${next} at 0`);
  });
});

describe("a revision that serves already", () => {
  test("and is proven by the same probes is asked nothing and nothing is written", async () => {
    const scene = new Scene();
    const first = await scene.promote();
    const writes = scene.cluster.writes.length;
    scene.prober.passed.clear();
    const second = await scene.promoteAgain({ retryNonce: "2" });
    expect(second).toEqual(first);
    expect(scene.cluster.writes).toHaveLength(writes);
    expect(scene.prober.passed.size).toBe(0);
  });

  test("is proven in place when only the probes changed", async () => {
    const scene = new Scene();
    await scene.promote();
    const writes = scene.cluster.writes.length;
    const ending = await scene.promoteAgain({ probeHash: "9999999999" });
    expect(ending).toMatchObject({ kind: "resolved", outputs: { activeRevision: next } });
    expect(scene.cluster.writes.slice(writes)).toEqual(["evidence pass"]);
  });

  test("keeps serving when it fails changed probes", async () => {
    const scene = new Scene();
    await scene.promote();
    scene.prober.revisions.set(next, "wrong");
    expect(failureOf(await scene.promoteAgain({ probeHash: "9999999999" })).code).toBe("E_PROBE");
    expect(scene.state).toBe(`${next} serves; ${stable} at 0, ${next} at 2`);
  });

  test("is scaled and proven when only the replicas changed", async () => {
    const scene = new Scene();
    await scene.promote();
    expect((await scene.promoteAgain({ replicas: 3 })).kind).toBe("resolved");
    expect(scene.cluster.replicas(next)).toBe(3);
    expect(scene.prober.passed.size).toBe(3);
  });

  test("keeps the replicas that an autoscaler gave it when only the probes changed", async () => {
    const scene = new Scene();
    await scene.promote();
    await scene.promoteAgain({ probeHash: "1111111111" });
    scene.cluster.scaleByHand(next, 3);
    expect((await scene.promoteAgain({ probeHash: "1111111111" })).kind).toBe("resolved");
    expect(scene.cluster.replicas(next)).toBe(3);
  });
});

describe("leftovers of rejected revisions", () => {
  test("are parked before the candidate is scaled, and their GPUs count as free", async () => {
    const scene = new Scene();
    scene.cluster.add({ revision: third, replicas: 2, script: { kind: "slow" } }, 600);
    expect((await scene.promote()).kind).toBe("resolved");
    expect(scene.cluster.writes.slice(0, 2)).toEqual([`scale ${third} 0`, `scale ${next} 2`]);
  });

  test("that began to serve meanwhile are left alone", async () => {
    const scene = new Scene();
    scene.cluster.add({ revision: third, replicas: 2, script: { kind: "healthy" } }, 600);
    scene.cluster.intercept = (name) => {
      if (name === "observe#2") scene.cluster.selector = third;
    };
    expect(failureOf(await scene.promote()).code).toBe("E_CAPACITY");
    expect(scene.cluster.replicas(third)).toBe(2);
  });

  test("that never end are reported, and nothing is scaled up", async () => {
    const scene = new Scene();
    scene.cluster.add({ revision: third, replicas: 0, script: { kind: "slow" } });
    scene.cluster.add({ revision: third, replicas: 2, script: { kind: "slow" } }, 600);
    scene.cluster.nodes = [gpuNode("h800-0"), gpuNode("h800-1")];
    scene.cluster.endingSeconds = 100_000;
    const error = failureOf(await scene.promote());
    expect({ code: error.code, phase: error.phase }).toEqual({ code: "E_CAPACITY", phase: "park" });
    expect(scene.cluster.replicas(next)).toBe(0);
  });
});

describe("pods of an earlier candidate that are still ending", () => {
  test("are waited for where they hold the GPUs that the next one needs", async () => {
    const scene = new Scene();
    scene.prober.revisions.set(next, "wrong");
    scene.cluster.endingSeconds = 200;
    failureOf(await scene.promote());
    scene.prober.revisions.clear();
    const ending = await scene.promoteAgain({ retryNonce: "2" });
    expect(ending.kind).toBe("resolved");
    expect(scene.evidence()?.phases.find(({ name }) => name === "park")?.outcome).toBe("pass");
  });

  test("are not waited for where there is room beside them", async () => {
    const scene = new Scene();
    scene.cluster.nodes = [gpuNode("h800-0"), gpuNode("h800-1"), gpuNode("h800-2")];
    scene.prober.revisions.set(next, "wrong");
    scene.cluster.endingSeconds = 100_000;
    failureOf(await scene.promote());
    scene.prober.revisions.clear();
    const begun = scene.clock.now();
    expect((await scene.promoteAgain({ retryNonce: "2" })).kind).toBe("resolved");
    expect(scene.clock.now() - begun).toBeLessThan(90_000);
  });
});

describe("too few GPUs", () => {
  test("end the promotion before anything is touched, with the ledger", async () => {
    const scene = new Scene();
    const error = failureOf(await scene.promote({ replicas: 3 }));
    expect({ code: error.code, kind: error.kind, phase: error.phase }).toEqual({
      code: "E_CAPACITY",
      kind: "inconclusive",
      phase: "preflight",
    });
    expect(scene.cluster.writes).toEqual(["evidence inconclusive"]);
    expect(error.message).toMatchInlineSnapshot(`
      "E_CAPACITY phase=preflight: keye/keye-bbbbbbbbbb: needs 3 replicas of 4 GPUs each; there is room for 2 (8 GPUs free).
        cure       Free GPUs or add nodes.
        details    node    GPUs  held  free  fits  by
                   h800-0     8     4     4     1  keye/keye-aaaaaaaaaa-2 4
                   h800-1     8     4     4     1  keye/keye-aaaaaaaaaa-1 4
        candidate  revision bbbbbbbbbb: untouched, at 0 replicas
        serving    revision aaaaaaaaaa, 2 of 2 pods ready
        phases     preflight 0.0 s (inconclusive)
        evidence   ConfigMap keye/rollgate-keye-bbbbbbbbbb-0123456789
        look       kubectl -n keye get configmap rollgate-keye-bbbbbbbbbb-0123456789 -o jsonpath='{.data.evidence\\.json}'
        next up    tries this revision again"
    `);
  });

  test("on nodes that do not carry the engine's labels do not count", async () => {
    const scene = new Scene();
    scene.cluster.nodes = scene.cluster.nodes.map((node) => ({ ...node, metadata: { name: node.metadata.name } }));
    const error = failureOf(await scene.promote());
    expect(error.message).toContain("no node with GPUs carries the labels");
  });

  test("that a quota leaves count no more than GPUs that are held", async () => {
    const scene = new Scene();
    const hard = { "requests.nvidia.com/gpu": "12" };
    const used = { "requests.nvidia.com/gpu": "8" };
    const quota = { metadata: { name: "gpus" }, spec: { hard }, status: { used } };
    scene.cluster.bounds = { quotas: [quota], ranges: [] };
    const error = failureOf(await scene.promote());
    expect({ code: error.code, phase: error.phase }).toEqual({ code: "E_CAPACITY", phase: "preflight" });
    expect(error.message).toContain(
      "there is room for 1 (quota gpus: requests.nvidia.com/gpu 8 of 12 used, 4 a replica; 8 GPUs free).",
    );
  });
});

describe("pods that change under the probes", () => {
  test.each([
    { change: "restarts", act: (scene: Scene) => scene.cluster.changePod("uid-3", { restarts: 1 }) },
    { change: "is replaced", act: (scene: Scene) => scene.cluster.deletePod("uid-3") },
  ])("a pod that $change between probe and switch is proven anew", async ({ act }) => {
    const scene = new Scene();
    scene.cluster.intercept = (call) => {
      if (call === "saveEvidence#1") act(scene);
    };
    const ending = await scene.promote();
    expect(ending.kind).toBe("resolved");
    if (ending.kind !== "resolved") return;
    const serving = scene.cluster.podsOf(next);
    expect(ending.outputs.podUids).toEqual(serving.map(({ uid }) => uid).toSorted());
    expect(serving.every(({ uid, restarts }) => scene.prober.passed.has(`${uid}/${restarts}`))).toBe(true);
    expect(scene.cluster.writes.filter((write) => write.startsWith("switch"))).toHaveLength(1);
  });

  test("that keep changing are never switched to", async () => {
    const scene = new Scene();
    let restarts = 0;
    scene.cluster.intercept = (call) => {
      if (/^saveEvidence#[123]$/.test(call)) scene.cluster.changePod("uid-3", { restarts: ++restarts });
    };
    const error = failureOf(await scene.promote());
    expect({ code: error.code, phase: error.phase }).toEqual({ code: "E_CRASH", phase: "recheck" });
    expect(scene.cluster.selector).toBe(stable);
  });
});

describe("the cool-down of a rejection", () => {
  async function rejected(): Promise<Scene> {
    const scene = new Scene();
    scene.prober.revisions.set(next, "wrong");
    failureOf(await scene.promote());
    scene.prober.revisions.clear();
    return scene;
  }

  test("fails the same revision at once, without touching anything, and does not grow longer by that", async () => {
    const scene = await rejected();
    const writes = scene.cluster.writes.length;
    await scene.clock.advance(300_000);
    const error = failureOf(await scene.promoteAgain());
    expect({ code: error.code, phase: error.phase, kind: error.kind }).toEqual({
      code: "E_PROBE",
      phase: "preflight",
      kind: "fail",
    });
    expect(scene.cluster.writes).toHaveLength(writes);
    await scene.clock.advance(305_000);
    expect((await scene.promoteAgain()).kind).toBe("resolved");
  });

  test.each([
    { change: "a new retryNonce", with: { retryNonce: "2" } },
    { change: "other probes", with: { probeHash: "9999999999" } },
    { change: "no cool-down at all", with: { cooldownSeconds: 0 } },
  ])("is over with $change", async ({ with: change }) => {
    const scene = await rejected();
    expect((await scene.promoteAgain(change)).kind).toBe("resolved");
  });

  test.each(["none", "hang"] as const)("does not exist for an inconclusive verdict (%s)", async (answers) => {
    const scene = new Scene();
    scene.prober.revisions.set(next, answers);
    expect(failureOf(await scene.promote()).kind).toBe("inconclusive");
    scene.prober.revisions.clear();
    expect((await scene.promoteAgain()).kind).toBe("resolved");
  });

  test("does not exist for a fault of the cluster", async () => {
    const scene = new Scene();
    scene.cluster.setScript(next, { kind: "unschedulable", message: "0/2 nodes are available." });
    expect(failureOf(await scene.promote()).kind).toBe("fail");
    scene.cluster.setScript(next, { kind: "healthy" });
    expect((await scene.promoteAgain()).kind).toBe("resolved");
  });
});

test("a strategy that is still to be chosen is refused before the Lease is taken", async () => {
  const scene = new Scene();
  const message =
    'CONFIG_INVALID: keye/keye: rollout.strategy: got "auto", wanted blueGreen, canary or recreate: which one it comes to is decided before a promotion.';
  expect(await scene.promote({ strategy: "auto" })).toMatchObject({ kind: "rejected", error: { message } });
  expect(scene.cluster.writes).toEqual([]);
});
