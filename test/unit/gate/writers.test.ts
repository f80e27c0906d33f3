import { describe, expect, test } from "vitest";
import { RollbackFailed } from "../../../infra/gate/promotion-error.ts";
import { apiError } from "../../support/fake-cluster.ts";
import { failureOf, next, Scene, stable } from "./stage.ts";

const third = "cccccccccc";

describe("another writer", () => {
  test("that holds the Lease keeps the promotion from looking at anything", async () => {
    const scene = new Scene();
    scene.cluster.leaseHolder = "ci@other/1";
    const error = failureOf(await scene.promote());
    expect(error.code).toBe("E_LOCKED");
    expect(error.message.split("\n")[0]).toBe(
      "E_LOCKED phase=lock: keye/lease/rollgate-keye: held by ci@other/1 since 12 s.",
    );
    expect(scene.cluster.writes).toEqual([]);
    expect(scene.cluster.leaseHolder).toBe("ci@other/1");
  });

  test.each([
    { call: "capacity#1", code: "E_LOCKED" },
    { call: "candidate#2", code: "E_LOCKED" },
    { call: "probePod#1", code: "E_LOCKED" },
    { call: "observe#2", code: "E_LOCKED" },
    // From here on the candidate may be left serving unverified, which the state must know.
    { call: "observe#3", code: "E_ROLLBACK_FAILED" },
    { call: "probeService#1", code: "E_ROLLBACK_FAILED" },
    { call: "probeService#2", code: "E_ROLLBACK_FAILED" },
    { call: "scale#2", code: "E_LOCKED" },
  ])("that takes the Lease at $call ends all writing at once: $code", async ({ call, code }) => {
    const scene = new Scene();
    let writesBefore = -1;
    scene.cluster.intercept = (name) => {
      if (name !== call) return;
      writesBefore = scene.cluster.writes.length;
      scene.cluster.loseLease();
    };
    const error = failureOf(await scene.promote());
    expect({ code: error.code, kind: error.kind }).toEqual({ code, kind: "lost" });
    expect(scene.cluster.writes).toHaveLength(writesBefore);
  });

  test("that took the Lease unnoticed is found out before the switch", async () => {
    const scene = new Scene();
    scene.cluster.intercept = (name) => {
      if (name === "observe#2") scene.cluster.leaseHolder = "ci@other/1";
    };
    expect(failureOf(await scene.promote()).code).toBe("E_LOCKED");
    expect(scene.cluster.selector).toBe(stable);
    expect(scene.cluster.writes.at(-1)).toBe("evidence inconclusive");
  });

  test("that changes the selector before the switch wins: E_CONFLICT, the candidate is parked", async () => {
    const scene = new Scene();
    scene.cluster.intercept = (name) => {
      if (name === "probePod#1") scene.cluster.selector = third;
    };
    const error = failureOf(await scene.promote());
    expect({ code: error.code, phase: error.phase, kind: error.kind }).toEqual({
      code: "E_CONFLICT",
      phase: "switch",
      kind: "inconclusive",
    });
    expect(error.message).toContain(`selector now ${third}`);
    expect(scene.state).toBe(`${third} serves; ${stable} at 2, ${next} at 0`);
  });

  test("that switches to the candidate by hand keeps it from being parked", async () => {
    const scene = new Scene();
    scene.prober.revisions.set(next, "wrong");
    scene.cluster.intercept = (name) => {
      if (name === "probePod#1") scene.cluster.selector = next;
    };
    expect(failureOf(await scene.promote()).code).toBe("E_PROBE");
    expect(scene.state).toBe(`${next} serves; ${stable} at 2, ${next} at 2`);
  });

  test("that changes the selector while the old revision drains keeps both running", async () => {
    const scene = new Scene();
    scene.cluster.intercept = (name) => {
      if (name === "observe#6") scene.cluster.selector = stable;
    };
    expect(failureOf(await scene.promote()).code).toBe("E_CONFLICT");
    expect(scene.state).toMatch(`${stable} serves; ${stable} at 2`);
  });

  test("that scales the candidate while it starts ends the promotion", async () => {
    const scene = new Scene();
    scene.cluster.intercept = (name) => {
      if (name === "candidate#3") scene.cluster.scaleByHand(next, 1);
    };
    const error = failureOf(await scene.promote());
    expect(error.code).toBe("E_CONFLICT");
    expect(error.message).toContain("wanted 2 replicas, found 1");
  });
});

describe("undoing that fails", () => {
  test("is told with what the state needs to enter the promotion again", async () => {
    const scene = new Scene();
    scene.prober.revisions.set(next, "wrong");
    scene.cluster.intercept = (name) => {
      if (name === "scale#2") throw apiError("keye", "the server answered 503.");
    };
    const error = failureOf(await scene.promote());
    expect(error).toBeInstanceOf(RollbackFailed);
    expect(error).toMatchObject({
      code: "E_ROLLBACK_FAILED",
      id: "keye/keye",
      properties: { revision: next, activeRevision: stable, previousRevision: stable },
      reasons: [error.message],
    });
    expect(error.message.split("\n")[0]).toMatch(
      /^E_ROLLBACK_FAILED phase=probe code=E_PROBE: the candidate could not be/,
    );
    expect(scene.evidence()).toMatchObject({ verdict: "fail", code: "E_PROBE" });
    expect((await scene.promoteAgain({ retryNonce: "2" })).kind).toBe("rejected");
    expect(scene.state).toBe(`${stable} serves; ${stable} at 2, ${next} at 0`);
  });

  test("leaves a candidate serving where the old revision has no ready pod any more", async () => {
    const scene = new Scene();
    scene.prober.traffic.set(next, "wrong");
    scene.cluster.intercept = (name) => {
      if (name === "probeService#1") scene.cluster.scaleByHand(stable, 0);
    };
    const error = failureOf(await scene.promote());
    expect(error.code).toBe("E_ROLLBACK_FAILED");
    expect(error.message).toContain("has no ready pod to go back to");
    expect(scene.state).toBe(`${next} serves; ${stable} at 0, ${next} at 2`);
  });

  test("keeps the candidate running where the old revision answers wrongly after the way back", async () => {
    const scene = new Scene();
    scene.prober.traffic.set(next, "wrong");
    scene.prober.traffic.set(stable, "wrong");
    const error = failureOf(await scene.promote());
    expect(error.code).toBe("E_ROLLBACK_FAILED");
    expect(scene.state).toBe(`${stable} serves; ${stable} at 2, ${next} at 2`);
  });

  test("an unknown outcome of the switch is looked up, not assumed", async () => {
    const scene = new Scene();
    scene.cluster.intercept = (name) => {
      if (name === "switched#1") throw apiError("keye", "connection reset.");
    };
    const error = failureOf(await scene.promote());
    expect(error.code).toBe("E_API");
    expect(error.message.split("\n")[0]).toMatch(/^GATE_INCONCLUSIVE phase=switch code=E_API: rolled back in /);
    expect(scene.state).toBe(`${stable} serves; ${stable} at 2, ${next} at 0`);
  });

  test("a cancel that meets the switch on its way is undone", async () => {
    const scene = new Scene();
    scene.cluster.intercept = (name) => {
      if (name === "switched#1") scene.abort.abort(new Error("SIGINT"));
    };
    const error = failureOf(await scene.promote());
    expect(error.message.split("\n")[0]).toMatch(/^E_CANCELLED phase=switch: switched back in /);
    expect(scene.state).toBe(`${stable} serves; ${stable} at 2, ${next} at 0`);
  });
});
