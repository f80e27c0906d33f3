import { describe, expect, test } from "vitest";
import { diagnoseRollout } from "../../../../infra/gate/ledger/diagnosis.ts";
import { asks, Moment } from "./rollout-facts.ts";

const [a, b, c] = ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"];
const unknown = { because: "depends on the settings" };

/** `a` serves with two pods and was promoted an hour ago. */
function stable(): Moment {
  return new Moment().runs(a, 2).serves(a).verdict({ revision: a, minutesAgo: 60 });
}

/** A record that was made just before a switch. */
const unfinished = { verdict: "inconclusive", isUnfinished: true } as const;

describe("what a run that ended early has left", () => {
  const cases: readonly {
    readonly name: string;
    readonly moment: () => Moment | Promise<Moment>;
    readonly ids: readonly string[];
    /** Of the first finding. */
    readonly what?: string;
    readonly commands?: readonly string[];
  }[] = [
    { name: "nothing, where the promoted revision serves", moment: stable, ids: [] },
    { name: "nothing, where nothing was ever deployed but the Service", moment: () => new Moment(), ids: [] },
    {
      name: "nothing, where a rejected candidate is parked and an earlier revision kept",
      moment: () =>
        stable()
          .runs(b, 0)
          .verdict({ revision: b, minutesAgo: 5, evidence: { verdict: "fail", code: "E_PROBE" } })
          .runs(c, 0)
          .verdict({ revision: c, minutesAgo: 90 }),
      ids: [],
    },
    {
      name: "a candidate and the Lease, where the runner was killed before the switch",
      moment: () => stable().runs(b, 2).held(100),
      ids: ["candidate-running", "run-died"],
      what: `Revision ${b} runs with 2 of 2 pods ready, holds 8 GPUs, and serves nobody.`,
      commands: [`kubectl -n keye scale deployment keye-${b} --replicas=0`, `keye explain ${b}`],
    },
    {
      name: "a candidate, where its record says that the switch was about to be made",
      moment: () =>
        stable()
          .runs(b, 2)
          .verdict({ revision: b, minutesAgo: 1, evidence: { ...unfinished, previousRevision: a } }),
      ids: ["candidate-running"],
    },
    {
      name: "a leftover, where somebody scaled a revision that serves nobody",
      moment: () => stable().runs(c, 1).verdict({ revision: c, minutesAgo: 90 }),
      ids: ["leftover"],
      what: `Revision ${c} runs with 1 of 1 pods ready, holds 4 GPUs, and serves nobody.`,
    },
    {
      name: "an unverified switch with the old revision warm, where the runner was killed between switch and evidence",
      moment: () =>
        stable()
          .runs(b, 2)
          .serves(b)
          .verdict({ revision: b, minutesAgo: 1, evidence: { ...unfinished, previousRevision: a } })
          .held(60),
      ids: ["switched-unverified", "run-died"],
      what: `Revision ${b} serves with 2 of 2 pods ready. Its pods were proven; the run ended before it was verified through the Service. Before it, ${a} served: 2 of 2 pods ready.`,
      commands: [
        `keye explain ${b}`,
        `keye rollback --to ${a}`,
        "kubectl -n keye get service keye -o jsonpath='{.spec.selector}'",
      ],
    },
    {
      name: "an unverified switch of a first deploy",
      moment: () => new Moment().runs(b, 1).serves(b).verdict({ revision: b, minutesAgo: 1, evidence: unfinished }),
      ids: ["switched-unverified"],
      what: `Revision ${b} serves with 1 of 1 pods ready. Its pods were proven; the run ended before it was verified through the Service. Nothing served before.`,
    },
    {
      name: "half a ramp, where a canary was killed",
      moment: () => stable().runs(b, 1).ramps(a, b),
      ids: ["half-ramp"],
      what: `${a} gives way to ${b} pod by pod: 2 of 2 pods ready and 1 of 1 pods ready; the Service has 3 ready endpoints.`,
    },
    {
      name: "nobody who serves, where a recreate died after it took the old revision away",
      moment: () =>
        new Moment()
          .runs(a, 0)
          .serves(a)
          .verdict({ revision: a, minutesAgo: 60 })
          .runs(b, 2)
          .verdict({
            revision: b,
            minutesAgo: 1,
            evidence: { ...unfinished, strategy: "recreate", previousRevision: a, previousReplicas: 2 },
          }),
      ids: ["emptied", "candidate-running"],
      what: `Nobody serves. A recreate took ${a} away (0 of 0 pods ready, 2 before) for ${b} (2 of 2 pods ready), and ended before that served.`,
    },
    {
      name: "a revision without pods that traffic goes to",
      moment: () => new Moment().runs(a, 0).serves(a).verdict({ revision: a, minutesAgo: 60 }),
      ids: ["nothing-ready"],
      commands: [`kubectl -n keye scale deployment keye-${a} --replicas=2`, `keye explain ${a}`],
    },
    {
      name: "a selector that somebody moved to nothing",
      moment: () => stable().serves("none"),
      ids: ["selector-moved", "leftover"],
    },
    {
      name: "a selector that somebody moved to a revision that is not there",
      moment: () => stable().serves(c),
      ids: ["selector-moved", "leftover"],
      what: `The live Service selects revision ${c}, which has no Deployment: somebody moved the selector, or deleted the revision.`,
    },
    {
      name: "a selector that somebody moved back to an earlier revision",
      moment: () => stable().runs(c, 1).serves(c).verdict({ revision: c, minutesAgo: 90 }),
      ids: ["selector-moved", "leftover"],
      what: `Traffic goes to revision ${c}, 1 of 1 pods ready, although ${a} was promoted after it, 60 min ago: somebody moved the selector.`,
    },
    {
      name: "a revision that serves and has never passed",
      moment: () =>
        stable()
          .runs(b, 1)
          .serves(b)
          .verdict({
            revision: b,
            minutesAgo: 3,
            evidence: { verdict: "fail", code: "E_PROBE", reason: "text: wrong." },
          }),
      ids: ["unproven-serves", "leftover"],
      what: `Traffic goes to revision ${b}, 1 of 1 pods ready, which has never passed; its last verdict is fail E_PROBE, 3 min ago: text: wrong. Somebody moved the selector, or a way back did not succeed.`,
    },
    {
      name: "a revision that serves and did not pass its last proof in place",
      moment: () =>
        stable().verdict({
          revision: a,
          minutesAgo: 2,
          probeHash: "9999999999",
          evidence: { verdict: "fail", code: "E_PROBE", reason: "latency: too slow." },
        }),
      ids: ["failed-in-place"],
      what: `Revision ${a} serves; its last verdict is fail E_PROBE, 2 min ago: latency: too slow.`,
    },
    {
      name: "only the Lease, where the runner was killed before it changed anything",
      moment: () => stable().held(45),
      ids: ["run-died"],
      what: "The Lease is held by ci-7/4711/ab, which renewed it last 45 s ago: that run has died, or cannot reach the cluster.",
    },
  ];

  test.each(cases)("$name", async ({ moment, ids, what, commands }) => {
    const { findings, isRunning } = diagnoseRollout(await (await moment()).facts(), unknown);
    expect(findings.map(({ id }) => id)).toEqual(ids);
    expect(isRunning).toBe(false);
    if (what !== undefined) expect(findings[0]?.what).toBe(what);
    if (commands !== undefined) expect(findings[0]?.commands).toEqual(commands);
  });

  test("a promotion that is at work has left nothing, whatever it looks like", async () => {
    const { findings, isRunning, nextUp } = diagnoseRollout(await stable().runs(b, 2).held(5).facts(), asks(b));
    expect({ findings, isRunning, nextUp }).toEqual({
      findings: [],
      isRunning: true,
      nextUp: "is refused with E_LOCKED while ci-7/4711/ab promotes",
    });
  });
});

