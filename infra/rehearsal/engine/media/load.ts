import { readFile } from "node:fs/promises";
import type { Clock } from "../../../core/clock.ts";
import { textOf } from "../../../core/errors.ts";
import { maxAspectRatio } from "../../../core/visual-tokens.ts";
import type { MediaPart } from "../openai/chat-request.ts";
import { badRequest, mediaError } from "../openai/error-body.ts";
import { pythonRepr } from "../openai/python-repr.ts";
import type { Film } from "./avi.ts";
import { readAvi } from "./avi.ts";
import type { Picture } from "./picture.ts";
import { decodePicture } from "./picture.ts";

/** What fetching needs beside the part itself. */
export interface LoadContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: (text: string) => void;
}

/** The server's time-out for fetching a picture, env REQUEST_TIMEOUT. */
const imageTimeout = 3_000;

/** Fetches and decodes a picture, or throws the 500 that the server answers. `index` counts the request's pictures. */
export async function loadImage(part: MediaPart, index: number, context: LoadContext): Promise<Picture> {
  const fail = (reason: string) => {
    context.log(`[load_mm_data(simple)] error loading IMAGE data at index=${index}`);
    const shown =
      `ImageData(url=${pythonRepr(part.url)}, detail=${pythonRepr(part.detail)}, max_dynamic_patch=None, ` +
      `preprocess_kwargs=${pythonRepr(part.preprocess)})`;
    const text = `An exception occurred while loading IMAGE data at index ${index}: Error while loading data ${shown}: ${reason}`;
    context.log(`Error in request: ${text}`);
    return mediaError(text);
  };
  const fetched = await fetchImage(part.url, context);
  if ("reason" in fetched) throw fail(fetched.reason);
  const picture = decodePicture(fetched.bytes);
  if (picture === undefined) throw fail("cannot identify image file <_io.BytesIO object at 0x7f1cdc5fea20>");
  const ratio = Math.max(picture.width, picture.height) / Math.min(picture.width, picture.height);
  if (ratio > maxAspectRatio) {
    throw badRequest(`absolute aspect ratio must be smaller than ${maxAspectRatio}, got ${ratio}`);
  }
  return picture;
}

/** Fetches and opens a film, or throws the 500 that the server answers. */
export async function loadVideo(part: MediaPart, context: LoadContext): Promise<Film> {
  const bytes = await fetchVideo(part.url, context.signal).catch(() => undefined);
  const film = bytes === undefined ? undefined : readAvi(bytes);
  if (film !== undefined) return film;
  const shown = part.url.length > 200 ? `${part.url.slice(0, 200)}...` : part.url;
  context.log(
    `video_reader_backend torchcodec error: Could not open input file: ${shown} Invalid data found when processing input`,
  );
  context.log("fallback to decord");
  context.log(`fallback decord also failed: Error reading ${shown}...`);
  context.log("fallback to torchvision");
  context.log("fallback torchvision also failed: open() got an unexpected keyword argument 'metadata_errors'");
  context.log(`Error in request: All video backends failed for ${shown}`);
  throw mediaError(`All video backends failed for ${part.url}`);
}

type Fetched = { readonly bytes: Uint8Array } | { readonly reason: string };

async function fetchImage(url: string, { clock, signal }: LoadContext): Promise<Fetched> {
  if (/^https?:\/\//.test(url)) return fetchHttp(url, clock, signal);
  if (url.startsWith("data:")) return { bytes: Buffer.from(url.slice(url.indexOf(",") + 1), "base64") };
  const path = url.replace(/^file:\/\//, "");
  if (url.startsWith("file://") || /\.(png|jpe?g|webp|gif)$/i.test(url)) {
    try {
      return { bytes: await readFile(path, { signal }) };
    } catch {
      signal.throwIfAborted();
      return { reason: `[Errno 2] No such file or directory: '${path}'` };
    }
  }
  return { bytes: Buffer.from(url, "base64") };
}

/** `requests.get` with its words for what goes wrong. */
async function fetchHttp(url: string, clock: Clock, signal: AbortSignal): Promise<Fetched> {
  const { hostname, port, pathname, search, protocol } = new URL(url);
  const number = port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
  const [pool, connection] =
    protocol === "https:" ? ["HTTPSConnectionPool", "HTTPSConnection"] : ["HTTPConnectionPool", "HTTPConnection"];
  const where = `(host='${hostname}', port=${number})`;
  const late = new AbortController();
  const done = new AbortController();
  const timer = clock.sleep(imageTimeout, done.signal).then(
    () => late.abort(),
    () => undefined,
  );
  try {
    const response = await fetch(url, { signal: AbortSignal.any([late.signal, signal]) });
    if (response.ok) return { bytes: new Uint8Array(await response.arrayBuffer()) };
    const side = response.status < 500 ? "Client" : "Server";
    return { reason: `${response.status} ${side} Error: ${response.statusText} for url: ${url}` };
  } catch (error) {
    signal.throwIfAborted();
    if (late.signal.aborted) return { reason: `${pool}${where}: Read timed out. (read timeout=3)` };
    const isUnknown = error instanceof Error && /ENOTFOUND|EAI_AGAIN/.test(textOf(error.cause));
    const cause = isUnknown
      ? `NameResolutionError("${connection}${where}: Failed to resolve '${hostname}' ([Errno -2] Name or service not known)")`
      : `NewConnectionError("${connection}${where}: Failed to establish a new connection: [Errno 111] Connection refused")`;
    return { reason: `${pool}${where}: Max retries exceeded with url: ${pathname}${search} (Caused by ${cause})` };
  } finally {
    done.abort();
    await timer;
  }
}

async function fetchVideo(url: string, signal: AbortSignal): Promise<Uint8Array> {
  if (url.startsWith("data:")) return Buffer.from(url.slice(url.indexOf(",") + 1), "base64");
  if (/^https?:\/\//.test(url)) {
    const response = await fetch(url, { signal });
    return new Uint8Array(await response.arrayBuffer());
  }
  return readFile(url.replace(/^file:\/\//, ""), { signal });
}
