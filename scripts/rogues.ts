#!/usr/bin/env node
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { systemClock } from "../infra/cluster/system-clock.ts";
import type { Measurement } from "../infra/gate/measurement.ts";
import type { Baseline } from "../infra/prober/baseline/document.ts";
import { recordBaseline } from "../infra/prober/baseline/record.ts";
import { inLanes } from "../infra/prober/lanes.ts";
import { runSuite } from "../infra/prober/suite.ts";
import { type FaultName, faultTable } from "../infra/rehearsal/engine/faults.ts";
import { type Rogue, rogueSpec, rogues, startRogue } from "../test/support/rogues.ts";

// Runs the whole gate suite against every rogue engine in real time and writes docs/rogues.md. Takes two minutes; not part of
// `npm run generate`, since the times are measured.

/** Runs of the honest engine, each with questions of its own. */
const honestRuns = 200;
const lanes = 4;
const options = { clock: systemClock, signal: new AbortController().signal };

process.exitCode = await main();

async function main(): Promise<number> {
  const baseline = await record();
  const rows = await inLanes(rogues.length, lanes, (index) => catchRogue(rogues[index] as Rogue, baseline));
  const honest = await passHonest(baseline);
  const escaped = rows.filter(({ caught }) => caught === undefined);
  await writeFile(resolve(import.meta.dirname, "../docs/rogues.md"), page(rows, honest));
  for (const { rogue } of escaped) console.error(`not caught: ${rogue.fault} by ${rogue.caughtBy}`);
  console.log(
    `${rows.length - escaped.length} of ${rows.length} rogues caught; honest engine ${honest} of ${honestRuns}`,
  );
  return escaped.length === 0 && honest === honestRuns ? 0 : 1;
}

async function record(): Promise<Baseline> {
  await using engine = await startRogue(undefined, 1);
  return await recordBaseline(engine.target, { ...options, servedModelName: "keye" });
}

interface Row {
  readonly rogue: Rogue;
  /** What the named check found; undefined where it let the rogue pass or was never asked. */
  readonly caught: Measurement | undefined;
  /** From the first question to the first finding that keeps it from being promoted, in milliseconds. */
  readonly took: number | undefined;
  /** Every check that kept it from being promoted. */
  readonly by: readonly string[];
}

async function catchRogue(rogue: Rogue, baseline: Baseline): Promise<Row> {
  await using engine = await startRogue(rogue.fault, 1);
  const spec = { ...rogueSpec, ...rogue.needs };
  const { startedAt, measurements } = await runSuite(engine.target, spec, { ...options, baseline, seed: 1 });
  const bad = measurements.filter(({ outcome }) => outcome === "fail" || outcome === "error");
  const [first] = bad;
  return {
    rogue,
    caught: bad.find(({ check, reason }) => check === rogue.caughtBy && rogue.says.test(reason)),
    took: first && first.startedAt + first.duration - startedAt,
    by: bad.map(({ check }) => check),
  };
}

/** How many runs of the smoke suite the honest engine passes. */
async function passHonest(baseline: Baseline): Promise<number> {
  await using engine = await startRogue(undefined, 10);
  const spec = { ...rogueSpec, profile: "smoke" } as const;
  const passed = await inLanes(honestRuns, lanes, async (seed) => {
    const { measurements } = await runSuite(engine.target, spec, { ...options, baseline, seed });
    const bad = measurements.find(({ outcome }) => outcome === "fail" || outcome === "error");
    if (bad !== undefined) console.error(`honest engine, seed ${seed}: ${bad.check}: ${bad.reason}`);
    return bad === undefined;
  });
  return passed.filter((isPass) => isPass).length;
}

function page(rows: readonly Row[], honest: number): string {
  const lines = rows.map(({ rogue, caught, took, by }) => {
    const { does, standsFor } = faultTable[rogue.fault.split(":")[0] as FaultName];
    const named = caught === undefined ? `**not caught** by \`${rogue.caughtBy}\`` : `\`${rogue.caughtBy}\``;
    const others = by.filter((check) => check !== rogue.caughtBy).map((check) => `\`${check}\``);
    const more = others.length === 0 ? "" : `; also ${others.join(", ")}`;
    return `| \`${rogue.fault}\` | ${does} | ${standsFor} | ${named}${more} | ${seconds(took)} |`;
  });
  return `# Rogue engines

Engines that are up, answer 200 somewhere, and must not be promoted. Written by \`node scripts/rogues.ts\`, which runs the
whole \`gate\` suite against the engine simulator with each fault, in real time and with a baseline of the honest engine;
\`npm test -- rogues\` asks the named check alone. The time is from the first question to the first finding that keeps the
engine from being promoted, in whole seconds.

| rogue | what it does | what it stands for | caught by | after |
|---|---|---|---|---|
${lines.join("\n")}

The honest engine passed the \`smoke\` suite ${honest} times of ${honestRuns}, each time with other questions.

What the table cannot show: a real model that is slightly worse. \`golden\` compares with the promoted revision's baseline
where there is one, and says "skipped" where there is none.
`;
}

function seconds(took: number | undefined): string {
  return took === undefined ? "never" : took < 1000 ? "under 1 s" : `${Math.round(took / 1000)} s`;
}
