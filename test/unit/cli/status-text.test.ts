import { describe, expect, test } from "vitest";
import { diagnosisText } from "../../../infra/cli/doctor-rollout.ts";
import { statusDocument } from "../../../infra/cli/status-document.ts";
import { leaseText, statusText } from "../../../infra/cli/status-text.ts";
import { diagnoseRollout } from "../../../infra/gate/ledger/diagnosis.ts";
import { asks, Moment } from "../gate/ledger/rollout-facts.ts";

const [a, b, c] = ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"];
const server = "https://127.0.0.1:6443";
const rejected = { verdict: "fail", code: "E_PROBE", reason: "text: wanted 42, got 17." } as const;

/** `a` serves, `b` was rejected and still runs because its runner died, `c` was promoted before. */
function broken(): Moment {
  return new Moment()
    .runs(a, 2)
    .serves(a)
    .verdict({ revision: a, minutesAgo: 60 })
    .runs(b, 1)
    .verdict({ revision: b, minutesAgo: 4, evidence: rejected })
    .runs(c, 0)
    .verdict({ revision: c, minutesAgo: 300 })
    .held(100);
}

async function parts(moment: Moment) {
  const facts = await moment.facts();
  return { facts, diagnosis: diagnoseRollout(facts, asks(b)), server };
}

describe("the status of an app", () => {
  test("is one screen: what serves, who promotes, each revision, what comes next, what was left", async () => {
    expect(statusText(await parts(broken()))).toMatchInlineSnapshot(`
      "keye/keye on https://127.0.0.1:6443

      serving    revision aaaaaaaaaa, 2 ready, 2 endpoints
      lease      ci-7/4711/ab, taken 100 s ago, renewed 100 s ago: that run has died
      revisions  aaaaaaaaaa  serves  2/2 ready  8 GPUs  pass, 60 min ago
                 cccccccccc  kept    0/0 ready  0 GPUs  pass, 5 h ago
                 bbbbbbbbbb  runs    1/1 ready  4 GPUs  fail E_PROBE, 4 min ago: text: wanted 42, got 17
      next up    fails at once for 360 s more (E_PROBE: text: wanted 42, got 17), unless rollout.retryNonce changes
      left       candidate-running: Revision bbbbbbbbbb runs with 1 of 1 pods ready, holds 4 GPUs, and serves nobody.
                 and 1 more; see keye doctor rollout"
    `);
  });

  test("of an app that nothing was promoted in", async () => {
    expect(statusText(await parts(new Moment()))).toMatchInlineSnapshot(`
      "keye/keye on https://127.0.0.1:6443

      serving    nothing: the live Service selects no revision
      lease      none: no promotion has run yet
      revisions  none
      next up    takes bbbbbbbbbb to 2 replicas: starts its pods, proves every one and lets it serve"
    `);
  });

  test("as JSON says the same in fields", async () => {
    expect(statusDocument(await parts(broken()))).toMatchObject({
      apiVersion: "keye-stack.dev/v1",
      kind: "RolloutStatus",
      traffic: { kind: "revision", revision: a },
      readyEndpoints: 2,
      lease: { state: "stale", holder: "ci-7/4711/ab" },
      revisions: [
        { revision: a, role: "serves", asked: 2, ready: 2, gpus: 8, lastVerdict: { verdict: "pass", code: null } },
        { revision: c, role: "kept", asked: 0, gpus: 0, passedAt: "2025-12-31T19:00:00.000Z" },
        { revision: b, role: "runs", asked: 1, passedAt: null, lastVerdict: { verdict: "fail", code: "E_PROBE" } },
      ],
      findings: [{ id: "candidate-running" }, { id: "run-died" }],
    });
  });

  test.each([
    ["none", new Moment(), "none: no promotion has run yet"],
    ["one that is renewed", new Moment().held(4), "ci-7/4711/ab, taken 4 s ago, renewed 4 s ago"],
    ["one that is not", new Moment().held(90), "ci-7/4711/ab, taken 90 s ago, renewed 90 s ago: that run has died"],
  ])("tells a Lease: %s", async (_, moment, text) => {
    expect(leaseText(await moment.facts())).toBe(text);
  });
});

describe("the diagnosis of a rollout", () => {
  test("has each finding with what the next update makes of it, and what to type", async () => {
    const { facts, diagnosis } = await parts(broken());
    expect(diagnosisText(facts, diagnosis)).toMatchInlineSnapshot(`
      "Serving: revision aaaaaaaaaa, 2 ready, 2 endpoints.

      candidate-running (a candidate still runs and serves nobody)
        Revision bbbbbbbbbb runs with 1 of 1 pods ready, holds 4 GPUs, and serves nobody.
        The next pulumi up goes on with the pods that run where the settings describe bbbbbbbbbb. Otherwise it deletes them with the revision.
        $ kubectl -n keye scale deployment keye-bbbbbbbbbb --replicas=0
        $ keye explain bbbbbbbbbb

      run-died (the holder of the Lease has stopped renewing it)
        The Lease is held by ci-7/4711/ab, which renewed it last 100 s ago: that run has died, or cannot reach the cluster.
        The next pulumi up takes the Lease over, where it promotes, once it has watched it stand still for 30 s; where Pulumi's own lock is left too, pulumi cancel frees it.
        $ kubectl -n keye get lease rollgate-keye -o yaml
        $ pulumi cancel

      The next pulumi up fails at once for 360 s more (E_PROBE: text: wanted 42, got 17), unless rollout.retryNonce changes."
    `);
  });

  test("says that nothing was left, or that somebody is at work", async () => {
    const calm = await parts(new Moment().runs(a, 1).serves(a).verdict({ revision: a, minutesAgo: 9 }));
    expect(diagnosisText(calm.facts, calm.diagnosis)).toContain("\n\nNothing was left behind.\n\n");
    const busy = await parts(broken().held(2));
    expect(diagnosisText(busy.facts, busy.diagnosis)).toContain("A promotion is at work: ci-7/4711/ab, taken 2 s ago");
  });
});
