import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { planRollback } from "../../../infra/cli/rollback-plan.ts";
import { canonicalJson } from "../../../infra/core/canonical-json.ts";
import type { PromotionInputs } from "../../../infra/core/promotion-inputs.ts";
import { Moment } from "../gate/ledger/rollout-facts.ts";
import { inputs } from "../gate/stage.ts";

const [a, b, c] = ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"];

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** What a revision was promoted with, as its record keeps it. */
function kept(revision: string, change: Partial<PromotionInputs> = {}) {
  const inputsJson = canonicalJson(inputs({ revision, workload: `keye-${revision}`, ...change }));
  return { inputsJson, evidence: { inputsSha256: sha256(inputsJson) } };
}

/** `b` serves with three pods; `a` and `c` were promoted before it, `a` last, and only `a` is still there. */
function moment(): Moment {
  return new Moment()
    .runs(b, 3)
    .serves(b)
    .verdict({ revision: b, minutesAgo: 10, ...kept(b) })
    .runs(a, 0)
    .verdict({
      revision: a,
      minutesAgo: 60,
      ...kept(a, { context: "prod", evidenceDir: "somewhere", retryNonce: "2" }),
    })
    .verdict({ revision: c, minutesAgo: 90, ...kept(c) });
}

describe("a rollback", () => {
  test("goes to the last promoted revision that is there, with as many replicas as serve now", async () => {
    const { from, target, inputs: asked } = planRollback(await moment().facts(), undefined, sha256);
    expect({ from, to: target.revision }).toEqual({ from: b, to: a });
    expect(asked).toEqual(
      inputs({ revision: a, workload: `keye-${a}`, replicas: 3, cooldownSeconds: 0, retryNonce: "2" }),
    );
  });

  test("goes to a revision by its first digits", async () => {
    expect(planRollback(await moment().facts(), "aaa", sha256).target.revision).toBe(a);
  });

  test("asks for what was recorded where nothing serves", async () => {
    const { from, inputs: asked } = planRollback(await moment().serves("none").facts(), a, sha256);
    expect({ from, replicas: asked.replicas }).toEqual({ from: "none", replicas: 2 });
  });

  test("out of a ramp goes to the revision that was promoted last", async () => {
    const ramping = await moment().runs("dddddddddd", 1).ramps(b, "dddddddddd");
    expect(planRollback(await ramping.facts(), undefined, sha256).target.revision).toBe(b);
  });

  test.each([
    [
      "that serves already",
      moment,
      b,
      `E_NO_TARGET: keye/keye: Revision ${b} serves already. keye status shows what else there is.`,
    ],
    [
      "whose Deployment is gone",
      moment,
      c,
      `E_NO_TARGET: keye/keye: Revision ${c} was promoted, and its Deployment is gone. Go back to the settings that it was made from and run pulumi up; rollout.keepRevisions keeps later ones.`,
    ],
    [
      "that was never promoted",
      () =>
        moment()
          .runs("dddddddddd", 0)
          .verdict({ revision: "dddddddddd", minutesAgo: 1, evidence: { verdict: "fail" } }),
      "dddddddddd",
      `E_NO_TARGET: keye/keye: Revision dddddddddd has never been promoted here; those that have: ${b}, ${a}, ${c}. A revision that was rejected, or is new, is promoted by pulumi up.`,
    ],
    [
      "of several that begin with the digits",
      () =>
        moment()
          .runs("aaa0000000", 0)
          .verdict({ revision: "aaa0000000", minutesAgo: 70, ...kept("aaa0000000") }),
      "aaa",
      `E_NO_TARGET: keye/keye: "aaa" may be ${a} or aaa0000000. Give more digits.`,
    ],
    [
      "whose record does not keep what it was promoted with",
      () =>
        new Moment()
          .runs(b, 1)
          .serves(b)
          .verdict({ revision: b, minutesAgo: 1 })
          .runs(a, 0)
          .verdict({ revision: a, minutesAgo: 9 }),
      undefined,
      `E_NO_TARGET: keye/keye: The record of ${a}, rollgate-keye-${a}-0123456789, does not keep what it was promoted with. Go back to the settings that it was made from and run pulumi up.`,
    ],
    [
      "whose record somebody edited",
      () =>
        new Moment()
          .runs(b, 1)
          .serves(b)
          .verdict({ revision: b, minutesAgo: 1 })
          .runs(a, 0)
          .verdict({ revision: a, minutesAgo: 9, inputsJson: "{}", evidence: { inputsSha256: "0" } }),
      undefined,
      `E_NO_TARGET: keye/keye: The inputs.json of rollgate-keye-${a}-0123456789 is not what its evidence was made with. Go back to the settings that it was made from and run pulumi up.`,
    ],
    [
      "whose record another version wrote",
      () =>
        new Moment()
          .runs(b, 1)
          .serves(b)
          .verdict({ revision: b, minutesAgo: 1 })
          .runs(a, 0)
          .verdict({ revision: a, minutesAgo: 9, inputsJson: "{}", evidence: { inputsSha256: sha256("{}") } }),
      undefined,
      `E_NO_TARGET: keye/keye: The record rollgate-keye-${a}-0123456789 was written by another version: namespace is missing. Go back to the settings that it was made from and run pulumi up.`,
    ],
    [
      "where only what serves was ever promoted",
      () => new Moment().runs(b, 1).serves(b).verdict({ revision: b, minutesAgo: 1 }),
      undefined,
      `E_NO_TARGET: keye/keye: Revision ${b} serves, and no other revision has ever been promoted here. Change the settings and run pulumi up.`,
    ],
    [
      "while another promotion is at work",
      () => moment().held(3),
      undefined,
      "E_LOCKED: keye/keye: holder=ci-7/4711/ab since=2025-12-31T23:59:57.000Z: another promotion is running. Wait for it, or cancel it where it runs: it then goes back by itself.",
    ],
  ] as const)("is refused to a revision %s", async (_, scene, to, message) => {
    const facts = await scene().facts();
    expect(() => planRollback(facts, to, sha256)).toThrow(expect.objectContaining({ message }));
  });
});
