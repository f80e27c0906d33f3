import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readTextIfThere, writeWhole } from "../../../infra/process/text-file.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "text-file-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a text is written, read and replaced, and leaves nothing beside it", () => {
  const file = join(folder, "a.yaml");
  expect(readTextIfThere(file)).toBeUndefined();
  writeWhole(file, "one\n");
  writeWhole(file, "two\n");
  expect(readTextIfThere(file)).toBe("two\n");
  expect(readdirSync(folder)).toEqual(["a.yaml"]);
});

test("what cannot be read is not taken for a missing file", () => {
  expect(() => readTextIfThere(folder)).toThrow(
    expect.objectContaining({ code: "CONFIG_FILE", message: expect.stringMatching(/It could not be read: EISDIR/) }),
  );
});

test("what cannot be replaced stays as it is", () => {
  const file = join(folder, "a.yaml");
  mkdirSync(file);
  writeFileSync(join(file, "inside"), "kept");
  expect(() => writeWhole(file, "text")).toThrow(expect.objectContaining({ code: "ENV_READ_ONLY" }));
  expect(readdirSync(folder)).toEqual(["a.yaml"]);
  expect(readFileSync(join(file, "inside"), "utf8")).toBe("kept");
});
