import { describe, expect, test } from "vitest";
import { next, stable } from "../stage.ts";
import { CanaryScene, promoted } from "./canary-stage.ts";

/** The writes that move pods, scales and the selector, without the app's name. */
function moves(scene: CanaryScene): string[] {
  return scene.cluster.writes
    .filter((write) => !/^(evidence|baseline) /.test(write))
    .map((write) => write.replaceAll("keye-", "").replaceAll(stable, "a").replaceAll(next, "b"));
}

describe("a canary", () => {
  test("on a full cluster takes one old pod away before each new one, and the last old one after the new ones stand alone", async () => {
    const scene = new CanaryScene({ replicas: 3 });
    expect(await scene.promote()).toMatchObject({
      kind: "resolved",
      outputs: { activeRevision: next, previousRevision: stable, podUids: ["uid-4", "uid-5", "uid-6"] },
    });
    expect({ strangers: [...scene.strangers], fewest: scene.fewest }).toEqual({ strangers: [], fewest: 2 });
    expect(scene.state).toBe(promoted(3));
    expect(moves(scene)).toEqual([
      ...["mark a-1", "mark a-2", "mark a-3", "switch a a and b, pod by pod"],
      ...["unmark a-1", "scale a 2", "scale b 1", "mark b-4"],
      ...["unmark a-2", "scale a 1", "scale b 2", "mark b-5"],
      ...["unmark a-3", "scale a 0", "scale b 3", "mark b-6"],
      "switch a and b, pod by pod b",
    ]);
  });

  test("with room for one more takes no old pod away before a new one serves", async () => {
    const scene = new CanaryScene({ replicas: 2, spare: 1 });
    expect((await scene.promote()).kind).toBe("resolved");
    expect(scene.state).toBe(promoted(2));
    expect(moves(scene)).toEqual([
      ...["mark a-1", "mark a-2", "switch a a and b, pod by pod"],
      ...["scale b 1", "mark b-3", "unmark a-1", "scale a 1"],
      ...["scale b 2", "mark b-4", "unmark a-2"],
      ...["switch a and b, pod by pod b", "scale a 0"],
    ]);
  });

  test("replaces a single replica where there is room beside it, and refuses where there is none", async () => {
    const roomy = new CanaryScene({ replicas: 1, spare: 1 });
    expect((await roomy.promote()).kind).toBe("resolved");
    expect(roomy.state).toBe(promoted(1));
    const full = new CanaryScene({ replicas: 1 });
    expect(await full.promote()).toMatchObject({ kind: "rejected", error: { code: "E_CAPACITY", phase: "preflight" } });
    expect(full.cluster.writes).toEqual(["evidence inconclusive"]);
  });
});
