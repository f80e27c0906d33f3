import { describe, expect, test } from "vitest";
import { gpuNode } from "../../../support/fake-pod.ts";
import { failureOf, next, Scene, stable } from "../stage.ts";

const recreate = { strategy: "recreate" } as const;
const untouched = `${stable} serves; ${stable} at 2, ${next} at 0`;
const promoted = `${next} serves; ${stable} at 0, ${next} at 2`;

/** A scene whose run was killed at a call: it neither undid nor recorded anything. */
async function killedAt(call: string): Promise<Scene> {
  const scene = new Scene();
  scene.cluster.nodes = [gpuNode("h800-0")];
  for (const pod of scene.cluster.podsOf(stable)) scene.cluster.changePod(pod.uid, { node: "h800-0" });
  let isDead = false;
  scene.cluster.intercept = (name) => {
    if (name === call) isDead = true;
    if (isDead) throw new Error("SIGKILL");
  };
  await scene.promote(recreate);
  return scene;
}

/** As a watchdog does it. */
function restoreByWatchdog(scene: Scene): void {
  scene.cluster.scaleByHand(next, 0);
  scene.cluster.scaleByHand(stable, 2);
}

describe("a run that follows one killed in the gap", () => {
  test("goes on with the candidate at once where nobody has restored the old revision", async () => {
    const scene = await killedAt("probePod#1");
    expect(scene.state).toBe(`${stable} serves; ${stable} at 0, ${next} at 2`);
    const begun = scene.clock.now();
    const ending = await scene.promoteAgain(recreate);
    expect(ending).toMatchObject({ kind: "resolved", outputs: { activeRevision: next, previousRevision: stable } });
    expect(scene.cluster.writes.filter((write) => write.startsWith("scale"))).toEqual([
      `scale ${stable} 0`,
      `scale ${next} 2`,
    ]);
    expect(scene.clock.now() - begun).toBeLessThan(60_000);
    expect(scene.state).toBe(promoted);
  });

  test("frees the GPUs of the candidate where the old revision is wanted and asks for all its pods already", async () => {
    const scene = await killedAt("probePod#1");
    scene.cluster.scaleByHand(stable, 2);
    const probe = { profile: "gate", expectation: { weightVersion: stable } } as const;
    const ending = await scene.promoteAgain({ ...recreate, revision: stable, workload: `keye-${stable}`, probe });
    expect(ending).toMatchObject({ kind: "resolved", outputs: { activeRevision: stable } });
    expect(scene.state).toBe(untouched);
  });

  test("counts the outage from when the old revision went", async () => {
    const scene = await killedAt("probePod#1");
    await scene.clock.advance(100_000);
    const ending = await scene.promoteAgain(recreate);
    if (ending.kind !== "resolved") throw new Error("wanted a promotion that succeeds");
    expect(ending.outputs.outageSeconds).toBeGreaterThan(130);
    expect(ending.outputs.outageSeconds).toBeLessThan(150);
  });

  test.each(["recreate", "blueGreen"] as const)(
    "and fails itself brings the old revision back to the replicas of the record (%s)",
    async (strategy) => {
      const scene = await killedAt("probePod#1");
      scene.prober.revisions.set(next, "wrong");
      const error = failureOf(await scene.promoteAgain({ strategy, replicas: 1 }));
      expect(error.message).toMatch(/^GATE_FAILED phase=probe code=E_PROBE: rolled back, outage \d+ s: /);
      expect(scene.state).toBe(untouched);
    },
  );

  test("brings it back even where it ends before anything was touched", async () => {
    const scene = await killedAt("probePod#1");
    const error = failureOf(await scene.promoteAgain({ ...recreate, replicas: 9 }));
    expect({ code: error.code, phase: error.phase }).toEqual({ code: "E_CAPACITY", phase: "preflight" });
    expect(scene.state).toBe(untouched);
  });

  test("waits until the old revision serves again where a watchdog has asked it back, then tries", async () => {
    const scene = await killedAt("probePod#1");
    restoreByWatchdog(scene);
    let readyWhenAskedToGo = -1;
    scene.cluster.onStep = () => {
      if (scene.cluster.writes.at(-1) !== `scale ${stable} 0`) readyWhenAskedToGo = scene.cluster.endpoints().length;
    };
    expect((await scene.promoteAgain(recreate)).kind).toBe("resolved");
    expect(scene.lines.join("\n")).toContain(`${stable} is coming back`);
    expect(readyWhenAskedToGo).toBe(2);
    expect(scene.state).toBe(promoted);
  });

  test("for another candidate that fails brings the old revision back to as many replicas as that should have", async () => {
    const scene = await killedAt("probePod#1");
    const third = "cccccccccc";
    scene.cluster.add({ revision: third, replicas: 0, script: { kind: "slow" } });
    const other = { ...recreate, revision: third, workload: `keye-${third}`, replicas: 3 };
    scene.cluster.nodes = [gpuNode("h800-0"), gpuNode("h800-1")];
    const error = failureOf(await scene.promoteAgain(other));
    expect(error.message).toMatch(/^GATE_FAILED phase=ready code=E_SLOW_START: rolled back, outage \d+ s: /);
    expect(scene.state).toBe(`${stable} serves; ${stable} at 3, ${next} at 0`);
  });

  test("does not wait for ever for an old revision that does not come back", async () => {
    const scene = await killedAt("probePod#1");
    scene.cluster.setScript(stable, { kind: "slow" });
    restoreByWatchdog(scene);
    expect((await scene.promoteAgain(recreate)).kind).toBe("resolved");
    expect(scene.lines.join("\n")).toContain(`${stable} has 0 of 2 pods ready after 300 s`);
    expect(scene.state).toBe(promoted);
  });
});

describe("a run that follows one killed after the switch", () => {
  test("verifies in place", async () => {
    const scene = await killedAt("probeService#1");
    expect(scene.state).toBe(promoted);
    expect((await scene.promoteAgain(recreate)).kind).toBe("resolved");
    expect(scene.state).toBe(promoted);
  });

  test("goes back to the old revision where the candidate turns out wrong", async () => {
    const scene = await killedAt("probeService#1");
    scene.prober.traffic.set(next, "wrong");
    const error = failureOf(await scene.promoteAgain(recreate));
    expect(error.message).toMatch(/^E_POSTVERIFY phase=traffic: rolled back, outage \d+ s: /);
    expect(scene.state).toBe(untouched);
  });
});

test("a person who wants the old revision back after a run that was killed in the gap gets it, ready and proven", async () => {
  const scene = new Scene();
  await scene.promote();
  scene.cluster.scaleByHand(next, 0);
  scene.cluster.add({ revision: "cccccccccc", replicas: 2, script: { kind: "healthy" } });
  scene.prober.passed.clear();
  const writes = scene.cluster.writes.length;
  const ending = await scene.promoteAgain();
  expect(ending).toMatchObject({ kind: "resolved", outputs: { activeRevision: next } });
  expect(scene.cluster.writes.slice(writes)).toEqual(["scale cccccccccc 0", `scale ${next} 2`, "evidence pass"]);
  expect(scene.prober.passed.size).toBe(2);
});
