import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { closingLine, total } from "./lib/counts.ts";
import { interruptible } from "./lib/interrupt.ts";
import { packageBin, runStepsInPairs, type Step, stepLine, vitest } from "./lib/steps.ts";

const limit = 15 * 60_000;

/** Everything that needs no cluster. The longest first, so that the short ones fill the second lane. */
function steps(reports: string): readonly Step[] {
  return [
    vitest({
      name: "unit, component tests",
      projects: ["unit", "component"],
      report: join(reports, "vitest.json"),
      limit,
    }),
    { name: "types", command: [packageBin("tsc"), "-p", "."], limit },
    { name: "format, lint", command: [packageBin("biome"), "ci", "--colors=off", "."], limit },
    { name: "generated files", command: ["node", "scripts/generate.ts", "--check"], limit },
    { name: "dead code", command: [packageBin("knip")], limit },
  ];
}

async function check(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({ options: { counts: { type: "string" } } });
  const reports = mkdtempSync(join(tmpdir(), "keye-check-"));
  try {
    const results = await runStepsInPairs(steps(reports), (result) => console.log(stepLine(result)), signal);
    const failed = results.filter((result) => !result.isOk);
    for (const { name, output } of failed) console.log(["", `--- ${name}`, ...output].join("\n"));
    const counts = total(results.map((result) => result.counts));
    if (values.counts !== undefined) writeFileSync(values.counts, JSON.stringify(counts));
    console.log(`\ncheck: ${closingLine(counts)}`);
    for (const result of failed) console.log(stepLine(result));
    return failed.length === 0 ? 0 : 1;
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}

await interruptible(check);
