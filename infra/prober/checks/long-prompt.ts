import type { Check, Finding } from "../check.ts";
import { askAbout } from "../media/ask.ts";
import { freshCode, givesCode } from "../media/scenes.ts";
import { shorten } from "../text.ts";

/** Up to here the fork attends to every token: `topk` of its sparse attention. */
const denseTokens = 2048;
const sentences = 300;
/** Room that the prompt and its answer need. */
const leastContext = 8192;

const who = ["gardener", "baker", "teacher", "sailor", "farmer", "painter"];
const what = ["baskets", "letters", "lamps", "ropes", "books", "apples"];
const where = ["bridge", "market", "river", "orchard", "station", "hill"];

/** Hides a fresh code in a prompt that the sparse attention must select from. */
export const longPrompt: Check = {
  name: "long-prompt",
  proves: `A prompt above ${denseTokens} tokens, the first that goes through sparse attention, is read whole: a fresh code in it is found.`,
  profiles: ["gate", "soak"],
  timeoutSeconds: 120,
  async run(session, timeoutSeconds): Promise<Finding> {
    const { contextLength } = session.spec.expectation;
    if (contextLength !== undefined && contextLength < leastContext) {
      const reason = `A context of at least ${leastContext} tokens is needed, ${contextLength} are declared.`;
      return { outcome: "skipped", reason };
    }
    const code = freshCode(session.random);
    const text = haystack(code, session.random);
    const answer = await askAbout(session, { text, media: [] }, timeoutSeconds * 1000);
    if ("outcome" in answer) return answer;
    const { promptTokens } = answer;
    const facts = { expected: code, got: shorten(answer.text), promptTokens, tookMs: answer.took };
    if (promptTokens <= denseTokens) {
      const reason = `usage.prompt_tokens: wanted more than ${denseTokens}, got ${promptTokens}: the prompt was cut.`;
      return { outcome: "fail", reason, facts };
    }
    if (!givesCode(answer.text, code)) {
      const reason = `A code in ${promptTokens} tokens: wanted ${code}, got "${shorten(answer.text, 80)}".`;
      return { outcome: "fail", reason, facts };
    }
    return { outcome: "pass", reason: `${code} found in ${promptTokens} tokens in ${answer.took} ms.`, facts };
  },
};

function haystack(code: string, random: () => number): string {
  const one = (items: readonly string[]) => items[Math.floor(random() * items.length)];
  const lines = Array.from(
    { length: sentences },
    (_, index) =>
      `Note ${index + 1}: a ${one(who)} carried ${one(what)} from one ${one(where)} to another before noon.`,
  );
  // Not near an end, where any attention reaches.
  const at = Math.floor(sentences * (0.2 + 0.4 * random()));
  const notes = lines.toSpliced(at, 0, `The access code of the harbour is ${code}.`).join("\n");
  return `Read these notes.\n${notes}\nWhat is the access code of the harbour? Answer with the code only.`;
}
