import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findStale, type Generator, writeGenerated } from "../../../scripts/generator.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "generator-"));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

function generator(text: string): Generator {
  return { name: "greeting", path: "docs/greeting.md", text: () => text };
}

test("a generated file that is absent is stale, and looking for it writes nothing", async () => {
  expect(await findStale([generator("hello\n")], root)).toHaveLength(1);
  expect(await readdir(root)).toEqual([]);
});

test("a generated file is fresh after it was written, and stale once its generator gives something else", async () => {
  await writeGenerated([generator("hello\n")], root);
  expect(await readFile(join(root, "docs/greeting.md"), "utf8")).toBe("hello\n");
  expect(await findStale([generator("hello\n")], root)).toEqual([]);
  expect((await findStale([generator("good day\n")], root)).map(({ path }) => path)).toEqual(["docs/greeting.md"]);
});
