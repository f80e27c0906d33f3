import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeFolder } from "../../../infra/cli/make-folder.ts";

const root = mkdtempSync(join(tmpdir(), "keye-folder-"));

afterAll(() => rmSync(root, { recursive: true, force: true }));

test("folders above that are missing are made too, and one that is there is no fault", () => {
  const dir = join(root, "a/b/c");
  makeFolder(dir);
  makeFolder(dir);
  expect(existsSync(dir)).toBe(true);
});

test.runIf(existsSync("/proc/self"))("a file system that takes no folders is told at once", () => {
  expect(() => makeFolder("/proc/x/y")).toThrow(/^ENV_READ_ONLY: \/proc\/x\/y: The folder could not be made: ENOENT/);
});

test("a file in the way is told", () => {
  writeFileSync(join(root, "file"), "");
  expect(() => makeFolder(join(root, "file/below"))).toThrow(/ENV_READ_ONLY: .*ENOTDIR/);
});
