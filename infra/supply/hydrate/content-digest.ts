import { createHash, type Hash } from "node:crypto";
import type { Bytes } from "../../core/units.ts";
import type { FileSum, HubFile } from "../hub/hub.ts";

/** Sums of a file's bytes as they come: its sha256 always, git's blob name where the source tells that one. */
export class ContentDigest {
  readonly #sha256 = createHash("sha256");
  readonly #blob: Hash | undefined;

  constructor({ bytes, sum }: HubFile) {
    // Git names a blob by the sha1 of a header with its size and the content.
    this.#blob = sum?.kind === "gitBlob" ? createHash("sha1").update(`blob ${bytes}\0`) : undefined;
  }

  update(piece: Uint8Array): void {
    this.#sha256.update(piece);
    this.#blob?.update(piece);
  }

  /** Ends it. */
  sums(): ContentSums {
    return { sha256: this.#sha256.digest("hex"), gitBlob: this.#blob?.digest("hex") };
  }
}

/** What the bytes of a file add up to. */
export interface ContentSums {
  readonly sha256: string;
  readonly gitBlob: string | undefined;
}

/** The sum that a source's is compared with. */
export function comparedSum(sums: ContentSums, { kind }: FileSum): string | undefined {
  return kind === "sha256" ? sums.sha256 : sums.gitBlob;
}

/** True where the file has the source's sum, or the source tells none. The size is checked elsewhere. */
export function isIntact(sums: ContentSums, { sum }: HubFile): boolean {
  return sum === undefined || comparedSum(sums, sum) === sum.hex;
}

/** How much is read at once when a file is summed. */
export const readSize: Bytes = 4 * 1024 * 1024;
