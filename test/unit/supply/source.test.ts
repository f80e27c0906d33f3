import { expect, test } from "vitest";
import { parseSource, sourceText } from "../../../infra/supply/hub/source.ts";

test.each([
  ["huggingface:Kwai-Keye/Keye-VL-2.0-30B-A3B", { kind: "huggingface", repo: "Kwai-Keye/Keye-VL-2.0-30B-A3B" }],
  ["modelscope:owner/model", { kind: "modelscope", repo: "owner/model" }],
  ["s3://bucket/some/prefix", { kind: "s3", bucket: "bucket", prefix: "some/prefix" }],
  ["s3://bucket", { kind: "s3", bucket: "bucket", prefix: "" }],
  ["https://files.example/weights", { kind: "http", url: "https://files.example/weights" }],
] as const)("%s is read and written back", (text, source) => {
  expect(parseSource(text)).toEqual(source);
  expect(sourceText(source)).toBe(text);
});

test("a slash at the end makes no other source", () => {
  expect(sourceText(parseSource("s3://bucket/prefix/"))).toBe("s3://bucket/prefix");
  expect(sourceText(parseSource("https://files.example/weights/"))).toBe("https://files.example/weights");
});

test.each([
  ["huggingface:model", '"model" is no repository: wanted OWNER/NAME.'],
  ["huggingface:../etc", '"../etc" is no repository'],
  ["Kwai-Keye/Keye", "It is no source."],
  ["ftp://host/folder", "It is no source."],
  ["s3:///prefix", "It names no bucket."],
])("%s is refused", (text, message) => {
  expect(() => parseSource(text)).toThrow(message);
});

test("a password in a URL is refused and not repeated", () => {
  const refuse = () => parseSource("https://user:planted@files.example/weights?key=planted");
  expect(refuse).toThrow('source "https://files.example/weights": A source has no user, password, query or fragment.');
  expect(refuse).not.toThrow("planted");
});
