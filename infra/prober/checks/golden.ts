import { askGolden } from "../baseline/ask-golden.ts";
import { compareGolden } from "../baseline/compare.ts";
import type { Baseline } from "../baseline/document.ts";
import { goldens } from "../baseline/goldens.ts";
import { describeEngine, isIdentified, whyIncomparable } from "../baseline/recorded-engine.ts";
import type { Check, Finding } from "../check.ts";
import type { Session } from "../session.ts";

/** Asks the golden prompts once and compares with the baseline, where it is one of the same weights on the same GPUs. */
export const golden: Check = {
  name: "golden",
  proves: "The model answers the golden prompts as the recorded one, and is as sure of its first words.",
  profiles: ["gate", "soak"],
  timeoutSeconds: 60,
  async run(session, timeoutSeconds) {
    const { baseline } = session;
    if ("because" in baseline) return { outcome: "skipped", reason: baseline.because };
    const obstacle = await obstacleTo(baseline, session, timeoutSeconds * 1000);
    if (obstacle !== undefined) return obstacle;
    const flaws: string[] = [];
    const distances: number[] = [];
    let compared = 0;
    let reworded = 0;
    for (const question of goldens) {
      const record = baseline.goldens.find(({ prompt }) => prompt === question.prompt);
      if (record === undefined) continue;
      const answer = await askGolden(session, question, timeoutSeconds * 1000);
      if ("outcome" in answer) return answer;
      const comparison = compareGolden(question, record, answer);
      compared++;
      if (comparison.flaw !== undefined) flaws.push(comparison.flaw);
      if (comparison.distance !== undefined) distances.push(comparison.distance);
      if (!comparison.isVerbatim) reworded++;
    }
    return summary({ flaws, distances, compared, reworded }, baseline);
  },
};

async function obstacleTo(baseline: Baseline, session: Session, timeout: number): Promise<Finding | undefined> {
  if (baseline.engine === undefined || !isIdentified(baseline.engine)) return undefined;
  const running = await describeEngine(session, timeout);
  if ("outcome" in running) return running;
  const why = whyIncomparable(baseline.engine, running);
  if (why === undefined) return undefined;
  return {
    outcome: "skipped",
    reason: `The baseline is not of an engine like this: ${why}.`,
    facts: factsOf(baseline),
  };
}

function factsOf({ weightVersion, recordedAt }: Baseline) {
  return { baselineWeightVersion: weightVersion, baselineRecordedAt: recordedAt };
}

interface Compared {
  readonly flaws: readonly string[];
  readonly distances: readonly number[];
  readonly compared: number;
  readonly reworded: number;
}

function summary(found: Compared, baseline: Baseline): Finding {
  const { flaws, distances, compared, reworded } = found;
  const largest = distances.length === 0 ? null : Math.round(Math.max(...distances) * 1000) / 1000;
  const facts = {
    compared,
    reworded,
    differing: flaws.length,
    largestDistance: largest,
    ...factsOf(baseline),
  };
  if (flaws.length > 0) {
    const more = flaws.length === 1 ? "" : ` (and ${flaws.length - 1} more of ${compared})`;
    return { outcome: "fail", reason: `${flaws[0]}${more}.`, facts };
  }
  if (compared === 0) return { outcome: "skipped", reason: "The baseline holds none of the golden prompts.", facts };
  if (largest === null) {
    const reason = `${compared} golden answers agree, but there are no logprobs on both sides: fingerprints were not compared.`;
    return { outcome: "skipped", reason, facts };
  }
  const words = reworded === 0 ? "" : `, ${reworded} in other words`;
  const reason = `${compared} golden answers agree${words}; the first tokens are at most ${largest} from the baseline.`;
  return { outcome: "pass", reason, facts };
}
