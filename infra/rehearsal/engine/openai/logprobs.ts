import type { Generation } from "./generation.ts";

/** Words that the model might have said instead, from likely to unlikely. */
const others: readonly string[] = ["The", " a", "It", ",", " of", "\n", "I", " and", " is", "This"];

/** Most alternatives that a request may ask for. */
const mostAlternatives = 20;

/**
 * `choices[].logprobs` of an answer: the chance of each token and of the likeliest ones in its place.
 *
 * The chances come from the answer up to that place, so that the same answer always has the same ones. `salt` stands for
 * other weights: it moves them all.
 */
export function logprobsOf(made: Generation, wanted: number, salt: string): object {
  let said = salt;
  const content = made.tokens.map((token) => {
    const random = hashOf(said);
    said += token;
    return placeOf(token, Math.min(wanted, mostAlternatives), random);
  });
  return { content };
}

function placeOf(token: string, wanted: number, random: number): object {
  // The taken token is the likeliest one at temperature 0; the rest of the chance is shared out by halves.
  const taken = 0.45 + 0.5 * (random / 2 ** 32);
  const start = random % others.length;
  const alternatives = others
    .map((_, at) => others[(start + at) % others.length] ?? "")
    .filter((other) => other !== token);
  const ranked = [token, ...alternatives].map((text, rank) =>
    entryOf(text, Math.log(rank === 0 ? taken : (1 - taken) / 2 ** rank)),
  );
  return { ...entryOf(token, Math.log(taken)), top_logprobs: ranked.slice(0, wanted) };
}

function entryOf(token: string, logprob: number): object {
  return { token, bytes: [...Buffer.from(token)], logprob };
}

/** FNV-1a, with a last mix: neighbouring texts must not have neighbouring numbers. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  return (hash ^ (hash >>> 13)) >>> 0;
}
