import { askGolden } from "../baseline/ask-golden.ts";
import { compareGolden } from "../baseline/compare.ts";
import { goldens } from "../baseline/goldens.ts";
import type { Check, Finding } from "../check.ts";

/** Asks the golden prompts once and compares with the baseline. */
export const golden: Check = {
  name: "golden",
  proves: "The model answers the golden prompts as the recorded one, and is as sure of its first words.",
  profiles: ["gate", "soak"],
  timeoutSeconds: 60,
  async run(session, timeoutSeconds) {
    const { baseline } = session;
    if (baseline === undefined) return { outcome: "skipped", reason: "No baseline was given to compare with." };
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
    return summary({ flaws, distances, compared, reworded, recorded: baseline.weightVersion });
  },
};

function summary(found: {
  readonly flaws: readonly string[];
  readonly distances: readonly number[];
  readonly compared: number;
  readonly reworded: number;
  readonly recorded: string | null;
}): Finding {
  const { flaws, distances, compared, reworded } = found;
  const largest = distances.length === 0 ? null : Math.round(Math.max(...distances) * 1000) / 1000;
  const facts = {
    compared,
    reworded,
    differing: flaws.length,
    largestDistance: largest,
    baselineWeightVersion: found.recorded,
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