describe("what serves", () => {
  const cases = [
    ["nothing", () => new Moment(), "nothing: the live Service selects no revision"],
    ["a revision", stable, `revision ${a}, 2 ready, 2 endpoints`],
    ["a revision without pods", () => new Moment().runs(a, 0).serves(a), `nobody: revision ${a}, 0 ready pods`],
    [
      "both of a ramp",
      () => stable().runs(b, 1).ramps(a, b),
      `revisions ${a} (2 ready) and ${b} (1 ready), pod by pod, 3 endpoints`,
    ],
  ] as const;

  test.each(cases)("%s", async (_, moment, text) => {
    expect(diagnoseRollout(await (await moment()).facts(), unknown).serves).toBe(text);
  });
});

describe("what the next update does", () => {
  const rejected = { verdict: "fail", code: "E_PROBE", reason: "text: wrong." } as const;
  const cases: readonly (readonly [string, () => Moment | Promise<Moment>, Parameters<typeof asks>, string])[] = [
    [
      "nothing, where the revision serves and is proven",
      stable,
      [a],
      `promotes nothing: ${a} serves and is proven by these probes`,
    ],
    [
      "other probes",
      stable,
      [a, { probeHash: "9999999999" }],
      `proves ${a} in place: these probes have no pass on record`,
    ],
    ["other replicas", stable, [a, { replicas: 3 }], `scales ${a} from 2 to 3 replicas, and proves it in place`],
    [
      "an unverified switch",
      () => new Moment().runs(b, 2).serves(b).verdict({ revision: b, minutesAgo: 1, evidence: unfinished }),
      [b],
      `verifies ${b} in place, and finishes what the last run began`,
    ],
    [
      "a new revision",
      stable,
      [b, { strategy: "canary" }],
      `takes ${b} to 2 replicas: starts its pods, proves every one and replaces ${a} by canary`,
    ],
    [
      "a first revision",
      () => new Moment(),
      [b],
      `takes ${b} to 2 replicas: starts its pods, proves every one and lets it serve`,
    ],
    [
      "a candidate that runs",
      () => stable().runs(b, 2),
      [b],
      `takes ${b} to 2 replicas: goes on with 2 of 2 pods ready, proves every one and replaces ${a} by blueGreen`,
    ],
    [
      "a kept revision",
      () => stable().runs(c, 0).verdict({ revision: c, minutesAgo: 90 }),
      [c],
      `takes ${c}, which has been promoted before, to 2 replicas: starts its pods, proves every one and replaces ${a} by blueGreen`,
    ],
    [
      "a rejected revision within its cool-down",
      () => stable().verdict({ revision: b, minutesAgo: 4, evidence: rejected }),
      [b],
      "fails at once for 360 s more (E_PROBE: text: wrong), unless rollout.retryNonce changes",
    ],
    [
      "a rejected revision with another nonce",
      () => stable().verdict({ revision: b, minutesAgo: 4, evidence: rejected }),
      [b, { retryNonce: "again" }],
      `takes ${b} to 2 replicas: starts its pods, proves every one and replaces ${a} by blueGreen`,
    ],
    [
      "the serving revision, at 0",
      () => new Moment().runs(a, 0).serves(a).verdict({ revision: a, minutesAgo: 60 }),
      [a],
      `takes ${a} from 0 to 2 replicas, and proves it in place`,
    ],
    ["a ramp towards it", () => stable().runs(b, 1).ramps(a, b), [b], `goes on with the ramp from ${a} to ${b}`],
    ["a ramp away from it", () => stable().runs(b, 1).ramps(a, b), [a], `takes the ramp back: ${a} serves alone again`],
    [
      "a ramp of others",
      () => stable().runs(b, 1).ramps(a, b),
      [c],
      `ends the ramp from ${a} to ${b}, then proves ${c}`,
    ],
  ];

  test.each(cases)("%s", async (_, moment, asked, text) => {
    expect(diagnoseRollout(await (await moment()).facts(), asks(...asked)).nextUp).toBe(text);
  });

  test("depends on the settings where they are not known", async () => {
    expect(diagnoseRollout(await stable().facts(), unknown).nextUp).toBe("depends on the settings");
  });
});
