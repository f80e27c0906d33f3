import { describe, expect, test } from "vitest";
import { RollbackFailed } from "../../../../infra/gate/promotion-error.ts";
import { failureOf, next, stable } from "../stage.ts";
import { CanaryScene, promoted, untouched } from "./canary-stage.ts";

const third = "cccccccccc";

describe("a new pod that fails", () => {
  test.each([
    { name: "answers wrongly", act: (scene: CanaryScene) => scene.prober.pods.set("uid-5", "wrong"), code: "E_PROBE" },
    { name: "does not answer", act: (scene: CanaryScene) => scene.prober.pods.set("uid-5", "none"), code: "E_PROBE" },
    {
      name: "crashes",
      act: (scene: CanaryScene) =>
        scene.at(/^\[ramp\] 1 of 3/, () => scene.cluster.setScript(next, { kind: "crash", log: "" })),
      code: "E_CRASH",
    },
  ])("as the second that $name: the old revision gets its replicas back, one by one", async ({ act, code }) => {
    const scene = new CanaryScene();
    act(scene);
    const error = failureOf(await scene.promote());
    expect(error.code).toBe(code);
    expect(error.message.split("\n")[0]).toMatch(
      new RegExp(
        `^GATE_\\w+ phase=\\w+ code=${code}: rolled back in \\d+(\\.\\d)? s, restored ${stable} to 3 in \\d+(\\.\\d)? s: `,
      ),
    );
    expect(scene.state).toBe(untouched());
    expect({ strangers: [...scene.strangers], fewest: scene.fewest }).toEqual({ strangers: [], fewest: 2 });
    expect(scene.evidence()).toMatchObject({ code, strategy: "canary", previousRevision: stable, previousReplicas: 3 });
  });

  test("as the first goes at once: clients never met the new revision", async () => {
    const scene = new CanaryScene();
    scene.prober.revisions.set(next, "wrong");
    const error = failureOf(await scene.promote());
    expect(error.message).toMatch(/^GATE_FAILED phase=probe code=E_PROBE: restored a+ to 3 in /);
    expect(scene.state).toBe(untouched());
    expect(scene.cluster.writes.filter((write) => write.startsWith("mark keye-b"))).toEqual([]);
  });
});

describe("a wrong answer to a client", () => {
  test.each([
    { moment: "while both serve", line: /^\[ramp\] 1 of 3/ },
    { moment: "while the new pods serve alone", line: /^\[ramp\] 2 of 3/ },
  ])("$moment takes the new revision out as soon as an old pod is ready", async ({ line }) => {
    const scene = new CanaryScene();
    scene.at(line, () => void scene.prober.traffic.set(next, "wrong"));
    const error = failureOf(await scene.promote());
    expect(error.message).toMatch(/^E_POSTVERIFY phase=traffic: rolled back in \d+(\.\d)? s, restored a+ to 3 in \d+/);
    expect(Number(/rolled back in ([\d.]+)/.exec(error.message)?.[1])).toBeLessThan(5);
    expect(scene.state).toBe(untouched());
  });

  test("after the last old pod is gone brings one back first: somebody must serve", async () => {
    const scene = new CanaryScene();
    scene.at(/pod by pod -> b+$/, () => void scene.prober.traffic.set(next, "wrong"));
    const error = failureOf(await scene.promote());
    expect(error.message).toMatch(/^E_POSTVERIFY phase=traffic: rolled back in \d+(\.\d)? s, restored a+ to 3 in \d+/);
    expect(scene.state).toBe(untouched());
    expect(scene.fewest).toBeGreaterThan(0);
  });

  test("of the old revision is told, and not held against the new one", async () => {
    const scene = new CanaryScene();
    scene.prober.traffic.set(stable, "wrong");
    expect((await scene.promote()).kind).toBe("resolved");
    expect(scene.lines.join("\n")).toContain(`[traffic] ${stable} answered wrongly: `);
  });
});

