import { type Asking, askSmall } from "./ask.ts";
import { openByHttp } from "./http-file.ts";
import type { Hub, HubFile } from "./hub.ts";
import { type ListedFile, listingNames, parseListing, readOnce, revisionOf } from "./listing.ts";
import { refusedBySource } from "./refusal.ts";

/** A folder on a web server. */
export interface HttpFolderArgs {
  /** Without a slash at its end. */
  readonly url: string;
  readonly asking: Asking;
}

interface Listing {
  readonly revision: string;
  readonly files: readonly ListedFile[];
}

/**
 * A folder that any web server gives out, listed by a `manifest.json` of a hydration or by `SHA256SUMS` in it. Its revision is
 * the sha256 of that file. Nothing proves who asks.
 */
export function httpFolder({ url, asking }: HttpFolderArgs): Hub {
  const { where } = asking;
  const addressOf = (path: string) => new URL(`${url}/${path.split("/").map(encodeURIComponent).join("/")}`);

  async function read(signal: AbortSignal): Promise<Listing> {
    let got = 0;
    for (const name of listingNames) {
      const answer = await askSmall({ url: addressOf(name) }, asking, signal);
      got = answer.status;
      if (got === 200) return { revision: revisionOf(answer.text), files: parseListing(name, answer.text, where) };
      if (got !== 404) break;
    }
    throw refusedBySource({
      where,
      got: String(got),
      meaning: `Neither ${listingNames.join(" nor ")} can be read there`,
      hint: "Check the URL. In the folder itself: find . -type f ! -name SHA256SUMS | sort | xargs sha256sum > SHA256SUMS",
    });
  }

  async function sized({ path, bytes, sha256 }: ListedFile, signal: AbortSignal): Promise<HubFile> {
    const sum = { kind: "sha256", hex: sha256 } as const;
    if (bytes !== undefined) return { path, bytes, sum };
    const { status, headers } = await askSmall({ method: "HEAD", url: addressOf(path) }, asking, signal);
    const length = Number(headers["content-length"] ?? Number.NaN);
    if (status === 200 && Number.isSafeInteger(length)) return { path, bytes: length, sum };
    throw gone(`${where}: ${path}`, status === 200 ? "200 without a length" : String(status));
  }

  const listing = readOnce(where, read);

  return {
    async resolveRevision(revision, signal) {
      return (await listing(revision, signal)).revision;
    },
    async listFiles(commit, signal) {
      const files: HubFile[] = [];
      for (const file of (await listing(commit, signal)).files) files.push(await sized(file, signal));
      return files;
    },
    open(request, signal) {
      const { path } = request.file;
      return openByHttp(
        { url: addressOf(path) },
        request,
        ({ status }) => gone(`${where}: ${path}`, String(status)),
        signal,
      );
    },
  };
}

function gone(where: string, got: string): Error {
  const meaning = "The file is listed but not given out";
  return refusedBySource({ where, got, meaning, hint: "Put it back, or write the listing anew." });
}
