import { nearest } from "../suggest.ts";
import type { ContractFlag, ValueType } from "./contract.ts";

/** What is wrong with a value, to be read after the argument's name. Neither part repeats the value. */
export interface ValueFault {
  /** Without a full stop. */
  readonly message: string;
  readonly hint?: string;
}

const siFactors: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const iecFactors: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

/**
 * The number that the server reads, undefined where it reads none. `humanInt` is sglang `srt/utils/common.py`
 * `human_readable_int`: `256k` is 256000, `256Ki` is 262144, and the case of letters counts.
 */
export function numberOf(type: ValueType, text: string): number | undefined {
  const trimmed = text.trim();
  if (type === "float") return isPythonFloat(trimmed) ? Number(trimmed.replaceAll("_", "")) : undefined;
  if (/^[+-]?\d+(_\d+)*$/.test(trimmed)) return Number(trimmed.replaceAll("_", ""));
  return type === "humanInt" ? humanInteger(trimmed) : undefined;
}

function humanInteger(text: string): number | undefined {
  const [, amount, suffix] = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti|k|M|G|T)$/.exec(text) ?? [];
  if (amount === undefined || suffix === undefined) return undefined;
  const iec = iecFactors[suffix];
  if (iec === undefined) return Math.trunc(Number(amount) * (siFactors[suffix] ?? 1));
  return amount.includes(".") ? undefined : Number(amount) * iec;
}

function isPythonFloat(text: string): boolean {
  return /^[+-]?((\d+(_\d+)*)?\.?\d+(_\d+)*|\d+\.|inf|infinity|nan)(e[+-]?\d+)?$/i.test(text);
}

/** Holds one value, undefined for `--flag` alone, against what the argument takes. */
export function valueFault(flag: ContractFlag, value: string | undefined): ValueFault | undefined {
  if (flag.type === "flag" || flag.type === "switch") return value === undefined ? undefined : needlessValue(flag);
  if (value === undefined) return flag.nargs === "*" || flag.nargs === "?" ? undefined : missingValue(flag);
  return typeFault(flag, value) ?? choiceFault(flag, value);
}

function needlessValue(flag: ContractFlag): ValueFault {
  const hint =
    flag.type === "switch"
      ? `Write ${flag.names.join(" or ")}.`
      : "Write it alone to turn it on, and leave it out to have it off.";
  return { message: "takes no value", hint };
}

function missingValue(flag: ContractFlag): ValueFault {
  const hint = flag.choices === undefined ? "Write = and the value after it." : `Write = and one of ${listed(flag)}.`;
  return { message: "needs a value", hint };
}

function typeFault({ type }: ContractFlag, value: string): ValueFault | undefined {
  switch (type) {
    case "int":
    case "float":
    case "humanInt":
      return numberOf(type, value) === undefined ? numberFault(type, value) : undefined;
    case "json":
      return isJson(value) ? undefined : { message: "must be JSON", hint: 'Such as {"image":8}.' };
    case "str":
    case "any":
    case "flag":
    case "switch":
      return undefined;
    default:
      return type satisfies never;
  }
}

const numberWords = {
  int: "must be a whole number, all in digits",
  float: "must be a number, without a unit",
  humanInt: "must be a whole number, with k, M, G, T (thousands) or Ki, Mi, Gi, Ti (1024s) after it if you like",
} as const;

function numberFault(type: keyof typeof numberWords, value: string): ValueFault {
  const hint = sizeHint(type, value);
  return { message: numberWords[type], ...(hint === undefined ? {} : { hint }) };
}

/** People write `256K`, which is neither of the server's forms, and `256Ki` where only digits are taken. */
function sizeHint(type: keyof typeof numberWords, value: string): string | undefined {
  const [, amount, letter] = /^(\d{1,9}) ?([kmgt])i?b?$/i.exec(value.trim()) ?? [];
  if (amount === undefined || letter === undefined || type === "float") return undefined;
  const iec = `${letter.toUpperCase()}i`;
  const si = letter.toLowerCase() === "k" ? "k" : letter.toUpperCase();
  const binary = Number(amount) * (iecFactors[iec] ?? 1);
  const decimal = Number(amount) * (siFactors[si] ?? 1);
  return type === "humanInt"
    ? `Write ${amount}${iec} for ${binary}, or ${amount}${si} for ${decimal}.`
    : `Write ${binary}, or ${decimal}.`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function choiceFault(flag: ContractFlag, value: string): ValueFault | undefined {
  const read = flag.type === "int" ? String(numberOf("int", value)) : value;
  if (flag.choices === undefined || flag.choices.includes(read)) return undefined;
  const meant = nearest(value, flag.choices);
  return {
    message: `must be one of ${listed(flag)}`,
    ...(meant === undefined ? {} : { hint: `Did you mean ${meant}?` }),
  };
}

function listed({ choices = [] }: ContractFlag): string {
  return choices.join(", ");
}