describe("pods that change during a ramp", () => {
  test("a new one that is evicted leaves its object behind, and the way back does not wait for that", async () => {
    const scene = new CanaryScene();
    scene.at(/^\[ramp\] 1 of 3/, () => {
      scene.cluster.evictPod("uid-4");
      scene.prober.revisions.set(next, "wrong");
    });
    expect(failureOf(await scene.promote()).code).toBe("E_PROBE");
    expect(scene.state).toBe(untouched());
  });

  test("an old one that is evicted comes back and serves, and no other goes meanwhile", async () => {
    const scene = new CanaryScene({ replicas: 4 });
    scene.at(/^\[scale\] .* 0 to 1/, () => scene.cluster.deletePod("uid-3"));
    expect((await scene.promote()).kind).toBe("resolved");
    expect(scene.lines.join("\n")).toContain(`[ramp] keye-${stable}-6 of ${stable} is ready: serves too`);
    // One that was taken out, and one that was evicted.
    expect(scene.fewest).toBe(2);
    expect(scene.state).toBe(promoted(4));
  });

  test("an old one that is evicted while another drains goes in its place, and the other serves again", async () => {
    const scene = new CanaryScene({ replicas: 4 });
    scene.cluster.intercept = (call) => {
      if (call === "runningRequests#2") scene.cluster.deletePod("uid-3");
    };
    expect((await scene.promote()).kind).toBe("resolved");
    expect(scene.lines.join("\n")).toContain(
      `[ramp] keye-${stable}-1 stays: another pod of ${stable} went in its place`,
    );
    expect(scene.cluster.writes.filter((write) => write === `mark keye-${stable}-1`)).toHaveLength(2);
    expect(scene.state).toBe(promoted(4));
  });

  test("an old one that is evicted holds its GPUs until it has ended: the last old one waits for that", async () => {
    const scene = new CanaryScene();
    const { cluster, clock } = scene;
    scene.at(/^\[ready\] 1 of 1/, () => {
      // The one in its place finds no room as long as it is there.
      cluster.setScript(stable, { kind: "unschedulable", message: "0/3 nodes are available." });
      // With a long grace: it ends a minute after the one that is taken away in its place.
      cluster.changePod("uid-2", { deletedAt: clock.now() + 60_000 });
      cluster.scaleByHand(stable, cluster.replicas(stable));
    });
    expect((await scene.promote()).kind).toBe("resolved");
    expect(scene.lines.join("\n")).toContain(`[ramp] keye-${stable}-5: not serving, goes first`);
    // One that was taken out, and one that was evicted.
    expect({ strangers: [...scene.strangers], fewest: scene.fewest }).toEqual({ strangers: [], fewest: 1 });
    expect(scene.state).toBe(promoted());
  });

  test("old ones that an autoscaler adds serve, and go in their turn", async () => {
    const scene = new CanaryScene({ replicas: 2, spare: 2 });
    scene.at(/^\[ramp\] 1 of 2/, () => scene.cluster.scaleByHand(stable, 3));
    expect((await scene.promote()).kind).toBe("resolved");
    expect([...scene.strangers]).toEqual([]);
    expect(scene.state).toBe(promoted(2));
  });

  test("a new one that restarts is taken out and proven again", async () => {
    const scene = new CanaryScene();
    scene.at(/a-2: no new requests/, () => scene.cluster.changePod("uid-4", { restarts: 1 }));
    const passed: string[] = [];
    expect((await scene.promote()).kind).toBe("resolved");
    passed.push(...[...scene.prober.passed].filter((life) => life.startsWith("uid-4/")));
    expect(passed).toEqual(["uid-4/0", "uid-4/1"]);
    const { writes } = scene.cluster;
    expect(writes.indexOf(`unmark keye-${next}-4`)).toBeLessThan(writes.lastIndexOf(`mark keye-${next}-4`));
    expect(scene.state).toBe(promoted());
  });

  test("a new one that is replaced is proven like any other", async () => {
    const scene = new CanaryScene();
    scene.at(/^\[ramp\] 2 of 3/, () => scene.cluster.deletePod("uid-4"));
    expect((await scene.promote()).kind).toBe("resolved");
    expect([...scene.strangers]).toEqual([]);
    expect(scene.state).toBe(promoted());
  });
});

describe("another writer", () => {
  test("that takes the Lease ends all writing at once", async () => {
    const scene = new CanaryScene();
    let writes = -1;
    scene.at(/^\[ramp\] 1 of 3/, () => {
      writes = scene.cluster.writes.length;
      scene.cluster.loseLease();
    });
    expect(failureOf(await scene.promote())).toMatchObject({ code: "E_LOCKED", kind: "lost" });
    expect(scene.cluster.writes).toHaveLength(writes);
  });

  test("that moves the selector wins: what they chose stays, the candidate is parked", async () => {
    const scene = new CanaryScene();
    scene.at(/^\[ramp\] 1 of 3/, () => {
      scene.cluster.selector = third;
    });
    const error = failureOf(await scene.promote());
    expect(error.code).toBe("E_CONFLICT");
    expect(error.message).toContain(`selector now ${third}`);
    expect(scene.cluster.selector).toBe(third);
    expect(scene.cluster.replicas(next)).toBe(0);
  });

  test("that moves the selector to the candidate keeps it", async () => {
    const scene = new CanaryScene();
    scene.at(/^\[ramp\] 1 of 3/, () => {
      scene.cluster.selector = next;
    });
    expect(failureOf(await scene.promote()).code).toBe("E_CONFLICT");
    expect(scene.cluster.selector).toBe(next);
    expect(scene.cluster.replicas(next)).toBe(1);
  });

  test("that moves the selector back to the old revision gets all of it", async () => {
    const scene = new CanaryScene();
    scene.at(/^\[ramp\] 1 of 3/, () => {
      scene.cluster.selector = stable;
    });
    expect(failureOf(await scene.promote()).code).toBe("E_CONFLICT");
    expect(scene.state).toBe(untouched());
  });
});

