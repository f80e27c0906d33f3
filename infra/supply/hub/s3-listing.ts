import type { Bytes } from "../../core/units.ts";

/** One object of a bucket. */
export interface S3Object {
  readonly key: string;
  readonly bytes: Bytes;
  readonly etag: string;
}

/** One page of a listing. */
export interface S3Page {
  readonly objects: readonly S3Object[];
  /** Token of the next page; absent on the last one. */
  readonly next?: string;
}

/**
 * Reads what ListObjectsV2 answers (`list-type=2&encoding-type=url`): `Contents` of `Key`, `Size`, `ETag`, and
 * `NextContinuationToken` while `IsTruncated`. Undefined for anything else.
 * @see Amazon S3 API Reference, ListObjectsV2 (2006-03-01)
 */
export function parseS3Page(xml: string): S3Page | undefined {
  if (!xml.includes("<ListBucketResult")) return undefined;
  // Stores that do not know `encoding-type` do not repeat it, and send keys as XML.
  const isEncoded = textIn(xml, "EncodingType") === "url";
  const objects = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, entry = ""]) => {
    const key = textIn(entry, "Key") ?? "";
    return {
      key: isEncoded ? decodeURIComponent(key.replaceAll("+", " ")) : key,
      bytes: Number(textIn(entry, "Size")),
      etag: textIn(entry, "ETag") ?? "",
    };
  });
  const next = textIn(xml, "IsTruncated") === "true" ? textIn(xml, "NextContinuationToken") : undefined;
  return next === undefined ? { objects } : { objects, next };
}

/** `Code` of an error's body, such as `NoSuchBucket`; empty where it has none. */
export function s3ErrorCode(xml: string): string {
  const code = textIn(xml, "Code") ?? "";
  return /^\w+$/.test(code) ? code : "";
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  "#34": '"',
  "#39": "'",
};

function textIn(xml: string, element: string): string | undefined {
  const [, text] = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml) ?? [];
  return text?.replace(/&(#?\w+);/g, (whole, name: string) => entities[name] ?? whole);
}
