import type { TokenChance, TokenChoice } from "./document.ts";

/** Room for other GPUs and kernels: sums in another order move chances a little even where no recorded run shows it. */
const leastTolerance = 0.05;
/** Few runs never show the whole spread. */
const spreadFactor = 3;

/**
 * How far two beginnings of an answer are from each other: the largest total variation distance between the chances of the
 * next token, over the places up to the first one where another token was taken. From there on the answers were asked to
 * continue different texts, and nothing follows from their chances.
 *
 * 0: the same; 1: nothing in common. Chances, not their logarithms: the tail of unlikely tokens is noise.
 */
export function distance(a: readonly TokenChoice[], b: readonly TokenChoice[]): number {
  let most = a.length === 0 || b.length === 0 ? 1 : 0;
  for (const [place, choice] of a.entries()) {
    const other = b[place];
    if (other === undefined) break;
    most = Math.max(most, variation(choice.top, other.top));
    if (choice.token !== other.token) break;
  }
  return most;
}

/** The tolerance that repeated runs of the same engine teach. */
export function toleranceOf(runs: readonly (readonly TokenChoice[])[]): number {
  const spread = runs.flatMap((run, at) => runs.slice(at + 1).map((other) => distance(run, other)));
  const learnt = Math.max(leastTolerance, spreadFactor * Math.max(0, ...spread));
  return Math.min(1, Math.round(learnt * 1000) / 1000);
}

/** Half the sum of differences; a token that only one side lists had at most what the other's list leaves. */
function variation(a: readonly TokenChance[], b: readonly TokenChance[]): number {
  const [left, right] = [chancesOf(a), chancesOf(b)];
  const tokens = new Set([...left.keys(), ...right.keys()]);
  let sum = 0;
  for (const token of tokens) sum += Math.abs(chanceIn(left, token, right) - chanceIn(right, token, left));
  return Math.min(1, sum / 2);
}

/** The nearest chance that an unlisted token can have had: a cut-off list is no difference by itself. */
function chanceIn(list: ReadonlyMap<string, number>, token: string, other: ReadonlyMap<string, number>): number {
  const listed = list.get(token);
  if (listed !== undefined) return listed;
  const left = 1 - [...list.values()].reduce((sum, chance) => sum + chance, 0);
  return Math.min(other.get(token) ?? 0, Math.min(...list.values()), Math.max(0, left));
}

function chancesOf(list: readonly TokenChance[]): ReadonlyMap<string, number> {
  const chances = new Map<string, number>();
  // Two tokens may print as the same text, such as two halves of a character.
  for (const { token, logprob } of list) chances.set(token, (chances.get(token) ?? 0) + Math.exp(logprob));
  return chances;
}
