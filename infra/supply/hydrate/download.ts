import type { Clock } from "../../core/clock.ts";
import { DeployError } from "../../core/errors.ts";
import { sizeText } from "../../core/transfer.ts";
import type { Bytes } from "../../core/units.ts";
import { type Patience, pauseAfter } from "../hub/ask.ts";
import { reasonOf } from "../hub/http-get.ts";
import type { AskLater, Hub, HubFile, OpenedFile } from "../hub/hub.ts";
import { type ContentSums, comparedSum, isIntact } from "./content-digest.ts";
import type { Ledger } from "./ledger.ts";
import { PartFile } from "./part-file.ts";
import { type Watched, withStallLimit } from "./stall-limit.ts";

/** What the download of one file needs. */
export interface DownloadContext {
  readonly hub: Hub;
  readonly commit: string;
  /** The source, for messages. */
  readonly where: string;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly patience: Patience;
  readonly signal: AbortSignal;
  /** Bytes that are there now, or with a minus are not any more. */
  readonly onBytes: (count: Bytes) => void;
  /** For people: something went wrong that mends itself. */
  readonly onNote: (text: string) => void;
}

/**
 * Loads one file to `target`: resumes what is there, asks again after cut connections, and gives the file its name only when
 * its sum is the source's. A wrong sum is given a second chance from the first byte.
 *
 * Returns the sha256. Throws `E_SUPPLY` with both sums, `ENV_UNREACHABLE` where nothing comes, `ENV_READ_ONLY` for a full disk.
 */
export async function downloadFile(file: HubFile, target: string, context: DownloadContext): Promise<string> {
  for (let round = 1; ; round++) {
    const part = await PartFile.open(target, file);
    try {
      await resume(part, file, context);
      await fill(part, file, context);
      const sums = part.sums();
      if (isIntact(sums, file)) {
        await part.publish();
        return sums.sha256;
      }
      await part.discard();
      await context.ledger.noteEtag(file.path, undefined);
      if (round === 2) throw corrupt(file, sums, context.where);
      context.onNote(`${file.path} has another sum than the source says: loaded once more`);
      context.onBytes(-file.bytes);
    } finally {
      await part.close();
    }
  }
}

/** Takes up what an earlier run has left, unless it cannot be known of which version it is. */
async function resume(part: PartFile, file: HubFile, { ledger, onBytes, signal }: DownloadContext): Promise<void> {
  if (file.sum === undefined && ledger.etagOf(file.path) === undefined) await part.reset();
  else await part.takeUp(onBytes, signal);
}

/** Loads until all bytes are there. Troubles count only as long as nothing comes. */
async function fill(part: PartFile, file: HubFile, context: DownloadContext): Promise<void> {
  const { clock, patience, signal, where } = context;
  let failures = 0;
  let stalls = 0;
  while (part.size < file.bytes) {
    const { received, trouble } = await attempt(part, file, context);
    if (received > 0) {
      failures = 0;
      stalls = 0;
    }
    if (trouble === undefined) continue;
    if (trouble === "stalled") stalls += 1;
    else failures += 1;
    const reason = trouble === "stalled" ? `no byte for ${patience.stallAfter / 1000} s` : trouble.reason;
    const times = trouble === "stalled" ? stalls : failures;
    if (times >= (trouble === "stalled" ? patience.stalls : patience.attempts)) {
      throw nothingComes({ part, file, where, times, reason });
    }
    context.onNote(`${file.path} at ${sizeText(part.size)}: ${reason}; asking again`);
    // A dead connection has had its wait.
    if (trouble !== "stalled") await clock.sleep(pauseAfter(Math.max(failures, 1), trouble, patience), signal);
  }
}

interface Attempt {
  /** Bytes that came. */
  readonly received: Bytes;
  readonly trouble?: AskLater | "stalled";
}

/** One connection. Never throws for what the network does. */
async function attempt(part: PartFile, file: HubFile, context: DownloadContext): Promise<Attempt> {
  const { clock, patience, signal } = context;
  let received = 0;
  const onReceived = (count: Bytes) => {
    received += count;
  };
  try {
    const trouble = await withStallLimit({ clock, limit: patience.stallAfter, signal }, async (watched) => {
      const opened = await openRest(part, file, { ...context, signal: watched.signal });
      return opened.kind === "later" ? opened : await receive(part, file, { ...context, opened, watched, onReceived });
    });
    return trouble === undefined ? { received } : { received, trouble };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof DeployError) throw error;
    return { received, trouble: { kind: "later", reason: reasonOf(error) } };
  }
}

/** Opens the file where the part ends. A part of another version is dropped on the way. */
async function openRest(part: PartFile, file: HubFile, context: DownloadContext): Promise<OpenedFile | AskLater> {
  const { hub, commit, ledger, onBytes, signal } = context;
  const known = ledger.etagOf(file.path);
  const ifRange = known === undefined ? {} : { ifRange: known };
  const opened = await hub.open({ file, commit, start: part.size, ...ifRange }, signal);
  if (opened.kind === "later") return opened;
  const isOther = known !== undefined && opened.etag !== known;
  if (part.size > 0 && (isOther || opened.start !== part.size)) {
    onBytes(-part.size);
    await part.reset();
  }
  const hasBeginning = opened.start === part.size;
  await ledger.noteEtag(file.path, hasBeginning ? opened.etag : undefined);
  if (hasBeginning) return opened;
  opened.stream.destroy();
  return { kind: "later", reason: "the file has changed at the source" };
}

interface Receiving extends DownloadContext {
  readonly opened: OpenedFile;
  readonly watched: Watched;
  readonly onReceived: (count: Bytes) => void;
}

/** Adds what comes to the part, to the end of the answer. */
async function receive(part: PartFile, file: HubFile, context: Receiving): Promise<AskLater | undefined> {
  const { opened, watched, onBytes, onReceived } = context;
  const before = part.size;
  for await (const piece of opened.stream) {
    watched.touch();
    // Only an answer without a length can be too long; the sum says whether its beginning is right.
    const wanted = piece.subarray(0, file.bytes - part.size);
    await part.append(wanted);
    watched.touch();
    onReceived(wanted.length);
    onBytes(wanted.length);
    if (wanted.length < piece.length) break;
  }
  return part.size > before ? undefined : { kind: "later", reason: "an empty answer" };
}

function corrupt(file: HubFile, sums: ContentSums, where: string): DeployError {
  const { kind, hex } = file.sum ?? { kind: "sha256", hex: "" };
  const got = comparedSum(sums, { kind, hex });
  return new DeployError({
    code: "E_SUPPLY",
    where: `${where}: ${file.path}`,
    message: `It is corrupt: its ${kind === "sha256" ? "sha256" : "git blob sum"} was ${got}, the source lists ${hex}; loaded twice.`,
    hint: "Nothing of it was kept. A proxy or a mirror may give out a wrong copy: try another endpoint.",
  });
}

interface Silence {
  readonly part: PartFile;
  readonly file: HubFile;
  readonly where: string;
  readonly times: number;
  readonly reason: string;
}

function nothingComes({ part, file, where, times, reason }: Silence): DeployError {
  return new DeployError({
    code: "ENV_UNREACHABLE",
    where: `${where}: ${file.path}`,
    message: `Nothing more came after ${sizeText(part.size)} of ${sizeText(file.bytes)}, ${times} times in a row; the last: ${reason}.`,
    hint: "What is there is kept: run it again when the network is well.",
  });
}
