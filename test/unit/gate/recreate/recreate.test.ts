import { describe, expect, test } from "vitest";
import { apiError } from "../../../support/fake-cluster.ts";
import { gpuNode } from "../../../support/fake-pod.ts";
import { failureOf, next, Scene, stable } from "../stage.ts";

const image = `registry.example/keye@sha256:${"c".repeat(64)}`;

/** What a promotion by recreate is asked beside the usual. */
const recreate = { strategy: "recreate", watchdog: { image, staleSeconds: 120 } } as const;

const untouched = `${stable} serves; ${stable} at 2, ${next} at 0`;
const promoted = `${next} serves; ${stable} at 0, ${next} at 2`;

/** A scene whose one node has room for the two replicas of one revision. */
function narrowScene(): Scene {
  const scene = new Scene();
  scene.cluster.nodes = [gpuNode("h800-0")];
  for (const pod of scene.cluster.podsOf(stable)) scene.cluster.changePod(pod.uid, { node: "h800-0" });
  return scene;
}

describe("strategy recreate", () => {
  test("takes the old revision away first, in the order in which nothing is lost, and tells the outage", async () => {
    const scene = narrowScene();
    const ending = await scene.promote(recreate);
    expect(ending).toMatchObject({ kind: "resolved", outputs: { activeRevision: next, previousRevision: stable } });
    expect(scene.cluster.writes).toEqual([
      "watchdog on",
      "evidence inconclusive",
      `scale ${stable} 0`,
      `scale ${next} 2`,
      "evidence inconclusive",
      `switch ${stable} ${next}`,
      "watchdog off",
      "evidence pass",
      `baseline ${next}`,
    ]);
    if (ending.kind !== "resolved") return;
    // 2 s until the old pods are gone, 30 s until the new ones are ready, 3 s of probes, and the looks between.
    expect(ending.outputs.outageSeconds).toBeGreaterThan(34);
    expect(ending.outputs.outageSeconds).toBeLessThan(40);
    expect(scene.evidence()).toMatchObject({ outageSeconds: ending.outputs.outageSeconds, previousReplicas: 2 });
  });

  test("gives the watchdog its orders before anything is taken away", async () => {
    const scene = narrowScene();
    let plan: unknown;
    scene.cluster.intercept = (call) => {
      if (call === "scale#1") plan = scene.watchdog.plan;
    };
    await scene.promote(recreate);
    expect(plan).toEqual({ image, staleSeconds: 120, stable, candidate: next, replicas: 2, lifeSeconds: 2220 });
  });

  test("goes on without a watchdog where there is no image for it, and says so", async () => {
    const scene = narrowScene();
    expect((await scene.promote({ strategy: "recreate" })).kind).toBe("resolved");
    expect(scene.cluster.writes).not.toContain("watchdog on");
    expect(scene.lines.join("\n")).toContain("[watchdog] no watchdog, for there is no toolsImage");
    expect(scene.evidence()?.notes.join()).toContain("no watchdog");
  });

  test("touches nothing where the watchdog cannot run", async () => {
    const scene = narrowScene();
    scene.watchdog.waitingFor = "not found";
    const error = failureOf(await scene.promote(recreate));
    expect({ code: error.code, kind: error.kind, phase: error.phase }).toEqual({
      code: "E_WATCHDOG",
      kind: "inconclusive",
      phase: "watchdog",
    });
    expect(error.message).toContain("does not run after 300 s: ImagePullBackOff: not found.");
    expect(scene.state).toBe(untouched);
  });

  test("is refused where even the place of the old revision is not enough", async () => {
    const scene = narrowScene();
    const error = failureOf(await scene.promote({ ...recreate, replicas: 3 }));
    expect({ code: error.code, phase: error.phase }).toEqual({ code: "E_CAPACITY", phase: "preflight" });
    expect(error.message).toContain("there is room for 2 once the 2 of the old revision are gone (0 GPUs free now).");
    expect(scene.cluster.writes).toEqual(["evidence inconclusive"]);
  });

  test("is no other than blueGreen where nothing serves yet", async () => {
    const scene = new Scene({ firstDeploy: true });
    expect(await scene.promote(recreate)).toMatchObject({ kind: "resolved", outputs: { activeRevision: next } });
    expect(scene.cluster.writes).not.toContain("watchdog on");
  });

  test("does not take the candidate up before the old pods have ended", async () => {
    const scene = narrowScene();
    scene.cluster.endingSeconds = 40;
    let holding = -1;
    scene.cluster.intercept = (call) => {
      if (call === "scale#2") holding = scene.cluster.podsOf(stable).length;
    };
    expect((await scene.promote(recreate)).kind).toBe("resolved");
    expect(holding).toBe(0);
  });

  test("looks for room once more before the old revision goes: nodes may have been cordoned meanwhile", async () => {
    const scene = narrowScene();
    scene.cluster.intercept = (call) => {
      if (call !== "capacity#2") return;
      scene.cluster.nodes = scene.cluster.nodes.map((node) => ({ ...node, spec: { unschedulable: true } }));
    };
    const error = failureOf(await scene.promote(recreate));
    expect({ code: error.code, phase: error.phase }).toEqual({ code: "E_CAPACITY", phase: "preflight" });
    expect(scene.cluster.writes.filter((write) => /^(scale|watchdog)/.test(write))).toEqual([]);
  });

  test("brings the old revision back where its pods end too late", async () => {
    const scene = narrowScene();
    scene.cluster.endingSeconds = 600;
    const error = failureOf(await scene.promote(recreate));
    expect({ code: error.code, phase: error.phase }).toEqual({ code: "E_CAPACITY", phase: "empty" });
    expect(scene.state).toBe(untouched);
  });
});

