/** What a text gives after "repeat exactly:" or the like, word for word, or undefined. */
export function findCopy(text: string): string | undefined {
  return /\b(?:repeat|copy|echo)\b[^:\n]{0,60}:\s*(.+)/is.exec(text)?.[1]?.trim();
}

/** The word or quotation that a text asks for as the answer, or undefined. */
export function findEcho(text: string): string | undefined {
  const quoted =
    /\b(?:repeat|reply|respond|answer|say|write|print|output|return)\b[^"“'`\n]{0,60}["“'`]([^"”'`\n]{1,400})["”'`]/i;
  const word =
    /\b(?:reply|respond|answer|repeat|say|write|print|output)\b[^.\n]{0,40}?\b(?:the (?:single )?(?:word|code|number|text|letter)s?)\s+([\p{L}\p{N}_-]+)/iu;
  return (quoted.exec(text)?.[1] ?? word.exec(text)?.[1])?.trim();
}

/** A fact that was hidden in a long text and is asked for at its end, such as "the secret code is K7Q2". */
export function findNeedle(text: string): string | undefined {
  const question =
    /\b(?:what(?:'s| is| was)|tell me|give me|recall|find|state)\s+(?:what\s+)?(?:the|my|your)\s+([^?.]{2,60})[?.]/gi;
  const asked = [...text.matchAll(question)].at(-1)?.[1];
  if (asked === undefined) return undefined;
  const keys: readonly string[] = asked.toLowerCase().match(/\p{L}+/gu) ?? [];
  const statements = text.matchAll(
    /\b(?:the|my|your)\s+([\p{L}][\p{L} ]{1,60}?)\s+(?:is|was|equals|=)[:\s]+["“'`]?([\p{L}\p{N}_-]+)/giu,
  );
  for (const [, subject = "", value] of statements) {
    const said = subject.toLowerCase().match(/\p{L}+/gu) ?? [];
    if (
      said.length > 0 &&
      said.every((key) => keys.includes(key)) &&
      value !== undefined &&
      value.toLowerCase() !== "the"
    ) {
      return value;
    }
  }
  return undefined;
}

const capitals: Readonly<Record<string, string>> = {
  france: "Paris",
  germany: "Berlin",
  china: "Beijing",
  japan: "Tokyo",
  italy: "Rome",
  spain: "Madrid",
  "united kingdom": "London",
  england: "London",
  "united states": "Washington, D.C.",
  canada: "Ottawa",
  australia: "Canberra",
  brazil: "Brasília",
  india: "New Delhi",
  russia: "Moscow",
  "south korea": "Seoul",
  egypt: "Cairo",
  portugal: "Lisbon",
  austria: "Vienna",
  norway: "Oslo",
  sweden: "Stockholm",
};

/** The capital that a text asks for, with its country. */
export function findCapital(text: string): { readonly country: string; readonly capital: string } | undefined {
  const country = /\bcapital(?: city)? of (?:the )?([\p{L} ]+)/iu.exec(text)?.[1]?.trim().toLowerCase();
  if (country === undefined) return undefined;
  const found = Object.entries(capitals).find(([name]) => country.startsWith(name));
  return found && { country: found[0].replace(/\b\p{L}/gu, (letter) => letter.toUpperCase()), capital: found[1] };
}

/** The numbers that a text asks to be counted through, at most a thousand. */
export function findCount(text: string): readonly number[] | undefined {
  const match = /\bcount\s+(?:up\s+)?(?:from\s+(\w+)\s+)?to\s+([\w-]+(?: hundred)?)/i.exec(text);
  if (match === null) return undefined;
  const from = match[1] === undefined ? 1 : numeral(match[1]);
  const to = numeral(match[2] ?? "");
  if (from === undefined || to === undefined || Math.abs(to - from) >= 1000) return undefined;
  const step = from <= to ? 1 : -1;
  return Array.from({ length: Math.abs(to - from) + 1 }, (_, index) => from + step * index);
}

const numerals: Readonly<Record<string, number>> = {
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  twelve: 12,
  twenty: 20,
  fifty: 50,
  "one hundred": 100,
  "a hundred": 100,
};

function numeral(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : numerals[text.toLowerCase()];
}