describe("a selector into which somebody has merged a revision, so that the ramp's label is still in it", () => {
  test("keeps what they meant: the old revision gets all of it, and clients reach all of it", async () => {
    const scene = new CanaryScene();
    scene.at(/^\[ramp\] 1 of 3/, () => scene.cluster.selectBeside(stable));
    expect(failureOf(await scene.promote()).code).toBe("E_CONFLICT");
    expect(scene.state).toBe(untouched());
    expect(scene.cluster.endpoints()).toHaveLength(3);
  });

  test("is left by a cancel with no label of the ramp either", async () => {
    const scene = new CanaryScene();
    scene.at(/^\[ramp\] 1 of 3/, () => {
      scene.cluster.selectBeside(stable);
      scene.abort.abort(new Error("SIGINT"));
    });
    expect(failureOf(await scene.promote()).code).toBe("E_CANCELLED");
    expect(scene.cluster.leftRamp).toBeUndefined();
  });

  test("is mended by the next update, whatever that one does", async () => {
    const scene = new CanaryScene();
    scene.at(/^\[ramp\] 1 of 3/, () => scene.cluster.selectBeside("none"));
    expect(failureOf(await scene.promote()).code).toBe("E_CONFLICT");
    scene.cluster.resetCalls();
    expect((await scene.promote()).kind).toBe("resolved");
    expect(scene.cluster.endpoints()).toHaveLength(3);

    scene.cluster.leftRamp = { kind: "ramp", from: stable, to: next };
    expect((await scene.promote()).kind).toBe("resolved");
    expect(scene.lines).toContain(`[switch] keye: ${next} alone, without the label of a ramp`);
    expect(scene.cluster.endpoints()).toHaveLength(3);
  });
});

describe("going back", () => {
  test("does not wait for a pod that takes no requests and cannot end, its node being lost", async () => {
    const scene = new CanaryScene({ replicas: 2, spare: 1 });
    scene.cluster.setScript(next, { kind: "slow" });
    scene.cluster.endingSeconds = 1e6;
    expect(failureOf(await scene.promote()).message).toMatch(/^GATE_FAILED phase=ready code=E_SLOW_START: /);
    expect(scene.lines.join("\n")).toContain(
      `keye-${next}-3: not gone after 90 s, and not waited for; look at its node`,
    );
    expect(scene.state).toBe(untouched(2));
    expect(scene.fewest).toBe(2);
  });

  test("that is cancelled asks for all at once and waits for nothing", async () => {
    const scene = new CanaryScene();
    scene.prober.pods.set("uid-5", "wrong");
    let cancelledAt = 0;
    scene.at(/^\[ramp\] keye-a+: 1 to 2 replicas/, () => {
      cancelledAt = scene.clock.now();
      scene.abort.abort(new Error("SIGINT"));
    });
    let lastStepAt = 0;
    scene.cluster.onStep = () => {
      lastStepAt = scene.clock.now();
    };
    const error = failureOf(await scene.promote());
    expect(error.message).toMatch(/code=E_PROBE: rolled back in [\d.]+ s, asked a+ back to 3, not waited for: /);
    expect(lastStepAt - cancelledAt).toBeLessThan(5_000);
    expect(scene.state).toBe(untouched());
  });

  test("at once, where no pod of either revision serves, is going back to the old one", async () => {
    const scene = new CanaryScene({ replicas: 2 });
    scene.at(/^\[scale\] .* 0 to 1/, () => {
      scene.cluster.deletePod("uid-2");
      scene.abort.abort(new Error("SIGINT"));
    });
    expect(failureOf(await scene.promote()).code).toBe("E_CANCELLED");
    expect(scene.state).toBe(untouched(2));
  });

  test("to pods that answer wrongly leaves the ramp as it is, for a person", async () => {
    const scene = new CanaryScene();
    scene.prober.pods.set("uid-5", "wrong");
    scene.prober.revisions.set(stable, "wrong");
    const error = failureOf(await scene.promote());
    expect(error).toBeInstanceOf(RollbackFailed);
    expect(error.message).toMatch(
      /^E_ROLLBACK_FAILED phase=probe code=E_PROBE: going back to a+ did not come to its end: /,
    );
    expect(scene.fewest).toBeGreaterThan(0);
  });
});
