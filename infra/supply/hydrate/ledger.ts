import { readFile } from "node:fs/promises";
import type { Bytes } from "../../core/units.ts";
import { fieldsOf, sizeOf } from "../hub/json.ts";
import { codeOf, onDisk, writeWhole } from "./disk.ts";

/** A file that is whole and was summed. */
export interface FinishedFile {
  readonly bytes: Bytes;
  readonly sha256: string;
  /** Of the file when it was finished: another one means that somebody has touched it. */
  readonly modifiedMs: number;
}

/** What is being loaded. */
export interface LedgerSubject {
  readonly source: string;
  readonly commit: string;
}

/**
 * What an unfinished hydration remembers from one run to the next: which files are finished, with their sums, so that none is
 * summed twice, and of which ETag each part is, so that bytes of two versions are never joined.
 */
export class Ledger {
  readonly #path: string;
  readonly #subject: LedgerSubject;
  readonly #etags: Map<string, string>;
  readonly #finished: Map<string, FinishedFile>;
  #saving: Promise<void> = Promise.resolve();

  private constructor(path: string, subject: LedgerSubject, remembered: Readonly<Record<string, unknown>>) {
    this.#path = path;
    this.#subject = subject;
    this.#etags = new Map(Object.entries(fieldsOf(remembered.etags)).filter(isTextEntry));
    this.#finished = new Map(
      Object.entries(fieldsOf(remembered.finished)).flatMap(([name, value]) => {
        const file = finishedOf(fieldsOf(value));
        return file === undefined ? [] : [[name, file]];
      }),
    );
  }

  /** Opens the ledger of a folder, or begins one. `other` is what it says it is about, where that is not `subject`. */
  static async open(
    path: string,
    subject: LedgerSubject,
  ): Promise<{ readonly ledger: Ledger; readonly other?: LedgerSubject }> {
    const remembered = fieldsOf(parsed(await textAt(path)));
    const { source, commit } = remembered;
    const isOther = typeof source === "string" && typeof commit === "string";
    if (isOther && (source !== subject.source || commit !== subject.commit)) {
      return { ledger: new Ledger(path, subject, {}), other: { source, commit } };
    }
    return { ledger: new Ledger(path, subject, remembered) };
  }

  etagOf(path: string): string | undefined {
    return this.#etags.get(path);
  }

  finished(path: string): FinishedFile | undefined {
    return this.#finished.get(path);
  }

  async noteEtag(path: string, etag: string | undefined): Promise<void> {
    if (this.#etags.get(path) === etag) return;
    if (etag === undefined) this.#etags.delete(path);
    else this.#etags.set(path, etag);
    await this.save();
  }

  async noteFinished(path: string, file: FinishedFile): Promise<void> {
    this.#etags.delete(path);
    this.#finished.set(path, file);
    await this.save();
  }

  /** Writes it, one write after the other. */
  async save(): Promise<void> {
    const write = () => {
      const content = {
        ...this.#subject,
        etags: Object.fromEntries(this.#etags),
        finished: Object.fromEntries(this.#finished),
      };
      return writeWhole(this.#path, `${JSON.stringify(content, null, 2)}\n`);
    };
    const before = this.#saving;
    const saving = before.catch(() => {}).then(write);
    this.#saving = saving;
    await saving;
  }
}

function finishedOf({ bytes, sha256, modifiedMs }: Readonly<Record<string, unknown>>): FinishedFile | undefined {
  const size = sizeOf(bytes);
  if (size === undefined || typeof sha256 !== "string" || typeof modifiedMs !== "number") return undefined;
  return { bytes: size, sha256, modifiedMs };
}

function isTextEntry(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === "string";
}

/** A ledger that cannot be read costs a second summing, nothing else. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function textAt(path: string): Promise<string> {
  return await onDisk(path, () =>
    readFile(path, "utf8").catch((error: unknown) => {
      if (codeOf(error) === "ENOENT") return "";
      throw error;
    }),
  );
}
