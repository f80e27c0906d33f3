import { type GetAnswer, type GetRequest, httpGet, laterOf } from "./http-get.ts";
import type { AskLater, OpenedFile, OpenRequest } from "./hub.ts";

/** Opens one file by HTTP. `refused` gives the error for a status that is final. */
export async function openByHttp(
  get: GetRequest,
  { file, start, end, ifRange }: OpenRequest,
  refused: (answer: GetAnswer) => Error,
  signal: AbortSignal,
): Promise<OpenedFile | AskLater> {
  const isWhole = start === 0 && end === undefined;
  const headers = {
    ...get.headers,
    ...(isWhole ? {} : { range: `bytes=${start}-${end ?? ""}` }),
    ...(isWhole || ifRange === undefined ? {} : { "if-range": ifRange }),
  };
  const answer = await httpGet({ ...get, headers }, signal);
  if (answer.kind === "later") return answer;
  const { status, response, host } = answer;
  const reject = (reason: string): AskLater => {
    response.destroy();
    return { kind: "later", reason };
  };
  const later = laterOf(answer);
  if (later !== undefined) {
    response.destroy();
    return later;
  }
  if (status !== 200 && status !== 206) {
    response.destroy();
    throw refused(answer);
  }
  if (response.headers["content-encoding"] !== undefined) return reject(`${host} sent a compressed answer`);
  const etag = strongEtag(response.headers.etag);
  if (status === 200) return { kind: "opened", start: 0, etag, stream: response };
  const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers["content-range"] ?? "") ?? [];
  if (Number(from) !== start) return reject(`${host} sent another range than was asked for`);
  if (total !== "*" && Number(total) !== file.bytes)
    return reject(`${host} says ${total} bytes, listed are ${file.bytes}`);
  return { kind: "opened", start, etag, stream: response };
}

/** A weak ETag says nothing of bytes: it may not be used with ranges (RFC 9110, 13.1.5). */
function strongEtag(etag: string | undefined): string | undefined {
  return etag?.startsWith('"') === true ? etag : undefined;
}
