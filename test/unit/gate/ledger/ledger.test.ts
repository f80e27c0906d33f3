import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../../../infra/core/canonical-json.ts";
import { entriesOf, promotedRevisions, readLedger } from "../../../../infra/gate/ledger/ledger.ts";
import { ago } from "../../../../infra/gate/ledger/text.ts";
import { inputs, next, Scene } from "../stage.ts";
import { Moment } from "./rollout-facts.ts";

const [a, b] = ["aaaaaaaaaa", "bbbbbbbbbb"];
const rejected = { verdict: "fail", code: "E_PROBE", reason: "text: wrong." } as const;

describe("the ledger of an app", () => {
  test("has the last verdict first, and tells what cannot be read", () => {
    const stored = [
      { name: "x", json: "{" },
      ...[1, 3, 2].map((hour) => ({
        name: `at-${hour}`,
        json: JSON.stringify({
          apiVersion: "keye-stack.dev/v1",
          kind: "PromotionEvidence",
          verdict: "pass",
          isUnfinished: false,
          reason: "",
          revision: a,
          previousRevision: null,
          replicas: 1,
          finishedAt: `2026-01-01T0${hour}:00:00.000Z`,
        }),
      })),
    ];
    const ledger = readLedger(stored);
    expect(entriesOf(ledger, a).map(({ name }) => name)).toEqual(["at-3", "at-2", "at-1"]);
    expect(ledger.unreadable).toEqual(["x"]);
  });

  test("names each promoted revision once, the last promoted first, and no other", async () => {
    const moment = new Moment()
      .verdict({ revision: a, minutesAgo: 60 })
      .verdict({ revision: a, minutesAgo: 10, probeHash: "9999999999" })
      .verdict({ revision: b, minutesAgo: 30 })
      .verdict({ revision: "cccccccccc", minutesAgo: 5, evidence: rejected });
    const promoted = promotedRevisions((await moment.facts()).ledger);
    expect(promoted.map(({ revision }) => revision)).toEqual([a, b]);
    expect(ago(promoted[0]?.passedAt ?? 0, moment.clock.now())).toBe("10 min ago");
  });
});

describe("the evidence of a promotion", () => {
  test("keeps what was asked, to the digest", async () => {
    const scene = new Scene();
    await scene.promote();
    const [stored] = [...scene.cluster.evidence.values()];
    expect(stored?.inputsJson).toBe(canonicalJson(inputs()));
    expect(scene.evidence()?.inputsSha256).toBe(scene.ports().sha256(stored?.inputsJson ?? ""));
  });

  test("remembers that the revision has passed, whatever came of it later", async () => {
    const scene = new Scene();
    await scene.promote();
    const { finishedAt } = scene.evidence() ?? {};
    scene.prober.revisions.set(next, "wrong");
    await scene.promoteAgain({ replicas: 3 });
    expect(scene.evidence()).toMatchObject({ verdict: "fail", passedAt: finishedAt });
  });

  test("has nothing to remember where the revision never passed", async () => {
    const scene = new Scene();
    scene.prober.revisions.set(next, "wrong");
    await scene.promote();
    await scene.promoteAgain({ retryNonce: "again" });
    expect(scene.evidence()).not.toHaveProperty("passedAt");
  });
});

test.each([
  [40, "40 s ago"],
  [119, "119 s ago"],
  [200, "3 min ago"],
  [3 * 3600, "3 h ago"],
  [5 * 86_400, "5 days ago"],
  [-3, "0 s ago"],
])("%d seconds are told as %s", (seconds, text) => {
  expect(ago(0, seconds * 1000)).toBe(text);
});
