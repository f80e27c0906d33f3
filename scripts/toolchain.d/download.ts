import { createHash } from "node:crypto";
import { chmodSync, createWriteStream, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Milliseconds } from "../../infra/core/units.ts";
import { runChild } from "../lib/child.ts";
import type { Download } from "./tools.ts";

/** A release server that sends nothing for this long has failed. */
const stallLimit: Milliseconds = 30_000;

/** What {@link download} works on. */
export interface DownloadJob {
  readonly download: Download;
  /** Name of the binary, for a file that is one. */
  readonly name: string;
  /** A prepared folder with an empty `bin` in it. */
  readonly folder: string;
  readonly onBytes: (bytes: number) => void;
}

/**
 * Fetches a release file, proves its checksum and leaves the binaries in `<folder>/bin`. Returns the proven sha256.
 * Throws an Error that says what came instead; the folder is then unfit for anything but removal.
 */
export async function download(job: DownloadJob, signal: AbortSignal): Promise<string> {
  const { url, members } = job.download;
  const file = join(job.folder, basename(url));
  const got = await fetchTo(job, file, signal);
  const wanted = await wantedSum(job.download, signal);
  if (got !== wanted.sha256) {
    throw new Error(`${url} has sha256 ${got}, but ${wanted.saidBy} says ${wanted.sha256}`);
  }
  const bin = join(job.folder, "bin");
  if (members === undefined) {
    renameSync(file, join(bin, job.name));
    chmodSync(join(bin, job.name), 0o755);
  } else {
    await unpack(file, members, bin, signal);
  }
  return got;
}

/** Reads a checksum file: a lone sum, or lines of sum and file name. Undefined where it names no such file. */
export function sumFor(text: string, file: string): string | undefined {
  for (const line of text.split("\n")) {
    const [sum = "", name = file] = line.trim().split(/\s+\*?/);
    if (/^[0-9a-f]{64}$/.test(sum) && name === file) return sum;
  }
  return undefined;
}

async function wantedSum(
  what: Download,
  signal: AbortSignal,
): Promise<{ readonly sha256: string; readonly saidBy: string }> {
  const { checksum } = what;
  if (checksum.kind === "pinned") return { sha256: checksum.sha256, saidBy: "the toolchain's table" };
  const response = await fetch(checksum.url, { signal: AbortSignal.any([signal, AbortSignal.timeout(stallLimit)]) });
  const sha256 = response.ok ? sumFor(await response.text(), basename(what.url)) : undefined;
  if (sha256 === undefined) {
    throw new Error(`${checksum.url} (status ${response.status}) holds no sha256 of ${basename(what.url)}`);
  }
  return { sha256, saidBy: checksum.url };
}

async function fetchTo(job: DownloadJob, file: string, signal: AbortSignal): Promise<string> {
  const { url } = job.download;
  const stalled = new AbortController();
  const timer = setTimeout(
    () => stalled.abort(new Error(`${url} sent nothing for ${stallLimit / 1000} s`)),
    stallLimit,
  );
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, stalled.signal]) });
    if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`);
    const hash = createHash("sha256");
    let bytes = 0;
    const watch = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        timer.refresh();
        hash.update(chunk);
        bytes += chunk.byteLength;
        job.onBytes(bytes);
        yield chunk;
      }
    };
    await pipeline(Readable.fromWeb(response.body), watch, createWriteStream(file));
    return hash.digest("hex");
  } finally {
    clearTimeout(timer);
  }
}

/** Keeps the wanted members and removes the rest, so that nothing unneeded stays in the cache. */
async function unpack(
  archive: string,
  members: Readonly<Record<string, string>>,
  bin: string,
  signal: AbortSignal,
): Promise<void> {
  const into = `${archive}.d`;
  mkdirSync(into);
  const command = ["tar", "-xzf", archive, "-C", into, ...Object.values(members)] as const;
  const { code, lines } = await runChild(command, {}, signal);
  if (code !== 0) throw new Error(`${archive} does not unpack: ${lines.join(" ")}`);
  for (const [name, member] of Object.entries(members)) renameSync(join(into, member), join(bin, name));
  rmSync(into, { recursive: true });
  rmSync(archive);
}
