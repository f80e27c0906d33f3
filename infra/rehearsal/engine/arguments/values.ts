import type { Flag, Json } from "./flags.ts";

/** A value that was read, or argparse's complaint about it. */
export type Read = { readonly value: Json } | { readonly complaint: string };

const si: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const iec: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

/** Reads `256k` (256000), `256Ki` (262144) or a plain integer, as sglang `srt/utils/common.py` `human_readable_int` does. */
function readHumanInt(text: string): Read {
  const value = text.trim();
  const match = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti|k|M|G|T)$/.exec(value);
  if (match?.[1] !== undefined && match[2] !== undefined) {
    const [, number, suffix] = match;
    const binary = iec[suffix];
    if (binary === undefined) return { value: Math.trunc(Number(number) * (si[suffix] ?? 1)) };
    if (!number.includes(".")) return { value: Number(number) * binary };
    const whole = Math.trunc(Number(number));
    return {
      complaint:
        `Decimals are not allowed with IEC suffixes like '${suffix}'. Use an integer IEC value such as ` +
        `'${whole}${suffix}', or an SI value such as '${number}${suffix[0]}'.`,
    };
  }
  if (isPythonInt(value)) return { value: Number(value.replaceAll("_", "")) };
  return {
    complaint:
      `Invalid integer value: '${value}'. Use a plain integer, SI suffixes (1k, 1M), or IEC suffixes (1Ki, 1Mi). ` +
      "Suffixes are case-sensitive.",
  };
}

/** Reads one value of an option by its type. */
export function readValue(flag: Flag, text: string): Read {
  switch (flag.type) {
    case "humanInt":
      return readHumanInt(text);
    case "int":
      return isPythonInt(text.trim())
        ? { value: Number(text.trim().replaceAll("_", "")) }
        : { complaint: `invalid int value: '${text}'` };
    case "float":
      return isPythonFloat(text.trim()) ? { value: Number(text) } : { complaint: `invalid float value: '${text}'` };
    case "json":
      return readJson(text);
    default:
      return { value: text };
  }
}

function readJson(text: string): Read {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { complaint: `invalid loads value: '${text}'` };
  }
}

function isPythonInt(text: string): boolean {
  return /^[+-]?\d+(_\d+)*$/.test(text);
}

function isPythonFloat(text: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text);
}
