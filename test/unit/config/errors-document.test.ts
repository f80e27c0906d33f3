import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");

function codesIn(file: string, pattern: RegExp): string[] {
  return [...readFileSync(resolve(root, file), "utf8").matchAll(pattern)].map((match) => match[1] ?? "");
}

test("docs/errors.md has one row for every error code, and no other", () => {
  const documented = codesIn("docs/errors.md", /^\| `([A-Z_]+)` \|/gm);
  const declared = codesIn("infra/core/errors.ts", /^ {2}\| "([A-Z_]+)"/gm);
  expect(documented.toSorted()).toEqual(declared.toSorted());
});
