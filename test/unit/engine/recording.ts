import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../../fixtures/recordings");

export function readRecording(name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

/** One recorded request and its answer. */
export interface Exchange {
  readonly title: string;
  readonly method: string;
  readonly path: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Chunk sizes and arrival times taken out. */
  readonly body: string;
  /** Whether the client gave up before the end. */
  readonly isCut: boolean;
}

/** Exchanges of a transcript, in order. */
export function readTranscript(name: string): readonly Exchange[] {
  return readRecording(name)
    .split(/^(?==== \d+ )/m)
    .filter((part) => part.startsWith("=== "))
    .map(readExchange);
}

function readExchange(text: string): Exchange {
  const lines = text.split("\n");
  const title = (lines[0] ?? "").replace(/^=== \d+ /, "");
  const sent = lines.filter((line) => line.startsWith("> ")).map((line) => line.slice(2));
  const got = lines.filter((line) => line.startsWith("< ")).map((line) => line.slice(2));
  const [method = "", path = ""] = (sent[0] ?? "").split(" ");
  const blank = sent.indexOf("");
  const body = text.slice(text.indexOf("\n<\n") + 3);
  return {
    title,
    method,
    path,
    requestHeaders: headersOf(sent.slice(1, blank)),
    requestBody: sent.slice(blank + 1).join("\n"),
    status: Number((got[0] ?? "").split(" ")[1]),
    headers: headersOf(got.slice(1)),
    body: joined(body),
    isCut: /finished after .*ERROR: (client timeout|stream cut)/.test(lines[1] ?? ""),
  };
}

function headersOf(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(": ");
      return [line.slice(0, at).toLowerCase(), line.slice(at + 2)];
    }),
  );
}

/** The body without the recorder's chunk sizes and times. */
function joined(body: string): string {
  return body
    .replace(/^\[\+[\d.]+s\] ?/gm, "")
    .replace(/^[0-9a-f]*⏎$/gm, "")
    .replace(/\n{2,}/g, "\n\n")
    .trim();
}

/** A run of equal answers of one path. */
export interface Run {
  readonly result: string;
  readonly count: number;
  readonly minMs: number;
  readonly maxMs: number;
}

/** Runs by path, in the order of sending. */
export function readRuns(name: string): Readonly<Record<string, readonly Run[]>> {
  const found: Record<string, Run[]> = {};
  let path = "";
  for (const line of readRecording(name).split("\n")) {
    if (line.startsWith("/")) path = line.trim();
    const match = /^ {2}\+.*?s {2,}(\d+) × {2}(.+?) {2,}(\d+) \/ (\d+) \/ (\d+)/.exec(line);
    if (match === null) continue;
    const [, count, result = "", min, , max] = match;
    found[path] = [...(found[path] ?? []), { result, count: Number(count), minMs: Number(min), maxMs: Number(max) }];
  }
  return found;
}

/** A recorded log: how the process ended and its lines without times and numbers. */
export interface RecordedLog {
  readonly isPidOne: boolean;
  /** Code that a shell would show; undefined where the recorder ended the process. */
  readonly exitCode: number | undefined;
  readonly lines: readonly string[];
}

export function readLog(name: string): RecordedLog {
  const text = readRecording(name);
  const ended = /^# ended: .*wait status code (\d+)/m.exec(text)?.[1];
  return {
    isPidOne: /^# run as PID 1.*True/m.test(text),
    exitCode: ended === undefined ? undefined : Number(ended),
    lines: text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("# "))
      .map((line) => normalLine(line.replace(/^ *[\d.]+ /, ""))),
  };
}

/** A log line without its time, rank, numbers, ids and paths. */
export function normalLine(line: string): string {
  return line
    .replace(/^\[\d{4}-[^\]]*\] /, "")
    .replace(/server_args=ServerArgs.*/, "server_args=ServerArgs(…")
    .replace(/remaining_rids=\[.*\]/, "remaining_rids=[…]")
    .replace(/127(\.\d+){3}|0\.0\.0\.0/g, "<address>")
    .replace(/0x[0-9a-f]+/g, "<pointer>")
    .replace(/-?\d+(\.\d+)?/g, "#");
}

/** A body without what differs from run to run: ids, times, pointers and the place of the sources. */
export function normalBody(body: string): string {
  return body
    .replaceAll("/sgl-workspace/sglang/python", "<source>")
    .replace(/"id":"[0-9a-f]{32}"/g, '"id":"<id>"')
    .replace(/"created":\d+/g, '"created":0')
    .replace(/"timestamp":"[^"]*"/g, '"timestamp":""')
    .replace(/"ts_tic":[\d.]+/g, '"ts_tic":0')
    .replace(/0x[0-9a-f]+/g, "<pointer>")
    .replace(/(\d)\.0(?=[,}\]])/g, "$1");
}

/** The first of `wanted` that `lines` do not hold in this order, or undefined. */
export function firstMissing(wanted: readonly string[], lines: readonly string[]): string | undefined {
  let at = 0;
  for (const line of wanted) {
    const found = lines.indexOf(line, at);
    if (found < 0) return line;
    at = found + 1;
  }
  return undefined;
}
