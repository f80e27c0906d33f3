import { describe, expect, test } from "vitest";
import type { PromotionInputs } from "../../../../infra/core/promotion-inputs.ts";
import { failureOf, next, stable } from "../stage.ts";
import { CanaryScene, promoted, untouched } from "./canary-stage.ts";

const third = "cccccccccc";

const deaths = [
  { moment: "when the selector names the ramp", line: /^\[switch\] .* -> .*pod by pod/ },
  { moment: "while the first old pod drains", line: /a-1: no new requests/ },
  { moment: "while the first new pod is probed", line: /^\[ready\] 1 of 1/ },
  { moment: "when the first new pod serves", line: /^\[ramp\] 1 of / },
  { moment: "while the new pods serve alone", line: /^\[soak\]/ },
  { moment: "when the last old pod is gone", line: /^\[ramp\] keye-a+: 1 to 0/ },
] as const;

async function killed(line: RegExp, replicas = 2): Promise<CanaryScene> {
  const scene = new CanaryScene({ replicas });
  scene.killAt(line);
  await scene.promote();
  scene.lines.length = 0;
  scene.prober.questions.length = 0;
  return scene;
}

/** Inputs of a promotion of another revision than `next`. */
function target(revision: string): Partial<PromotionInputs> {
  return {
    revision,
    workload: `keye-${revision}`,
    probe: { profile: "gate", expectation: { weightVersion: revision } },
  };
}

describe("a run that follows one that died", () => {
  test.each(deaths)("$moment goes on, and proves again what serves already", async ({ line }) => {
    const scene = await killed(line, 3);
    const begun = scene.cluster.writes.length;
    const ending = await scene.promoteAgain();
    expect(ending).toMatchObject({ kind: "resolved", outputs: { activeRevision: next, previousRevision: stable } });
    expect(scene.state).toBe(promoted());
    expect(scene.prober.questions.filter(({ spec }) => spec.profile === "gate")).toHaveLength(3);
    const toRamp = scene.cluster.writes.slice(begun).filter((write) => write.endsWith("pod by pod"));
    expect(toRamp).toEqual([]);
    expect({ strangers: [...scene.strangers], fewest: scene.fewest }).toEqual({ strangers: [], fewest: 2 });
  });

  test.each(deaths)("$moment walks back to all that there was where a proven pod turns out wrong", async ({ line }) => {
    const scene = await killed(line);
    scene.prober.revisions.set(next, "wrong");
    expect(failureOf(await scene.promoteAgain()).code).toBe("E_PROBE");
    expect(scene.state).toBe(untouched(2));
    // The wrong one, where it is the last that serves, stays until an old one is back.
    expect(scene.fewest).toBeGreaterThan(0);
  });

  test.each(deaths)("$moment and wants the old revision again goes back, and proves it in place", async ({ line }) => {
    const scene = await killed(line);
    const ending = await scene.promoteAgain(target(stable));
    expect(ending).toMatchObject({ kind: "resolved", outputs: { activeRevision: stable } });
    expect(scene.state).toBe(untouched(2));
    expect(scene.prober.questions.filter(({ spec }) => spec.profile === "gate")).toHaveLength(2);
  });
});

describe("after a run that died in the middle", () => {
  test.each(["canary", "blueGreen"] as const)("another revision by %s goes from the old one", async (strategy) => {
    const scene = await killed(/^\[ramp\] 1 of /);
    scene.cluster.nodes = new CanaryScene({ replicas: 2, spare: 2 }).cluster.nodes;
    scene.cluster.add({ revision: third, replicas: 0, script: { kind: "healthy" } });
    const ending = await scene.promoteAgain({ ...target(third), strategy });
    expect(ending).toMatchObject({ kind: "resolved", outputs: { activeRevision: third, previousRevision: stable } });
    expect([stable, next, third].map((revision) => scene.cluster.replicas(revision))).toEqual([0, 0, 2]);
  });

  test("the same revision by another strategy goes back first", async () => {
    const scene = await killed(/^\[ramp\] 1 of /);
    scene.cluster.nodes = new CanaryScene({ replicas: 2, spare: 2 }).cluster.nodes;
    expect((await scene.promoteAgain({ strategy: "blueGreen" })).kind).toBe("resolved");
    expect(scene.lines.join("\n")).toContain(`back to ${stable} first`);
    expect(scene.cluster.writes.at(-3)).toBe(`scale ${stable} 0`);
    expect(scene.state).toBe(promoted(2));
  });

  test("a rejection that still counts goes back before it is told", async () => {
    const scene = await killed(/^\[ramp\] 1 of /);
    scene.prober.revisions.set(next, "wrong");
    failureOf(await scene.promoteAgain());
    expect(scene.state).toBe(untouched(2));
    expect(failureOf(await scene.promoteAgain())).toMatchObject({ code: "E_PROBE", phase: "preflight" });
    expect(scene.state).toBe(untouched(2));
  });

  test("new pods that somebody asked for beyond the room are taken back, and asked for in their turn", async () => {
    const scene = await killed(/^\[ramp\] 1 of /);
    scene.cluster.scaleByHand(next, 2);
    expect((await scene.promoteAgain()).kind).toBe("resolved");
    expect(scene.cluster.writes).toContain(`scale ${next} 1`);
    expect(scene.state).toBe(promoted(2));
  });

  test("old pods that somebody asked for beyond the room are not waited for on the way back", async () => {
    const scene = await killed(/^\[ramp\] 1 of /);
    scene.cluster.scaleByHand(stable, 2);
    expect((await scene.promoteAgain(target(stable))).kind).toBe("resolved");
    expect(scene.fewest).toBeGreaterThan(0);
    expect(scene.state).toBe(untouched(2));
  });

  test("labels that are left from an earlier ramp let nobody in", async () => {
    const scene = await killed(/^\[ramp\] 1 of /);
    scene.cluster.selector = stable;
    expect((await scene.promoteAgain()).kind).toBe("resolved");
    expect([...scene.strangers]).toEqual([]);
    expect(scene.state).toBe(promoted(2));
  });
});
