import { describe, expect, test } from "vitest";
import { apiError } from "../../support/fake-cluster.ts";
import { CanaryScene, promoted, untouched } from "./canary-stage.ts";
import { failureOf, next, stable } from "./stage.ts";

const ramp = `${stable} and ${next}, pod by pod`;

/** Moments of a canary of three replicas on a full cluster, by the line of progress before each. */
const moments = [
  { moment: "before the first label", line: /^\[preflight\]/ },
  { moment: "when the selector names the ramp", line: /^\[switch\] .* -> .*pod by pod/ },
  { moment: "while the first old pod drains", line: /a-1: no new requests/ },
  { moment: "while the first new pod starts", line: /^\[scale\] .* 0 to 1/ },
  { moment: "while the first new pod is probed", line: /^\[ready\] 1 of 1/ },
  { moment: "when the first new pod serves", line: /^\[ramp\] 1 of 3/ },
  { moment: "while the second new pod starts", line: /^\[scale\] .* 1 to 2/ },
  { moment: "when the second new pod serves", line: /^\[ramp\] 2 of 3/ },
  { moment: "while the new pods serve alone", line: /^\[endpoints\] exactly the 2/ },
  { moment: "while the last old pod drains", line: /serve alone and are verified/ },
  { moment: "when the last old pod is gone", line: /^\[scale\] .* 2 to 3/, isOldGone: true },
  { moment: "when the last new pod serves", line: /^\[ramp\] 3 of 3/, isOldGone: true },
  { moment: "after the last switch", line: /pod by pod -> b+$/, isOldGone: true },
  { moment: "when the endpoints are verified", line: /^\[endpoints\] exactly the 3/, isOldGone: true },
] as const;

describe("an API error", () => {
  test.each(moments)("$moment walks back pod by pod, and the next run succeeds", async ({ line }) => {
    const scene = new CanaryScene();
    scene.at(line, () => {
      throw apiError("keye", "the server answered 503.");
    });
    const error = failureOf(await scene.promote());
    expect({ code: error.code, kind: error.kind }).toEqual({ code: "E_API", kind: "inconclusive" });
    expect(scene.state).toBe(untouched());
    expect({ strangers: [...scene.strangers], fewest: scene.fewest }).toEqual({
      strangers: [],
      fewest: expect.any(Number),
    });
    expect(scene.fewest).toBeGreaterThanOrEqual(2);
    expect((await scene.promoteAgain()).kind).toBe("resolved");
    expect(scene.state).toBe(promoted());
  });
});

describe("a cancel", () => {
  test.each(moments)(
    "$moment is over within 5 s, switches nothing to the candidate, and the next run succeeds",
    async (at) => {
      const scene = new CanaryScene();
      const switches = () =>
        scene.cluster.writes.filter((write) => write.startsWith("switch") && write.endsWith(next)).length;
      let [cancelledAt, before] = [0, -1];
      scene.at(at.line, () => {
        cancelledAt = scene.clock.now();
        before = switches();
        scene.abort.abort(new Error("SIGINT"));
      });
      let lastStepAt = 0;
      const look = scene.cluster.onStep;
      scene.cluster.onStep = () => {
        lastStepAt = scene.clock.now();
        look();
      };
      const error = failureOf(await scene.promote());
      expect(lastStepAt - cancelledAt).toBeLessThan(5_000);
      expect(error.code).toBe("E_CANCELLED");
      expect(switches()).toBe(before);
      expect([...scene.strangers]).toEqual([]);
      if (!("isOldGone" in at)) expect(scene.state).toBe(untouched());
      else {
        expect(scene.state).toMatch(new RegExp(`^(${ramp}|${next}) serves; ${stable} at 0, ${next} at 3`));
        expect(error.message).toContain("next up    goes on with the ramp as it finds it");
      }
      expect((await scene.promoteAgain()).kind).toBe("resolved");
      expect(scene.state).toBe(promoted());
    },
  );
});

describe("a call that never returns", () => {
  test.each(moments)("$moment ends by a deadline and walks back", async ({ line }) => {
    const scene = new CanaryScene();
    scene.at(line, () => new Promise(() => undefined));
    const error = failureOf(await scene.promote());
    expect(error.kind).toBe("inconclusive");
    expect(["GATE_DEADLINE", "E_POSTVERIFY", "E_API"]).toContain(error.code);
    expect(scene.state).toBe(untouched());
    expect((await scene.promoteAgain()).kind).toBe("resolved");
  });
});
