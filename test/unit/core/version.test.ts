import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { version } from "../../../infra/core/version.ts";

const root = resolve(import.meta.dirname, "../../..");

test("package and chart have the version that the command tells", () => {
  const read = (file: string) => parse(readFileSync(resolve(root, file), "utf8")).version;
  expect([read("package.json"), read("charts/keye-sglang/Chart.yaml")]).toEqual([version, version]);
});
