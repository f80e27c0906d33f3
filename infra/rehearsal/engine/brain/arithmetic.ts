const words: readonly (readonly [RegExp, string])[] = [
  [/\bplus\b|\badded to\b/gi, "+"],
  [/\bminus\b/gi, "-"],
  [/\bmultiplied by\b|\btimes\b/gi, "*"],
  [/\bdivided by\b/gi, "/"],
  [/(?<=\d\s*)[×xX·](?=\s*\d)/g, "*"],
  [/÷/g, "/"],
];

/** Questions that name the operation before its numbers. */
const named: readonly (readonly [RegExp, string])[] = [
  [/\b(?:sum of|add)\s+(-?[\d.]+)\s+(?:and|to)\s+(-?[\d.]*\d)/i, "+"],
  [/\bproduct of\s+(-?[\d.]+)\s+and\s+(-?[\d.]*\d)/i, "*"],
  [/\bmultiply\s+(-?[\d.]+)\s+(?:and|by|with)\s+(-?[\d.]*\d)/i, "*"],
  [/\bdivide\s+(-?[\d.]+)\s+by\s+(-?[\d.]*\d)/i, "/"],
  [/\bdifference (?:between|of)\s+(-?[\d.]+)\s+and\s+(-?[\d.]*\d)/i, "-"],
];

/** A calculation found in a text, and its result. */
export interface Calculation {
  readonly expression: string;
  readonly result: number;
}

/** The last calculation that a text asks for, or undefined. Knows + - * / with brackets, signs, words and decimals. */
export function findCalculation(text: string): Calculation | undefined {
  for (const [pattern, operator] of named) {
    const match = pattern.exec(text);
    if (match !== null) return calculate(`${match[1]} ${operator} ${match[2]}`);
  }
  const plain = text.replace(/(?<=\d),(?=\d{3}\b)/g, "");
  const symbols = words.reduce((current, [pattern, symbol]) => current.replace(pattern, ` ${symbol} `), plain);
  const isAsked = /\b(what(?:'s| is)|how much|calculate|compute|evaluate|solve)\b/i.test(text);
  const candidates = symbols.match(/[-(]*\s*\d[\d\s.+\-*/()]*[\d)]/g) ?? [];
  for (const candidate of candidates.reverse()) {
    // A hyphen without spaces is a date or a phone number more often than a subtraction.
    const isSubtraction = isAsked && /^\s*\d+-\d+\s*$/.test(candidate);
    if (!isSubtraction && !/[\d)]\s*[+*/]\s*[-\d(]|[\d)]\s+-\s*[\d(]/.test(candidate)) continue;
    const found = calculate(candidate.trim());
    if (found !== undefined) return found;
  }
  return undefined;
}

function calculate(expression: string): Calculation | undefined {
  const tokens = expression.match(/\d+(?:\.\d+)?|[+\-*/()]/g) ?? [];
  let at = 0;
  const primary = (): number => {
    const token = tokens[at++];
    if (token === "-") return -primary();
    if (token === "+") return primary();
    if (token !== "(") return token === undefined ? Number.NaN : Number(token);
    const inner = sum();
    return tokens[at++] === ")" ? inner : Number.NaN;
  };
  const product = (): number => {
    let value = primary();
    for (let operator = tokens[at]; operator === "*" || operator === "/"; operator = tokens[at]) {
      at++;
      const next = primary();
      value = operator === "*" ? value * next : value / next;
    }
    return value;
  };
  const sum = (): number => {
    let value = product();
    for (let operator = tokens[at]; operator === "+" || operator === "-"; operator = tokens[at]) {
      at++;
      const next = product();
      value = operator === "+" ? value + next : value - next;
    }
    return value;
  };
  const result = sum();
  if (at !== tokens.length || !Number.isFinite(result)) return undefined;
  return { expression: expression.replace(/\s+/g, " "), result: Number(result.toFixed(6)) };
}
