import { parseArgs } from "node:util";
import fc from "fast-check";
import { exitCodes } from "../infra/core/exit-codes.ts";
import { brokenLaws } from "../test/model/laws.ts";
import { type Schedule, schedules } from "../test/model/schedule.ts";
import { interruptible } from "./lib/interrupt.ts";

/** Of all schedules so many are each strategy's: those of a canary are the longest. */
const shares = { blueGreen: 0.4, canary: 0.2, recreate: 0.4 } as const;
const strategies = ["blueGreen", "canary", "recreate"] as const;

const help = `Usage: npm run test:model [-- --runs n] [--seed n] [--strategy name]

Plays random schedules of faults, cancels, deaths of the runner, lost Leases and edits by hand against the promotion, over
fakes and in virtual time, and checks after every call what must hold. Prints the seed first and the shortest schedule
that breaks a law.

  --runs      schedules of all strategies together; 20000 where absent
  --seed      repeats a run
  --strategy  ${strategies.join(", ")}; all where absent`;

await interruptible(main);

async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "20000" },
      seed: { type: "string" },
      strategy: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    console.log(help);
    return exitCodes.pass;
  }
  const chosen = strategies.filter((strategy) => values.strategy === undefined || values.strategy === strategy);
  const runs = Number(values.runs);
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
  if (chosen.length === 0 || !Number.isInteger(runs) || !Number.isInteger(seed)) {
    console.error(help);
    return exitCodes.badInput;
  }
  console.log(`seed ${seed}`);
  const outcomes: boolean[] = [];
  for (const strategy of chosen) {
    outcomes.push(
      await playMany(strategy, {
        numRuns: Math.ceil(chosen.length === 1 ? runs : runs * shares[strategy]),
        seed,
        signal,
      }),
    );
  }
  return outcomes.every((isOk) => isOk) ? exitCodes.pass : exitCodes.fail;
}

async function playMany(
  strategy: Schedule["strategy"],
  { numRuns, seed, signal }: { readonly numRuns: number; readonly seed: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const begun = performance.now();
  const details = await fc.check(
    fc.asyncProperty(schedules(strategy), async (schedule) => {
      signal.throwIfAborted();
      const broken = await brokenLaws(schedule);
      if (broken.length > 0) throw new Error(broken.join("\n"));
    }),
    { numRuns, seed },
  );
  signal.throwIfAborted();
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(
    `${details.failed ? "FAILED" : "ok    "}  ${strategy.padEnd(10)} ${details.numRuns} schedules, ${seconds} s`,
  );
  if (!details.failed) return true;
  const { errorInstance, counterexample } = details;
  console.log(errorInstance instanceof Error ? errorInstance.message : String(errorInstance));
  console.log(JSON.stringify(counterexample?.[0]));
  return false;
}
