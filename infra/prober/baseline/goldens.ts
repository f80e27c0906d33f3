/** A prompt that every baseline holds. */
export interface Golden {
  readonly prompt: string;
  /** What a right answer matches, whatever words are around it. Undefined for an open question: only its beginning is compared. */
  readonly expects?: RegExp;
}

/**
 * Fixed for good: a baseline is compared with what was asked when it was made. The closed ones have one right answer; in the
 * open ones many words are about as likely, and there a model that changed a little shows first.
 */
export const goldens: readonly Golden[] = [
  { prompt: "What is the capital of France? Answer with one word.", expects: /\bparis\b/i },
  { prompt: "What is 17 + 25? Answer with the number only.", expects: /(?<!\d)42(?!\d)/ },
  {
    prompt: "Count from 3 to 9, separated by commas.",
    expects: /\b3\D+4\D+5\D+6\D+7\D+8\D+9\b/,
  },
  { prompt: "Describe the sea in three sentences." },
  { prompt: "Explain how tides come about." },
  { prompt: "Give one piece of advice to a young engineer." },
];
