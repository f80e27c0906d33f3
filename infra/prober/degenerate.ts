import { percent } from "./statistics/sample.ts";
import { shorten } from "./text.ts";

/** Rounds of a loop, and words and signs that it must cover: a chorus is no loop. */
const loopRounds = 4;
const loopLength = 12;
const longestUnit = 24;
const unprintableLimit = 0.02;
const foreignLimit = 0.5;

/** What is wrong with a fluent English answer, as far as its form tells; undefined where nothing is. */
export function degeneration(text: string): string | undefined {
  const loop = loopIn(text);
  if (loop !== undefined) return `"${shorten(loop.unit, 40)}" ${loop.rounds} times in a row`;
  const unprintable = unprintableShare(text);
  if (unprintable > unprintableLimit) {
    return `${percent(unprintable)} of its characters cannot be printed, ${percent(unprintableLimit)} allowed`;
  }
  const foreign = foreignShare(text);
  if (foreign > foreignLimit) {
    return `asked in English, ${percent(foreign)} of its letters are of another script, ${percent(foreignLimit)} allowed`;
  }
  return undefined;
}

/** A run of words or signs that comes again and again without a pause. */
export interface Loop {
  readonly unit: string;
  readonly rounds: number;
}

/** The first loop in a text: the same words, signs or letters at least four times in a row, and a dozen of them in all. */
export function loopIn(text: string): Loop | undefined {
  const letters = /([\p{L}\p{N}])\1{15,}/u.exec(text);
  if (letters !== null) return { unit: letters[1] ?? "", rounds: [...letters[0]].length };
  // Lines of a table or a heading are made of the signs that are left out.
  const tokens =
    text.toLowerCase().match(/\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{N}])+|[^\s\p{L}\p{N}\-=_*.#~|]/gu) ?? [];
  for (let unit = 1; unit <= longestUnit; unit++) {
    // Counts how long each token has been the one a unit earlier.
    let same = 0;
    for (let at = unit; at < tokens.length; at++) {
      same = tokens[at] === tokens[at - unit] ? same + 1 : 0;
      if (same + unit >= Math.max(loopRounds * unit, loopLength)) {
        return { unit: tokens.slice(at - unit + 1, at + 1).join(" "), rounds: Math.floor((same + unit) / unit) };
      }
    }
  }
  return undefined;
}

/** The share of control, private and replacement characters; line ends and tabs are none. */
export function unprintableShare(text: string): number {
  const bad =
    text.match(/[\p{Cc}\p{Cn}\p{Co}\p{Cs}\uFFFD]/gu)?.filter((character) => !/[\n\r\t]/.test(character)) ?? [];
  return bad.length / Math.max(1, [...text].length);
}

/** The share of letters that are not Latin. 0 where there are no letters. */
export function foreignShare(text: string): number {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const latin = text.match(/\p{Script=Latin}/gu)?.length ?? 0;
  return letters === 0 ? 0 : (letters - latin) / letters;
}