describe("a candidate that fails", () => {
  test.each([
    { name: "to start", act: (scene: Scene) => scene.cluster.setScript(next, { kind: "slow" }), code: "E_SLOW_START" },
    { name: "its probes", act: (scene: Scene) => scene.prober.revisions.set(next, "wrong"), code: "E_PROBE" },
    { name: "after the switch", act: (scene: Scene) => scene.prober.traffic.set(next, "wrong"), code: "E_POSTVERIFY" },
  ])("$name gives way to the old revision, proven, with the outage told", async ({ act, code }) => {
    const scene = narrowScene();
    act(scene);
    const error = failureOf(await scene.promote(recreate));
    expect(error.code).toBe(code);
    const [, outage] = /^.*: rolled back, outage (\d+) s: /.exec(error.message) ?? [];
    expect(Number(outage)).toBeGreaterThan(60);
    expect(scene.state).toBe(untouched);
    expect(scene.cluster.podsOf(stable).every(({ uid }) => scene.prober.passed.has(`${uid}/0`))).toBe(true);
    expect(scene.cluster.writes.at(-2)).toBe("watchdog off");
    expect(Math.round(scene.evidence()?.outageSeconds ?? 0)).toBe(Number(outage));
  });

  test("has the old revision asked back before its own pods have ended", async () => {
    const scene = narrowScene();
    scene.prober.revisions.set(next, "wrong");
    let candidates = -1;
    scene.cluster.intercept = (call) => {
      if (call === "scale#4") candidates = scene.cluster.podsOf(next).length;
    };
    failureOf(await scene.promote(recreate));
    expect(candidates).toBe(2);
  });

  test("whose old revision does not come back is a rollback that failed", async () => {
    const scene = narrowScene();
    scene.prober.revisions.set(next, "wrong");
    scene.cluster.setScript(stable, { kind: "slow" });
    const error = failureOf(await scene.promote(recreate));
    expect(error.code).toBe("E_ROLLBACK_FAILED");
    expect(error.message).toMatch(
      new RegExp(
        `^E_ROLLBACK_FAILED phase=probe code=E_PROBE: ${stable} did not come back: 0 of 2 pods ready after 300 s`,
      ),
    );
    expect(scene.state).toBe(untouched);
  });

  test("whose old revision answers wrongly now is a rollback that failed", async () => {
    const scene = narrowScene();
    scene.prober.revisions.set(next, "wrong");
    scene.prober.revisions.set(stable, "wrong");
    const error = failureOf(await scene.promote(recreate));
    expect(error.message.split("\n")[0]).toContain(`${stable} is back and answers wrongly: keye-${stable}-`);
  });

  test("leaves the watchdog on guard where the old revision cannot be scaled back", async () => {
    const scene = narrowScene();
    scene.prober.revisions.set(next, "wrong");
    scene.cluster.intercept = (call) => {
      if (call === "scale#4") throw apiError("keye", "the server answered 503.");
    };
    const error = failureOf(await scene.promote(recreate));
    expect(error.message).toContain(`${stable} could not be scaled back to 2 replicas, so nobody serves`);
    expect(scene.watchdog.plan).toBeDefined();
  });

  test("does not touch what somebody else has led traffic to", async () => {
    const scene = narrowScene();
    scene.cluster.intercept = (call) => {
      if (call === "probePod#1") scene.cluster.selector = "cccccccccc";
    };
    expect(failureOf(await scene.promote(recreate)).code).toBe("E_CONFLICT");
    expect(scene.state).toBe(`cccccccccc serves; ${stable} at 0, ${next} at 0`);
  });
});

