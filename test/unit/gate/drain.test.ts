import { describe, expect, test } from "vitest";
import { inputs, Scene, stable } from "./stage.ts";

function servingPods(scene: Scene): readonly string[] {
  return scene.cluster.podsOf(stable).map(({ uid }) => uid);
}

describe("the old revision drains", () => {
  test("until each of its engines is idle, however long a video takes", async () => {
    const scene = new Scene();
    const [busy = ""] = servingPods(scene);
    scene.prober.running.set(busy, 1);
    scene.cluster.intercept = (call) => {
      if (call === "runningRequests#60") scene.prober.running.set(busy, 0);
    };
    expect(await scene.promote()).toMatchObject({ kind: "resolved" });
    const [retired = ""] = scene.lines.filter((line) => line.startsWith("[retire]"));
    expect(Number(/, (\d+) s after the switch/.exec(retired)?.[1])).toBeGreaterThan(80);
    expect(scene.cluster.replicas(stable)).toBe(0);
  });

  test("no longer than its limit, and says what it cuts", async () => {
    const scene = new Scene();
    const [busy = ""] = servingPods(scene);
    scene.prober.running.set(busy, 3);
    expect(await scene.promote()).toMatchObject({ kind: "resolved" });
    expect(scene.lines.filter((line) => line.startsWith("[retire]"))).toEqual([
      expect.stringMatching(
        /^\[retire\] keye-aaaaaaaaaa-1, keye-aaaaaaaaaa-2: not idle 300 s after the last endpoint; what still runs is cut$/,
      ),
      expect.stringMatching(/2 to 0 replicas, 300 s after the switch$/),
    ]);
  });

  test("for its whole limit where an engine does not tell what it runs", async () => {
    const scene = new Scene();
    for (const uid of servingPods(scene)) scene.prober.running.set(uid, undefined);
    expect(await scene.promote()).toMatchObject({ kind: "resolved" });
    expect(scene.lines.find((line) => line.includes("2 to 0 replicas"))).toContain("300 s after the switch");
  });

  test("not at all where no time is given to it", async () => {
    const scene = new Scene();
    for (const uid of servingPods(scene)) scene.prober.running.set(uid, 1);
    const deadlines = { ...inputs().deadlines, drainSeconds: 0, drainLimitSeconds: 0 };
    expect(await scene.promote({ deadlines })).toMatchObject({ kind: "resolved" });
    expect(scene.lines.filter((line) => line.startsWith("[retire]"))).toHaveLength(1);
  });
});
