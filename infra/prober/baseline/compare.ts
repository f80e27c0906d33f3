import { shorten } from "../text.ts";
import type { GoldenAnswer } from "./ask-golden.ts";
import type { GoldenRecord } from "./document.ts";
import { distance } from "./fingerprint.ts";
import type { Golden } from "./goldens.ts";

/** How an answer stands beside what was recorded. */
export interface GoldenComparison {
  /** What is wrong, with wanted and got; undefined where the answer is as good as the recorded ones. */
  readonly flaw: string | undefined;
  /** From the nearest recorded beginning; undefined where one side has no logprobs. */
  readonly distance: number | undefined;
  /** The same words as in a recorded run. */
  readonly isVerbatim: boolean;
}

/** Compares one answer: its meaning first, then the chances of its first tokens. Other words alone are no flaw. */
export function compareGolden(golden: Golden, record: GoldenRecord, answer: GoldenAnswer): GoldenComparison {
  const isVerbatim = record.answers.includes(answer.text);
  const { fingerprint } = answer;
  const canMeasure = fingerprint.length > 0 && record.fingerprints.length > 0;
  const nearest = canMeasure
    ? Math.min(...record.fingerprints.map((recorded) => distance(recorded, fingerprint)))
    : undefined;
  return { flaw: flawOf(golden, record, { answer, nearest }), distance: nearest, isVerbatim };
}

function flawOf(
  golden: Golden,
  record: GoldenRecord,
  found: { readonly answer: GoldenAnswer; readonly nearest: number | undefined },
): string | undefined {
  const { text } = found.answer;
  if (golden.expects?.test(text) === false) {
    return `"${golden.prompt}": wanted as recorded "${shorten(record.answers[0] ?? "", 60)}", got "${shorten(text, 60)}"`;
  }
  if (found.nearest !== undefined && found.nearest > record.tolerance) {
    const got = found.nearest.toFixed(3);
    return `"${golden.prompt}": first tokens at a distance of ${got} from the baseline, ${record.tolerance} allowed`;
  }
  return undefined;
}
