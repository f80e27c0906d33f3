import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { closingLine, total } from "./lib/counts.ts";
import { interruptible } from "./lib/interrupt.ts";
import { runStep, type Step, type StepResult, stepLine, vitest } from "./lib/steps.ts";

const minute = 60_000;

function steps(reports: string): { readonly check: Step; readonly slow: readonly Step[] } {
  const checkCounts = join(reports, "check.json");
  return {
    check: {
      name: "check",
      command: ["node", "scripts/check.ts", "--counts", checkCounts],
      limit: 20 * minute,
      counts: { kind: "counts", file: checkCounts },
    },
    slow: [
      vitest({ name: "cluster", projects: ["cluster"], report: join(reports, "cluster.json"), limit: 45 * minute }),
      // The same schedules each time: `npm run test:model` looks for new ones.
      { name: "model", command: ["node", "scripts/model.ts", "--seed", "1"], limit: 10 * minute },
      { name: "rehearsal", command: ["./scripts/rehearse"], limit: 15 * minute },
    ],
  };
}

function summary(results: readonly StepResult[], leftOut: readonly Step[]): string {
  return [
    "",
    ...results.map(stepLine),
    ...leftOut.map((step) => `left out: ${step.name}, because of --unit`),
    ...results.flatMap((result) => result.skippedTests.map((name) => `skipped: ${name}`)),
    closingLine(total(results.map((result) => result.counts))),
  ].join("\n");
}

async function test(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({ options: { unit: { type: "boolean" } } });
  const reports = mkdtempSync(join(tmpdir(), "keye-test-"));
  try {
    const { check, slow } = steps(reports);
    const results: StepResult[] = [];
    for (const step of values.unit ? [check] : [check, ...slow]) {
      console.log(`\n=== ${step.name}: ${step.command.join(" ")}`);
      results.push(await runStep(step, console.log, signal));
    }
    console.log(summary(results, values.unit ? slow : []));
    return results.every((result) => result.isOk) ? 0 : 1;
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}

await interruptible(test);
