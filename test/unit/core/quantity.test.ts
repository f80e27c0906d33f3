import { describe, expect, test } from "vitest";
import { parseQuantity } from "../../../infra/core/quantity.ts";

describe("a Kubernetes quantity", () => {
  test.each([
    ["192Gi", 206_158_430_208],
    ["1.5Ki", 1536],
    ["500m", 0.5],
    ["16", 16],
    ["0.5", 0.5],
    [".5", 0.5],
    ["5.", 5],
    ["-1", -1],
    ["128974848", 128_974_848],
    ["129M", 129_000_000],
    ["12e6", 12_000_000],
    ["1E", 1e18],
    ["1E3", 1000],
    ["1e-3", 0.001],
    ["100u", 0.0001],
  ])("%s is %d in its base unit", (text, value) => {
    expect(parseQuantity(text)).toBeCloseTo(value, 9);
  });

  test.each([
    "",
    " 1",
    "1 Gi",
    "192GB",
    "192gi",
    "1K",
    "Gi",
    "1e",
    "0x10",
    "1.2.3",
    "one",
    "Infinity",
    "1e3Ki",
    "1e999",
  ])("%j is none, as for the API server", (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });
});
