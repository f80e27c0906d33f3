import { describe, expect, test } from "vitest";
import { apiError } from "../../../support/fake-cluster.ts";
import { failureOf, next, stable } from "../stage.ts";
import { CanaryScene, promoted, untouched } from "./canary-stage.ts";

/** Moments of a canary on a full cluster, by the line of progress before each. */
function moments(replicas: number) {
  const last = replicas - 1;
  return [
    { moment: "before the first label", line: /^\[preflight\]/ },
    { moment: "when the selector names the ramp", line: /^\[switch\] .* -> .*pod by pod/ },
    { moment: "while the first old pod drains", line: /a-1: no new requests/ },
    { moment: "while the first new pod starts", line: /^\[scale\] .* 0 to 1/ },
    { moment: "while the first new pod is probed", line: /^\[ready\] 1 of 1/ },
    { moment: "when the first new pod serves", line: /^\[ramp\] 1 of / },
    { moment: "while the new pods serve alone", line: new RegExp(`^\\[endpoints\\] exactly the ${last}`) },
    { moment: "while the last old pod drains", line: /serve alone and are verified/ },
    {
      moment: "when the last old pod is gone",
      line: new RegExp(`^\\[scale\\] .* ${last} to ${replicas}`),
      isOldGone: true,
    },
    { moment: "when the last new pod serves", line: new RegExp(`^\\[ramp\\] ${replicas} of `), isOldGone: true },
    { moment: "after the last switch", line: /pod by pod -> b+$/, isOldGone: true },
    { moment: "when the endpoints are verified", line: new RegExp(`exactly the ${replicas}`), isOldGone: true },
  ];
}

test.each(moments(3))("an API error $moment walks back pod by pod", async ({ line }) => {
  const scene = new CanaryScene({ replicas: 3 });
  scene.at(line, () => {
    throw apiError("keye", "the server answered 503.");
  });
  const error = failureOf(await scene.promote());
  expect({ code: error.code, kind: error.kind }).toEqual({ code: "E_API", kind: "inconclusive" });
  expect(scene.state).toBe(untouched(3));
  expect([...scene.strangers]).toEqual([]);
  expect(scene.fewest).toBeGreaterThanOrEqual(2);
});

describe("a cancel", () => {
  test.each(moments(2))(
    "$moment is over within 5 s, switches nothing to the candidate, and the next run succeeds",
    async ({ line, isOldGone = false }) => {
      const scene = new CanaryScene({ replicas: 2 });
      const switches = () =>
        scene.cluster.writes.filter((write) => write.startsWith("switch") && write.endsWith(next)).length;
      let [cancelledAt, lastStepAt, before] = [0, 0, -1];
      scene.at(line, () => {
        cancelledAt = scene.clock.now();
        before = switches();
        scene.abort.abort(new Error("SIGINT"));
      });
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
      if (!isOldGone) expect(scene.state).toBe(untouched(2));
      else {
        expect(scene.state).toMatch(new RegExp(`^(.*, pod by pod|${next}) serves; ${stable} at 0, ${next} at 2`));
        expect(error.message).toContain("next up    goes on with the ramp as it finds it");
      }
      expect((await scene.promoteAgain()).kind).toBe("resolved");
      expect(scene.state).toBe(promoted(2));
    },
  );
});

test.each(moments(2).filter((_, index) => index % 3 === 1))(
  "a call that never returns $moment ends by a deadline and walks back",
  async ({ line }) => {
    const scene = new CanaryScene({ replicas: 2 });
    scene.at(line, () => new Promise(() => undefined));
    const error = failureOf(await scene.promote());
    expect(error.kind).toBe("inconclusive");
    expect(["GATE_DEADLINE", "E_POSTVERIFY", "E_API"]).toContain(error.code);
    expect(scene.state).toBe(untouched(2));
  },
);
