import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { closingLine, countsOf, total } from "../../../scripts/lib/counts.ts";
import { runStep, runStepsInPairs, type Step } from "../../../scripts/lib/steps.ts";

const never = new AbortController().signal;

function report(success: boolean, statuses: readonly string[], file = "passed") {
  return {
    success,
    testResults: [
      { status: file, assertionResults: statuses.map((status, index) => ({ fullName: `test ${index}`, status })) },
    ],
  };
}

describe("counts", () => {
  test.each([
    ["tests that passed", true, ["passed", "passed"], { passed: 2, failed: 0, skipped: 0 }],
    ["tests that failed", false, ["passed", "failed"], { passed: 1, failed: 1, skipped: 0 }],
    ["tests that did not run", true, ["passed", "skipped", "todo"], { passed: 1, failed: 0, skipped: 2 }],
    ["an error outside all files as one failure", false, ["passed"], { passed: 1, failed: 1, skipped: 0 }],
  ])("tell %s", (_name, success, statuses, expected) => {
    expect(countsOf(report(success, statuses))).toEqual(expected);
  });

  test("tell each file that did not load as one failure, and a file with failed tests by its tests", () => {
    const broken = report(false, [], "failed").testResults;
    const wrong = report(false, ["passed", "failed"], "failed").testResults;
    const all = { success: false, testResults: [...broken, ...broken, ...wrong] };
    expect(countsOf(all)).toEqual({ passed: 1, failed: 3, skipped: 0 });
  });

  test("close as one plain line, which names skipped ones only where there are some", () => {
    expect(closingLine(total([]))).toBe("0 passed, 0 failed");
    const some = [
      { passed: 2, failed: 1, skipped: 0 },
      { passed: 1, failed: 0, skipped: 3 },
    ];
    expect(closingLine(total(some))).toBe("3 passed, 1 failed, 3 skipped");
  });
});

describe("a step", () => {
  let file: string;
  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), "keye-steps-"));
    file = join(folder, "counts.json");
    return () => rmSync(folder, { recursive: true });
  });

  function shell(script: string, change: Partial<Step> = {}): Step {
    return { name: script, command: ["bash", "-c", script], limit: 10_000, ...change };
  }

  test("counts as one where it has no counts of its own", async () => {
    const lines: string[] = [];
    const good = await runStep(shell("echo fine"), (line) => lines.push(line), never);
    expect({ isOk: good.isOk, counts: good.counts, lines }).toEqual({
      isOk: true,
      counts: { passed: 1, failed: 0, skipped: 0 },
      lines: ["fine"],
    });
    const bad = await runStep(shell("exit 3"), () => {}, never);
    expect({ isOk: bad.isOk, counts: bad.counts }).toEqual({
      isOk: false,
      counts: { passed: 0, failed: 1, skipped: 0 },
    });
  });

  test("takes the counts that it leaves in a file, and fails as one where it dies before it writes them", async () => {
    const counts = { kind: "vitest", file } as const;
    const dead = await runStep(shell("exit 1", { counts }), () => {}, never);
    expect(dead.counts).toEqual({ passed: 0, failed: 1, skipped: 0 });
    writeFileSync(file, JSON.stringify(report(true, ["passed", "skipped"])));
    const done = await runStep(shell("true", { counts }), () => {}, never);
    expect(done).toMatchObject({ counts: { passed: 1, failed: 0, skipped: 1 }, skippedTests: ["test 1"] });
  });

  test("is ended at its limit, and says so", async () => {
    const slow = await runStep(shell("exec sleep 30", { limit: 60 }), () => {}, never);
    expect({ isOk: slow.isOk, output: slow.output }).toEqual({
      isOk: false,
      output: ["ended: it took longer than 0.001 minutes"],
    });
  });

  test("that cannot start has failed with the reason", async () => {
    const absent = await runStep({ name: "absent", command: ["/nonexistent/tool"], limit: 1_000 }, () => {}, never);
    expect({ isOk: absent.isOk, output: absent.output }).toEqual({
      isOk: false,
      output: ["Error: spawn /nonexistent/tool ENOENT"],
    });
  });

  test("runs beside another one, and a failure keeps none from running", async () => {
    const results = await runStepsInPairs([shell("exit 1"), shell("true"), shell("echo third")], () => {}, never);
    expect(results.map((result) => result.isOk).sort()).toEqual([false, true, true]);
  });
});
