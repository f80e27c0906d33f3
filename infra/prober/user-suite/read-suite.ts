import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseDocument } from "yaml";
import { DeployError, faultLine, textOf } from "../../core/errors.ts";
import type { Check } from "../check.ts";
import { readMatcher } from "./read-matcher.ts";
import { Reader } from "./reader.ts";
import { checkOf, type UserCheck, type UserMessage } from "./user-check.ts";

const checkKeys = [
  "name",
  "prompt",
  "messages",
  "image",
  "expect",
  "repeat",
  "severity",
  "timeoutSeconds",
  "maxTokens",
];

/** Characters of base64 and JSON count too: the engine's front end must take the whole request. */
const largestImage = 20 * 1024 * 1024;

/**
 * The checks of a suite file, in its order. `taken` are names of other checks.
 *
 * Throws `CONFIG_FILE` for a file that cannot be read as YAML, and `CONFIG_INVALID` with every problem of its content, each
 * with its path.
 */
export function readUserSuite(file: string, taken: readonly string[]): readonly Check[] {
  const reader = new Reader();
  const root = reader.group("suite", parse(file), ["checks"]);
  const context = { reader, folder: dirname(resolve(file)), names: new Set(taken) };
  const entries = root === undefined ? [] : reader.list("checks", root.checks);
  const checks = entries.map((entry, index) => readCheck(context, `checks[${index}]`, entry));
  if (reader.problems.length > 0) {
    const count = reader.problems.length === 1 ? "1 problem" : `${reader.problems.length} problems`;
    throw new DeployError({
      code: "CONFIG_INVALID",
      where: file,
      message: `${count} in the suite:\n${reader.problems.map((problem) => `  ${problem}`).join("\n")}`,
    });
  }
  return checks.filter((check) => check !== undefined).map(checkOf);
}

function parse(file: string): unknown {
  try {
    const document = parseDocument(readFileSync(file, "utf8"));
    const [fault] = document.errors;
    if (fault !== undefined) throw fault;
    return document.toJS();
  } catch (error) {
    throw new DeployError({
      code: "CONFIG_FILE",
      where: file,
      message: `Cannot read it as YAML: ${faultLine(error)}.`,
      cause: error,
    });
  }
}

interface Context {
  readonly reader: Reader;
  readonly folder: string;
  /** Names that are in use. */
  readonly names: Set<string>;
}

function readCheck(context: Context, path: string, entry: unknown): UserCheck | undefined {
  const { reader } = context;
  const group = reader.group(path, entry, checkKeys);
  if (group === undefined) return undefined;
  const name = readName(context, `${path}.name`, group.name);
  const messages = readMessages(reader, path, group);
  const image = group.image === undefined ? undefined : readImage(context, `${path}.image`, group.image);
  const matcher = readMatcher(reader, `${path}.expect`, group.expect);
  const repeat = reader.count(`${path}.repeat`, group.repeat, { min: 1, max: 100, fallback: 1 });
  const severity = reader.choice(`${path}.severity`, group.severity, ["critical", "warning"]);
  const timeoutSeconds = reader.count(`${path}.timeoutSeconds`, group.timeoutSeconds, {
    min: 1,
    max: 1800,
    fallback: 60,
  });
  const maxTokens = reader.count(`${path}.maxTokens`, group.maxTokens, { min: 1, max: 32_768, fallback: 512 });
  if (name === undefined || matcher === undefined) return undefined;
  return { name, messages, image, matcher, repeat, severity, timeoutSeconds, maxTokens };
}

/** A name goes into labels of metrics, anchors of a page and `--only`. */
function readName({ reader, names }: Context, path: string, value: unknown): string | undefined {
  if (typeof value !== "string" || !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value)) {
    return reader.refuse(path, "wanted 1 to 63 lower-case letters, digits and dashes, such as capital-of-france.");
  }
  if (names.has(value)) return reader.refuse(path, `"${value}" is taken by another check.`);
  names.add(value);
  return value;
}

function readMessages(reader: Reader, path: string, group: Readonly<Record<string, unknown>>): readonly UserMessage[] {
  const { prompt, messages } = group;
  if ((prompt === undefined) === (messages === undefined)) {
    const got = prompt === undefined ? "neither" : "both";
    reader.refuse(path, `wanted prompt or messages, got ${got}.`);
    return [];
  }
  if (prompt !== undefined) return [{ role: "user", content: reader.text(`${path}.prompt`, prompt) ?? "" }];
  const read = reader.list(`${path}.messages`, messages).map((entry, index) => {
    const at = `${path}.messages[${index}]`;
    const message = reader.group(at, entry, ["role", "content"]);
    return {
      role: reader.choice(`${at}.role`, message?.role, ["user", "system", "assistant"]),
      content: message === undefined ? "" : (reader.text(`${at}.content`, message.content) ?? ""),
    };
  });
  if (read.length > 0 && read.at(-1)?.role !== "user") {
    reader.refuse(`${path}.messages`, "wanted the user's message last: it is the one that is answered.");
  }
  return read;
}

function readImage({ reader, folder }: Context, path: string, value: unknown): UserCheck["image"] {
  const file = reader.text(path, value);
  if (file === undefined) return undefined;
  try {
    const bytes = readFileSync(resolve(folder, file));
    if (bytes.length > largestImage)
      return reader.refuse(path, `${file}: wanted at most 20 MiB, got ${bytes.length} bytes.`);
    const mime = mimeOf(bytes);
    if (mime === undefined) return reader.refuse(path, `${file}: wanted a PNG or JPEG picture.`);
    return { mime, bytes, file };
  } catch (error) {
    return reader.refuse(path, `${file}: ${textOf(error)}.`);
  }
}

function mimeOf(bytes: Buffer): "image/png" | "image/jpeg" | undefined {
  if (bytes.subarray(0, 8).toString("latin1") === "\x89PNG\r\n\x1a\n") return "image/png";
  return bytes.subarray(0, 3).toString("latin1") === "\xff\xd8\xff" ? "image/jpeg" : undefined;
}
