import { describe, expect, test } from "vitest";
import { apiError } from "../../support/fake-cluster.ts";
import { failureOf, next, Scene, stable } from "./stage.ts";

/** The call by which each phase can be met, and whether the phase comes before the switch. */
const phases = [
  { phase: "lock", call: "acquire#1" },
  { phase: "observe", call: "observe#1" },
  { phase: "preflight", call: "capacity#1" },
  { phase: "scale", call: "scale#1" },
  { phase: "ready", call: "candidate#3" },
  { phase: "probe", call: "probePod#2" },
  { phase: "recheck", call: "observe#2" },
  { phase: "switch", call: "switchTraffic#1" },
  { phase: "endpoints", call: "observe#3" },
  { phase: "traffic", call: "probeService#1" },
  { phase: "soak", call: "probeService#2" },
  { phase: "retire", call: "scale#2" },
  { phase: "evidence", call: "saveEvidence#2" },
  { phase: "unlock", call: "release#1" },
] as const;

type Phase = (typeof phases)[number]["phase"];

const untouched = `${stable} serves; ${stable} at 2, ${next} at 0`;
const promoted = `${next} serves; ${stable} at 0, ${next} at 2`;
const promotedOldWarm = `${next} serves; ${stable} at 2, ${next} at 2`;

/** What the table of states asks for after each phase was hit: everything before the switch and all undoing looks alike. */
function expectedState(phase: Phase): string {
  if (phase === "retire") return promotedOldWarm;
  return phase === "evidence" || phase === "unlock" ? promoted : untouched;
}

describe("an API error", () => {
  const survived: readonly Phase[] = ["unlock"];
  test.each(phases)("in phase $phase never promotes, undoes, and the next run succeeds", async ({ phase, call }) => {
    const scene = new Scene();
    scene.cluster.intercept = (name) => {
      if (name === call) throw apiError("keye", "the server answered 503.");
    };
    const ending = await scene.promote();
    if (survived.includes(phase)) {
      expect(ending.kind).toBe("resolved");
    } else {
      const error = failureOf(ending);
      expect({ code: error.code, kind: error.kind, phase: error.phase }).toEqual({
        code: "E_API",
        kind: "inconclusive",
        phase,
      });
      expect(error.message.split("\n")[0]).toMatch(new RegExp(`^GATE_INCONCLUSIVE phase=${phase} code=E_API: `));
    }
    expect(scene.state).toBe(expectedState(phase));
    expect(scene.cluster.leaseHolder === undefined || phase === "unlock").toBe(true);
    expect((await scene.promoteAgain()).kind).toBe("resolved");
    expect(scene.state).toBe(promoted);
  });
});

describe("a cancel", () => {
  const survived: readonly Phase[] = ["evidence", "unlock"];
  test.each(phases)(
    "in phase $phase switches nothing any more, undoes, and the next run succeeds",
    async ({ phase, call }) => {
      const scene = new Scene();
      let switchesAtAbort = -1;
      const switches = () =>
        scene.cluster.writes.filter((write) => write.endsWith(` ${next}`) && write.startsWith("switch")).length;
      scene.cluster.intercept = (name) => {
        if (name !== call) return;
        switchesAtAbort = switches();
        scene.abort.abort(new Error("SIGINT"));
      };
      const ending = await scene.promote();
      expect(switches()).toBe(switchesAtAbort);
      if (survived.includes(phase)) {
        expect(ending.kind).toBe("resolved");
      } else {
        const error = failureOf(ending);
        expect({ code: error.code, kind: error.kind, phase: error.phase }).toEqual({
          code: "E_CANCELLED",
          kind: "cancelled",
          phase,
        });
        expect(error.message.split("\n")[0]).toMatch(new RegExp(`^E_CANCELLED phase=${phase}: `));
      }
      expect(scene.state).toBe(expectedState(phase));
      expect((await scene.promoteAgain()).kind).toBe("resolved");
      expect(scene.state).toBe(promoted);
    },
  );

  test("is over within 5 s of the caller's time", async () => {
    const scene = new Scene();
    let at = 0;
    scene.cluster.intercept = (name) => {
      if (name !== "probeService#1") return;
      at = scene.clock.now();
      scene.abort.abort(new Error("SIGINT"));
    };
    let done = 0;
    scene.cluster.onStep = () => {
      done = scene.clock.now();
    };
    await scene.promote();
    expect(done - at).toBeLessThan(5_000);
  });
});

describe("a call that never returns", () => {
  const reachable = phases.filter(({ phase }) => phase !== "unlock");
  test.each(reachable)("in phase $phase ends by a deadline and never promotes", async ({ phase, call }) => {
    const scene = new Scene();
    scene.cluster.intercept = (name) => (name === call ? new Promise(() => undefined) : undefined);
    const error = failureOf(await scene.promote());
    expect(error.kind).toBe("inconclusive");
    expect(["GATE_DEADLINE", "E_POSTVERIFY"]).toContain(error.code);
    expect(error.phase).toBe(phase);
    expect(scene.state).toBe(expectedState(phase));
    expect((await scene.promoteAgain()).kind).toBe("resolved");
    expect(scene.state).toBe(promoted);
  });
});