describe("a cancel", () => {
  /** The calls by which each phase of the gap can be met. */
  test.each([
    { phase: "empty", call: "observe#4" },
    { phase: "ready", call: "candidate#3" },
    { phase: "probe", call: "probePod#1" },
    { phase: "traffic", call: "probeService#1" },
    { phase: "soak", call: "probeService#2" },
  ])("in phase $phase asks for both scales and is over within 5 s", async ({ phase, call }) => {
    const scene = narrowScene();
    let at = 0;
    let doneAt = 0;
    scene.cluster.intercept = (name) => {
      if (name !== call) return;
      at = scene.clock.now();
      scene.abort.abort(new Error("SIGINT"));
    };
    scene.cluster.onStep = () => {
      doneAt = scene.clock.now();
    };
    const error = failureOf(await scene.promote(recreate));
    expect(error.message.split("\n")[0]).toBe(
      `E_CANCELLED phase=${phase}: ${stable} restoring: asked back to 2, not waited for.`,
    );
    expect(error.message).toContain(`waits until ${stable} serves again, then tries this revision`);
    expect(scene.state).toBe(untouched);
    expect(scene.watchdog.plan).toBeUndefined();
    expect(doneAt - at).toBeLessThan(5_000);
    const writes = scene.cluster.writes.length;
    expect((await scene.promoteAgain(recreate)).kind).toBe("resolved");
    expect(scene.lines.join("\n")).toContain(`${stable} is coming back: it shall serve before it is taken away again`);
    expect(scene.cluster.writes[writes]).toBe("watchdog on");
    expect(scene.state).toBe(promoted);
  });

  test("while the old revision comes back after a failure waits no longer", async () => {
    const scene = narrowScene();
    scene.prober.revisions.set(next, "wrong");
    let at = 0;
    let doneAt = 0;
    scene.cluster.intercept = (call) => {
      if (call !== "scale#4") return;
      at = scene.clock.now();
      scene.abort.abort(new Error("SIGINT"));
    };
    scene.cluster.onStep = () => {
      doneAt = scene.clock.now();
    };
    const error = failureOf(await scene.promote(recreate));
    expect(error.message.split("\n")[0]).toMatch(/^GATE_FAILED phase=probe code=E_PROBE: /);
    expect(error.message).toContain(`nobody until ${stable} is back; its 2 replicas were asked for`);
    expect(doneAt - at).toBeLessThan(5_000);
  });
});
