import type { Flag, Json } from "./flags.ts";
import { defaults, flags } from "./flags.ts";
import { program, usageLines } from "./usage.ts";
import { readValue } from "./values.ts";

/** The command line as understood, or what argparse prints (to stderr) before it exits. */
export type Parsed =
  | { readonly kind: "args"; readonly fields: Readonly<Record<string, Json>> }
  | { readonly kind: "exit"; readonly exitCode: 0 | 2; readonly lines: readonly string[] };

const usage = usageLines(flags);

/** Raised inside the parser only: the text after `error: `. */
class Refusal extends Error {}

/**
 * Reads a command line as the server's argparse does: `--flag=value` and `--flag value`, aliases, unique prefixes, choices.
 * `words` is what follows `sglang.launch_server`.
 */
export function parseArguments(words: readonly string[]): Parsed {
  try {
    return read(words);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { kind: "exit", exitCode: 2, lines: [...usage, `${program}: error: ${error.message}`] };
  }
}

function read(words: readonly string[]): Parsed {
  const fields: Record<string, Json> = { ...defaults };
  const seen = new Set<string>();
  const unknown: string[] = [];
  for (let i = 0; i < words.length; ) {
    const word = words[i] ?? "";
    if (word === "-h" || word === "--help") return { kind: "exit", exitCode: 0, lines: usage };
    const found = word.startsWith("--") && word !== "--" ? find(word) : undefined;
    if (found === undefined) {
      unknown.push(word);
      i++;
      continue;
    }
    const values = found.inline === undefined ? following(words, i + 1) : [found.inline];
    const taken = take(found, values);
    fields[found.flag.dest] = taken.value;
    seen.add(found.flag.dest);
    i += 1 + (found.inline === undefined ? taken.used : 0);
  }
  const missing = flags.filter((flag) => flag.required && !seen.has(flag.dest));
  if (missing.length > 0) {
    throw new Refusal(`the following arguments are required: ${missing.map((f) => f.flags.join("/")).join(", ")}`);
  }
  if (unknown.length > 0) throw new Refusal(`unrecognized arguments: ${unknown.join(" ")}`);
  return { kind: "args", fields };
}

interface Found {
  readonly flag: Flag;
  /** The name that was used or completed, such as `--no-lora-strict-loading`. */
  readonly name: string;
  readonly inline: string | undefined;
}

function find(word: string): Found | undefined {
  const at = word.indexOf("=");
  const given = at < 0 ? word : word.slice(0, at);
  const inline = at < 0 ? undefined : word.slice(at + 1);
  const exact = flags.find((flag) => flag.flags.includes(given));
  if (exact !== undefined) return { flag: exact, name: given, inline };
  const matches = flags.flatMap((flag) =>
    flag.flags.filter((name) => name.startsWith(given)).map((name) => ({ flag, name, inline })),
  );
  if (matches.length > 1) {
    throw new Refusal(`ambiguous option: ${word} could match ${matches.map((m) => m.name).join(", ")}`);
  }
  return matches[0];
}

/** Words that may be values: up to the next option. A negative number is a value. */
function following(words: readonly string[], from: number): readonly string[] {
  const rest = words.slice(from);
  const end = rest.findIndex((word) => word.startsWith("-") && !/^-\d*\.?\d+$/.test(word));
  return end < 0 ? rest : rest.slice(0, end);
}

function take(found: Found, values: readonly string[]): { readonly value: Json; readonly used: number } {
  const { flag, name, inline } = found;
  const label = flag.flags.join("/");
  if (flag.type === "flag" || flag.type === "switch") {
    if (inline !== undefined) throw new Refusal(`argument ${label}: ignored explicit argument '${inline}'`);
    return { value: !name.startsWith("--no-"), used: 0 };
  }
  const [first] = values;
  if (flag.nargs === undefined) {
    if (first === undefined) throw new Refusal(`argument ${label}: expected one argument`);
    return { value: convert(flag, label, first), used: 1 };
  }
  if (flag.nargs === "+" && first === undefined) throw new Refusal(`argument ${label}: expected at least one argument`);
  if (flag.nargs === "?") {
    return first === undefined ? { value: "", used: 0 } : { value: convert(flag, label, first), used: 1 };
  }
  return { value: values.map((text) => convert(flag, label, text)), used: values.length };
}

function convert(flag: Flag, label: string, text: string): Json {
  const read = readValue(flag, text);
  if ("complaint" in read) throw new Refusal(`argument ${label}: ${read.complaint}`);
  if (flag.choices !== undefined && !flag.choices.includes(text)) {
    const choices = flag.choices.map((choice) => `'${choice}'`).join(", ");
    throw new Refusal(`argument ${label}: invalid choice: '${text}' (choose from ${choices})`);
  }
  return read.value;
}
