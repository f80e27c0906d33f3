import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  type EvidenceDocument,
  evidenceLimitBytes,
  parseEvidence,
  serializeEvidence,
} from "../../../infra/gate/evidence.ts";
import type { ProvenPod } from "../../../infra/gate/proof.ts";
import { failureOf, next, Scene, stable } from "./stage.ts";

const secrets = ["s3cr3t-key", "hf_AbCdEfGhIjKlMnOp", "iVBORw0KGgoAAAANSUhEUg"];

function pod(name: string, reason: string, reportCount = 1): ProvenPod {
  const measurement = {
    check: "text",
    outcome: "pass",
    reason,
    startedAt: 0,
    duration: 1,
    attempts: 1,
    transportErrors: 0,
    facts: { got: reason },
  } as const;
  const reports = Array.from({ length: reportCount }, () => ({
    target: name,
    startedAt: 0,
    finishedAt: 1,
    measurements: [measurement],
  }));
  return { name, uid: name, life: `${name}/0`, node: null, imageId: null, verdict: "pass", reason, reports };
}

async function passed(): Promise<{ scene: Scene; document: EvidenceDocument }> {
  const scene = new Scene();
  await scene.promote();
  const document = scene.evidence();
  if (document === undefined) throw new Error("no evidence was written");
  return { scene, document };
}

describe("evidence", () => {
  test("of a pass tells what was asked, each phase, each pod and each measurement", async () => {
    const { document } = await passed();
    expect(document).toMatchObject({
      apiVersion: "keye-stack.dev/v1",
      kind: "PromotionEvidence",
      verdict: "pass",
      isUnfinished: false,
      revision: next,
      previousRevision: stable,
      replicas: 2,
      holder: "tester@here/1",
      faults: [],
      pods: [{ verdict: "pass" }, { verdict: "pass" }],
    });
    expect(document.phases.map(({ name }) => name)).toEqual([
      ...["lock", "observe", "preflight", "scale", "ready", "probe", "recheck", "switch"],
      ...["endpoints", "traffic", "soak", "retire"],
    ]);
    expect(document.inputsSha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test("has the digest that the outputs name", async () => {
    const scene = new Scene();
    const ending = await scene.promote();
    const stored = [...scene.cluster.evidence.values()][0];
    const digest = createHash("sha256")
      .update(stored?.json ?? "")
      .digest("hex");
    expect(ending).toMatchObject({ outputs: { evidence: { configMap: stored?.name, sha256: digest } } });
  });

  test("of a failure holds the fault with the end of the log", async () => {
    const scene = new Scene();
    scene.cluster.setScript(next, {
      kind: "crash",
      log: "server_args=ServerArgs(api_key='s3cr3t-key')\nModuleNotFoundError: No module named 'effective_kernels'",
    });
    const error = failureOf(await scene.promote());
    const document = scene.evidence();
    expect(document).toMatchObject({
      verdict: "fail",
      code: "E_CONFIG",
      faults: [{ code: "E_CONFIG", logTail: [expect.stringContaining("[hidden]"), expect.any(String)] }],
    });
    expect(error.evidence).toBe(`rollgate-keye-${next}-0123456789`);
    expect(JSON.stringify(document) + error.message).not.toContain("s3cr3t-key");
  });

  test("of a rejection is told where it could not be written, without hiding the rejection", async () => {
    const scene = new Scene();
    scene.prober.revisions.set(next, "wrong");
    scene.cluster.intercept = (call) => {
      if (call.startsWith("saveEvidence")) throw new Error("disk full");
    };
    const error = failureOf(await scene.promote());
    expect(error.code).toBe("E_PROBE");
    expect(error.message).toContain("could not be recorded: disk full");
  });

  test("goes to a file too, whose failure is only mentioned", async () => {
    const scene = new Scene();
    const files: string[] = [];
    scene.evidenceFile = async (name) => {
      files.push(name);
      throw new Error("read-only folder");
    };
    expect((await scene.promote()).kind).toBe("resolved");
    expect(files).toEqual(["json", "prom"].map((kind) => `rollgate-keye-${next}-0123456789.${kind}`));
    expect(scene.lines.find((line) => line.includes("read-only folder"))).toBeDefined();
  });

  test("holds no key, token or picture wherever one slipped in", async () => {
    const { document } = await passed();
    const json = serializeEvidence({
      ...document,
      reason: "api_key='s3cr3t-key' was refused",
      notes: ["token hf_AbCdEfGhIjKlMnOp", "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg=="],
      pods: [{ ...pod("a", "Authorization: Bearer s3cr3t-key"), ...{ apiKey: "s3cr3t-key", promptTokens: 12 } }],
    });
    for (const secret of secrets) expect(json).not.toContain(secret);
    expect(json).toContain('"promptTokens": 12');
    expect(parseEvidence(json)).toBeDefined();
  });

  test.each([
    { pods: 4, reports: 50, letters: 2_000, leftOut: "all probe reports but each pod's last" },
    { pods: 40, reports: 1, letters: 6_000, leftOut: "all probe reports" },
    { pods: 90, reports: 1, letters: 6_000, leftOut: "everything but the verdict" },
  ])("of $pods pods with $reports reports of $letters letters each fits a ConfigMap", async (row) => {
    const { document } = await passed();
    const big = Array.from({ length: row.pods }, (_, index) => pod(`p-${index}`, "x".repeat(row.letters), row.reports));
    const json = serializeEvidence({ ...document, pods: big });
    const { leftOut } = row;
    expect(json.length).toBeLessThanOrEqual(evidenceLimitBytes);
    expect(parseEvidence(json)).toMatchObject({ verdict: "pass", leftOut });
  });

  test.each([
    ["no JSON", "{"],
    ["another kind", '{"kind":"ConfigMap"}'],
    ["another version", '{"apiVersion":"keye-stack.dev/v2","kind":"PromotionEvidence","verdict":"pass"}'],
    ["null", "null"],
  ])("that is %s counts as none", (_, json) => {
    expect(parseEvidence(json)).toBeUndefined();
  });

  test("that somebody damaged is mentioned and proven anew", async () => {
    const { scene } = await passed();
    for (const { name } of scene.cluster.evidence.values()) scene.cluster.evidence.set(name, { name, json: "{" });
    expect((await scene.promoteAgain()).kind).toBe("resolved");
    expect(scene.lines).toContain(
      `[observe] evidence rollgate-keye-${next}-0123456789 is not readable and counts as none`,
    );
    expect(scene.evidence()?.verdict).toBe("pass");
  });
});
