import { describe, expect, test } from "vitest";
import { commitOf, parseGitRefs } from "../../../infra/supply/hub/git-refs.ts";
import { checkedRevision, parseListing } from "../../../infra/supply/hub/listing.ts";
import { parseS3Page, s3ErrorCode } from "../../../infra/supply/hub/s3-listing.ts";

const sum = "a".repeat(64);
const where = "https://files.example/weights";

describe("SHA256SUMS", () => {
  test("is read as sha256sum writes it, in text and binary mode, on any system", () => {
    expect(parseListing("SHA256SUMS", `${sum}  ./a b.json\n${sum.toUpperCase()} *sub/c.bin\r\n\n`, where)).toEqual([
      { path: "a b.json", sha256: sum },
      { path: "sub/c.bin", sha256: sum },
    ]);
  });

  test.each([
    ["", "it lists no files"],
    ["<html>", 'the line "<html>"'],
    [`${sum}  /etc/passwd`, "lies outside of a folder"],
    [`${sum}  a/../../b`, "lies outside of a folder"],
    [`${sum}  a\\b`, "lies outside of a folder"],
  ])("that says %j is refused", (text, message) => {
    expect(() => parseListing("SHA256SUMS", text, where)).toThrow(message);
  });
});

describe("a manifest", () => {
  test("is read by its files alone", () => {
    const text = JSON.stringify({ kind: "any", files: [{ path: "a", bytes: 3, sha256: sum, more: 1 }] });
    expect(parseListing("manifest.json", text, where)).toEqual([{ path: "a", bytes: 3, sha256: sum }]);
  });

  test.each([
    ["{}", "no `files`"],
    ["[", "it is no JSON"],
    ['{"files": [{"path": "a", "bytes": -1, "sha256": ""}]}', "a file without path, bytes or sha256"],
  ])("that says %s is refused", (text, message) => {
    expect(() => parseListing("manifest.json", text, where)).toThrow(message);
  });
});

test("a revision pins a listing only if it is a sum", () => {
  expect(checkedRevision("latest", sum, where)).toBe(sum);
  expect(checkedRevision(sum, sum, where)).toBe(sum);
  expect(() => checkedRevision("b".repeat(64), sum, where)).toThrow("Its files are not those of revision bbbb");
});

describe("a list of objects", () => {
  test("is read with coded keys and the token of the next page", () => {
    const xml = `<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
      <Contents><Key>a%2Fb+c%2B.bin</Key><Size>12</Size><ETag>&quot;e-2&quot;</ETag></Contents>
      <NextContinuationToken>x&amp;y</NextContinuationToken></ListBucketResult>`;
    expect(parseS3Page(xml)).toEqual({ objects: [{ key: "a/b c+.bin", bytes: 12, etag: '"e-2"' }], next: "x&y" });
  });

  test("of a store that does not code keys is read as it is", () => {
    const xml = "<ListBucketResult><Contents><Key>a+b&amp;c%2F</Key><Size>1</Size></Contents></ListBucketResult>";
    expect(parseS3Page(xml)).toEqual({ objects: [{ key: "a+b&c%2F", bytes: 1, etag: "" }] });
  });

  test("is none where something else answers", () => {
    expect(parseS3Page("<html></html>")).toBeUndefined();
    expect(s3ErrorCode("<Error><Code>NoSuchBucket</Code></Error>")).toBe("NoSuchBucket");
    expect(s3ErrorCode("<Code>a token</Code>")).toBe("");
  });
});

describe("git's list of references", () => {
  const [one, two, three] = ["1", "2", "3"].map((digit) => digit.repeat(40));
  const packet = (text: string) => (text.length + 4).toString(16).padStart(4, "0") + text;
  const refs = parseGitRefs(
    [
      packet("# service=git-upload-pack\n"),
      "0000",
      packet(`${one} HEAD\0symref=HEAD:refs/heads/master\n`),
      packet(`${one} refs/heads/master\n`),
      packet(`${two} refs/tags/v1\n`),
      packet(`${three} refs/tags/v1^{}\n`),
      packet(`${two} refs/tags/master\n`),
      "0000",
    ].join(""),
  );

  test.each([
    ["master", one],
    ["v1", three],
    ["HEAD", undefined],
    ["gone", undefined],
  ])("knows what %s is: a branch before a tag, a tag by what it points to", (name, commit) => {
    expect(commitOf(refs ?? new Map(), name)).toBe(commit);
  });

  test.each(["", "<html>", "001e# service=git-receive-pack\n"])("is none: %j", (text) => {
    expect(parseGitRefs(text)).toBeUndefined();
  });
});
