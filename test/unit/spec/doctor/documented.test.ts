import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { findingIds } from "../../../../infra/spec/doctor/finding.ts";

test("docs/doctor.md lists every finding with its class", () => {
  const text = readFileSync(resolve(import.meta.dirname, "../../../../docs/doctor.md"), "utf8");
  const rows = [...text.matchAll(/^\| `([a-z-]+)` \| ([a-z]+) \| /gm)].map(([, id, kind]) => [id, kind]);
  expect(rows).toEqual(Object.entries(findingIds));
});
