import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv } from "ajv";
import { afterEach, beforeEach, expect, test } from "vitest";
import { doctor } from "../../../infra/cli/doctor.ts";
import { doctorText } from "../../../infra/cli/doctor-text.ts";
import type { Finding } from "../../../infra/spec/doctor/finding.ts";
import { doctorReport, doctorReportSchema } from "../../../infra/spec/doctor/report.ts";

const pressure: Finding = {
  id: "node-pressure",
  severity: "warning",
  where: "node a",
  what: "Its condition DiskPressure is True.",
  cure: "Look at it.",
};
const quota: Finding = { id: "quota", severity: "error", where: "quota q", what: "Too small.", cure: "Raise it." };

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "keye-doctor-"));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function run(...args: readonly string[]) {
  const world = { out: () => undefined, err: () => undefined, env: {}, signal: new AbortController().signal };
  return doctor.run(args, world);
}

function stackFile(text: string): string {
  const file = join(dir, "Pulumi.test.yaml");
  writeFileSync(file, text);
  return file;
}

test("people read the worst first, the same in several places once, and the counts", () => {
  const others = ["b", "c", "d", "e", "f"].map((name) => ({ ...pressure, where: `node ${name}` }));
  expect(doctorText([quota, pressure, ...others])).toMatchInlineSnapshot(`
    "Errors
      quota (namespace): quota q
        Too small.
        Raise it.

    Warnings
      node-pressure (nodes): node a, node b, node c, node d, node e and 1 more
        Its condition DiskPressure is True.
        Look at it.

    1 error, 6 warnings, 0 notes. Not looked at: GPUs that are free now, priorities and preemption (a promotion's own ledger counts them); whether registry, hub and repositories answer; huge pages, which the engine does not ask for."
  `);
});

test("what pipelines read is as the published schema says", () => {
  const visit = { stackFile: "Pulumi.prod.yaml", server: "https://10.0.0.1:6443", serverVersion: "v1.36.3" };
  const report = doctorReport(visit, [quota, pressure]);
  expect(report).toMatchObject({
    counts: { error: 1, warning: 1, note: 0 },
    findings: [{ class: "namespace" }, { class: "nodes" }],
  });
  const validate = new Ajv({ strict: true }).compile(doctorReportSchema);
  expect(validate(JSON.parse(JSON.stringify(report)))).toBe(true);
  expect(validate({ ...report, findings: [{ ...quota, severity: "bad" }] })).toBe(false);
});

test("settings that are wrong are refused before a cluster is asked", async () => {
  const file = stackFile("config: {keye-stack:stack: {replicas: many}}");
  await expect(run("--stack-file", file, "--context", "nowhere")).rejects.toThrow(/^CONFIG_INVALID: /);
});

test("a lock that cannot be read is refused, one without the image is not", async () => {
  const file = stackFile("config: {keye-stack:stack: {}}");
  writeFileSync(join(dir, "keye.lock.yaml"), "images: 3\n");
  await expect(run("--stack-file", file)).rejects.toThrow(/^CONFIG_LOCK: /);
});

test("without a file in the folder one must be named", async () => {
  const back = process.cwd();
  process.chdir(dir);
  try {
    await expect(run()).rejects.toThrow(
      "CONFIG_USAGE: keye doctor: there is no Pulumi.<stack>.yaml here; name one with --stack-file.",
    );
    stackFile("config: {keye-stack:stack: {}}");
    writeFileSync("Pulumi.other.yaml", "");
    await expect(run()).rejects.toThrow("there are Pulumi.other.yaml, Pulumi.test.yaml; name one with --stack-file.");
  } finally {
    process.chdir(back);
  }
});

test("an argument that is no option is refused", async () => {
  await expect(run("Pulumi.prod.yaml")).rejects.toThrow(
    'CONFIG_USAGE: keye doctor: unexpected argument "Pulumi.prod.yaml"; the file with the settings goes into --stack-file.',
  );
});
