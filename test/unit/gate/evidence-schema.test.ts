import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import type { PromotionInputs } from "../../../infra/core/promotion-inputs.ts";
import { type EvidenceDocument, serializeEvidence } from "../../../infra/gate/evidence.ts";
import { evidenceSchema } from "../../../infra/gate/evidence-schema.ts";
import { next, Scene } from "./stage.ts";

const isValid = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(evidenceSchema);

/** What a promotion puts on record on this stage. */
async function evidenceOf(prepare: (scene: Scene) => unknown, change: Partial<PromotionInputs> = {}) {
  const scene = new Scene();
  prepare(scene);
  await scene.promote(change);
  const document = scene.evidence(change);
  if (document === undefined) throw new Error("no evidence was written");
  return document;
}

const log = "ModuleNotFoundError: No module named 'effective_kernels'";

describe("evidence fits its published schema", () => {
  test.each<[string, (scene: Scene) => unknown, EvidenceDocument["verdict"]]>([
    ["a pass", () => undefined, "pass"],
    ["a wrong answer", (scene) => scene.prober.revisions.set(next, "wrong"), "fail"],
    ["an engine that crashes", (scene) => scene.cluster.setScript(next, { kind: "crash", log }), "fail"],
    ["engines that do not answer", (scene) => scene.prober.revisions.set(next, "none"), "inconclusive"],
  ])("of %s", async (_name, prepare, verdict) => {
    const document = await evidenceOf(prepare);
    expect(document.verdict).toBe(verdict);
    expect(isValid(document), JSON.stringify(isValid.errors)).toBe(true);
  });

  test("with a nonce, and where details were left out to fit a ConfigMap", async () => {
    const document = await evidenceOf(() => undefined, { retryNonce: "again" });
    const wordy = { ...document, notes: Array.from({ length: 600 }, () => "x".repeat(1000)) };
    const shortened = JSON.parse(serializeEvidence(wordy));
    expect([shortened.retryNonce, shortened.leftOut]).toEqual(["again", "everything but the verdict"]);
    expect(isValid(shortened), JSON.stringify(isValid.errors)).toBe(true);
  });
});

test.each<[string, object]>([
  ["without its version", { apiVersion: undefined }],
  ["with a verdict that there is not", { verdict: "maybe" }],
  ["with a field that nobody knows", { extra: 1 }],
  ["with a phase that there is not", { phases: [{ name: "hope", seconds: 1 }] }],
  ["with a digest that is none", { inputsSha256: "1a2b" }],
  ["with a pod that says not who it is", { pods: [{ verdict: "pass" }] }],
])("a document %s does not", async (_name, change) => {
  const document = await evidenceOf(() => undefined);
  expect(isValid({ ...document, ...change })).toBe(false);
});
