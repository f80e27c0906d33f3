import { AwsV4Signer } from "aws4fetch";
import { canonicalJson } from "../../core/canonical-json.ts";
import type { DeployError } from "../../core/errors.ts";
import { type Asking, askSmall, type SmallAnswer } from "./ask.ts";
import type { S3Keys } from "./credentials.ts";
import { openByHttp } from "./http-file.ts";
import type { Authorize } from "./http-get.ts";
import type { Hub, HubFile } from "./hub.ts";
import { listingNames, parseListing, readOnce, revisionOf } from "./listing.ts";
import { refusedBySource, strangeAnswer } from "./refusal.ts";
import { parseS3Page, type S3Object, s3ErrorCode } from "./s3-listing.ts";
import { safePath } from "./safe-path.ts";

/** A prefix of a bucket in an S3-compatible store. */
export interface S3Args {
  readonly bucket: string;
  /** Without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
  /** `{bucket}` in it stands for the bucket (virtual-hosted style); without it the bucket is the first part of the path. */
  readonly endpoint: string;
  readonly region: string;
  /** Absent: requests are not signed, as public buckets allow. */
  readonly keys: S3Keys | undefined;
  readonly asking: Asking;
}

interface Listing {
  readonly revision: string;
  readonly files: readonly HubFile[];
}

/**
 * S3 and what speaks its language: ListObjectsV2 and GET with ranges, signed by SigV4. Sums come from a `manifest.json` or
 * `SHA256SUMS` under the prefix, since an ETag is no sum of a multipart upload; without either, size and ETag are checked.
 * The revision is the sha256 of that file, else of the listing.
 * @see Amazon S3 API Reference, ListObjectsV2, GetObject, "Authenticating Requests (AWS Signature Version 4)"
 */
export function s3Hub({ bucket, prefix, endpoint, region, keys, asking }: S3Args): Hub {
  const { where } = asking;
  const root = endpoint.includes("{bucket}") ? endpoint.replace("{bucket}", bucket) : `${endpoint}/${bucket}`;
  const start = prefix === "" ? "" : `${prefix}/`;
  const addressOf = (path: string) =>
    new URL(`${root}/${`${start}${path}`.split("/").map(encodeURIComponent).join("/")}`);
  const authorize: Authorize = async (url) => {
    if (keys === undefined) return {};
    const datetime = new Date(asking.clock.now()).toISOString().replace(/[:-]|\.\d{3}/g, "");
    const signed = await new AwsV4Signer({
      ...keys,
      url: url.href,
      method: "GET",
      service: "s3",
      region,
      datetime,
    }).sign();
    return Object.fromEntries(signed.headers.entries());
  };
  const refused = (answer: { readonly status: number; readonly code: string }, at: string) =>
    s3Refusal({ ...answer, where: at, region, isSigned: keys !== undefined });

  async function get(url: URL, at: string, signal: AbortSignal): Promise<SmallAnswer> {
    const answer = await askSmall({ url, authorize }, asking, signal);
    if (answer.status === 200) return answer;
    throw refused({ status: answer.status, code: s3ErrorCode(answer.text) }, at);
  }

  async function objects(signal: AbortSignal): Promise<S3Object[]> {
    const found: S3Object[] = [];
    let token: string | undefined;
    do {
      const url = new URL(`${root}${endpoint.includes("{bucket}") ? "/" : ""}`);
      const query = { "list-type": "2", "encoding-type": "url", prefix: start };
      url.search = String(new URLSearchParams(token === undefined ? query : { ...query, "continuation-token": token }));
      const page = parseS3Page((await get(url, where, signal)).text);
      if (page === undefined) throw strangeAnswer(where, "no list of objects");
      // Consoles make "folders" of empty objects whose keys end in a slash.
      found.push(...page.objects.filter(({ key }) => key.startsWith(start) && !key.endsWith("/")));
      token = page.next;
    } while (token !== undefined);
    return found.map((object) => ({ ...object, key: safePath(object.key.slice(start.length), where) }));
  }

  async function read(signal: AbortSignal): Promise<Listing> {
    const found = await objects(signal);
    if (found.length === 0) {
      const hint = "Check bucket and prefix: the prefix is a folder, without a slash at its end.";
      throw refusedBySource({ where, got: "an empty list", meaning: "There is nothing there", hint });
    }
    const name = listingNames.find((one) => found.some(({ key }) => key === one));
    const text = name === undefined ? canonicalJson(found) : (await get(addressOf(name), where, signal)).text;
    const listed = name === undefined ? [] : parseListing(name, text, where);
    const sums = new Map(listed.map(({ path, sha256 }) => [path, sha256]));
    const missing = listed.find(({ path }) => !found.some(({ key }) => key === path));
    if (missing !== undefined) throw strangeAnswer(`${where}/${name}`, `it lists ${missing.path}, which is not there`);
    const files = found.map(({ key: path, bytes }) => {
      const hex = sums.get(path);
      return hex === undefined ? { path, bytes } : { path, bytes, sum: { kind: "sha256", hex } as const };
    });
    return { revision: revisionOf(text), files };
  }

  const listing = readOnce(where, read);

  return {
    async resolveRevision(revision, signal) {
      return (await listing(revision, signal)).revision;
    },
    async listFiles(commit, signal) {
      return (await listing(commit, signal)).files;
    },
    open(request, signal) {
      const { path } = request.file;
      const get = { url: addressOf(path), authorize };
      return openByHttp(get, request, ({ status }) => refused({ status, code: "" }, `${where}: ${path}`), signal);
    },
  };
}

interface S3Refusal {
  readonly status: number;
  /** S3's own word, or empty. */
  readonly code: string;
  readonly where: string;
  readonly region: string;
  readonly isSigned: boolean;
}

function s3Refusal({ status, code, where, region, isSigned }: S3Refusal): DeployError {
  const got = `${status}${code === "" ? "" : ` ${code}`}`;
  const secret =
    "the Secret that model.weights.credentialsSecret names (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY of the Job)";
  if (code === "NoSuchBucket" || status === 404) {
    const meaning = code === "NoSuchBucket" ? "There is no such bucket" : "There is no such object";
    return refusedBySource({ where, got, meaning, hint: "Check the URL and the endpoint." });
  }
  if (status === 301 || status === 400) {
    const meaning = `The bucket is not served in region "${region}" at this endpoint`;
    return refusedBySource({ where, got, meaning, hint: "Set the bucket's own region and endpoint." });
  }
  const meaning = isSigned ? "The keys are not valid or may not read this" : "It may not be read without keys";
  const hint = `Put keys that may list the bucket and get its objects into ${secret}.`;
  return refusedBySource({ where, got, meaning, hint });
}