describe("a broken candidate", () => {
  test.each([
    {
      name: "whose image does not exist",
      script: { kind: "no-image", message: 'failed to pull: "keye@sha256:ab": not found' },
      code: "E_IMAGE",
      withinSeconds: 10,
    },
    {
      name: "whose registry does not answer",
      script: { kind: "no-image", message: "dial tcp: i/o timeout" },
      code: "E_IMAGE",
      withinSeconds: 75,
    },
    {
      name: "whose Secret is missing",
      script: { kind: "config-error", message: 'secret "keye-api-key" not found' },
      code: "E_CONFIG",
      withinSeconds: 45,
    },
    {
      name: "whose engine crashes",
      script: {
        kind: "crash",
        log: "[2026-11-24 06:40:12] Scheduler hit an exception: Traceback (most recent call last):",
      },
      code: "E_CRASH",
      withinSeconds: 12,
    },
    {
      name: "whose weights leave no room for the KV cache",
      script: { kind: "crash", log: "RuntimeError: Not enough memory. Please try to increase --mem-fraction-static." },
      code: "E_OOM",
      withinSeconds: 12,
    },
    {
      name: "that no node takes",
      script: { kind: "unschedulable", message: "0/2 nodes are available: 2 Insufficient nvidia.com/gpu." },
      code: "E_UNSCHEDULABLE",
      withinSeconds: 100,
    },
    {
      name: "that the quota refuses",
      script: { kind: "quota", message: 'pods "keye" is forbidden: exceeded quota: gpus' },
      code: "E_QUOTA",
      withinSeconds: 10,
    },
    { name: "that never becomes ready", script: { kind: "slow" }, code: "E_SLOW_START", withinSeconds: 310 },
  ] as const)("$name is parked with $code", async ({ script, code, withinSeconds }) => {
    const scene = new Scene();
    scene.cluster.setScript(next, script);
    const begun = scene.clock.now();
    const error = failureOf(await scene.promote());
    expect({ code: error.code, kind: error.kind, phase: error.phase }).toEqual({ code, kind: "fail", phase: "ready" });
    expect(error.message.split("\n")[0]).toMatch(new RegExp(`^GATE_FAILED phase=ready code=${code}: `));
    expect(scene.state).toBe(untouched);
    const evidence = scene.evidence();
    expect(evidence).toMatchObject({ verdict: "fail", code });
    expect((Date.parse(evidence?.finishedAt ?? "") - begun) / 1000).toBeLessThan(withinSeconds);
    scene.cluster.setScript(next, { kind: "healthy" });
    expect((await scene.promoteAgain({ retryNonce: "2" })).kind).toBe("resolved");
  });

  test.each([
    { name: "answers wrongly", answers: "wrong", code: "E_PROBE", kind: "fail", phase: "probe" },
    {
      name: "is not what was declared",
      answers: "wrong-identity",
      code: "E_IDENTITY",
      kind: "fail",
      phase: "identity",
    },
    { name: "does not answer", answers: "none", code: "E_PROBE", kind: "inconclusive", phase: "probe" },
    { name: "hangs in a probe", answers: "hang", code: "GATE_DEADLINE", kind: "inconclusive", phase: "probe" },
  ] as const)("of which one pod $name is parked: $kind $code", async ({ answers, code, kind, phase }) => {
    const scene = new Scene();
    scene.prober.pods.set("uid-4", answers);
    const error = failureOf(await scene.promote());
    expect({ code: error.code, kind: error.kind, phase: error.phase }).toEqual({ code, kind, phase });
    expect(scene.state).toBe(untouched);
    expect(scene.evidence()?.verdict).toBe(kind);
  });

  test("that runs another image than the pinned one is rejected without being asked anything", async () => {
    const scene = new Scene();
    const error = failureOf(await scene.promote({ imageDigest: `sha256:${"cd".repeat(32)}` }));
    expect({ code: error.code, phase: error.phase }).toEqual({ code: "E_IDENTITY", phase: "identity" });
    expect(scene.prober.passed.size).toBe(0);
    expect(scene.state).toBe(untouched);
  });

  test("on a first deploy leaves the Service selecting nothing", async () => {
    const scene = new Scene({ firstDeploy: true });
    scene.prober.revisions.set(next, "wrong");
    failureOf(await scene.promote());
    expect(scene.state).toBe(`none serves; ${stable} at 0, ${next} at 0`);
    scene.prober.revisions.clear();
    expect((await scene.promoteAgain({ retryNonce: "2" })).kind).toBe("resolved");
  });
});

describe("after the switch", () => {
  test.each([
    { answers: "wrong", kind: "fail" },
    { answers: "none", kind: "inconclusive" },
    { answers: "hang", kind: "inconclusive" },
  ] as const)(
    "a candidate that answers $answers through the Service is switched back: $kind",
    async ({ answers, kind }) => {
      const scene = new Scene();
      scene.prober.traffic.set(next, answers);
      const error = failureOf(await scene.promote());
      expect({ code: error.code, kind: error.kind, phase: error.phase }).toEqual({
        code: "E_POSTVERIFY",
        kind,
        phase: "traffic",
      });
      expect(error.message.split("\n")[0]).toMatch(/^E_POSTVERIFY phase=traffic: rolled back in \d+(\.\d)? s: /);
      expect(scene.state).toBe(untouched);
    },
  );

  test("a pod that restarts while the candidate soaks sends traffic back", async () => {
    const scene = new Scene();
    scene.cluster.intercept = (call) => {
      if (call === "observe#4") scene.cluster.changePod("uid-3", { restarts: 1 });
    };
    const error = failureOf(await scene.promote());
    expect({ code: error.code, phase: error.phase }).toEqual({ code: "E_POSTVERIFY", phase: "soak" });
    expect(error.message).toContain(`keye-${next}-3 restarted`);
    expect(scene.state).toBe(untouched);
  });

  test("on a first deploy a wrong answer leaves the Service selecting nothing", async () => {
    const scene = new Scene({ firstDeploy: true });
    scene.prober.traffic.set(next, "wrong");
    expect(failureOf(await scene.promote()).code).toBe("E_POSTVERIFY");
    expect(scene.state).toBe(`none serves; ${stable} at 0, ${next} at 0`);
  });
});
