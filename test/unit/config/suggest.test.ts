import { describe, expect, test } from "vitest";
import { editDistance, nearest } from "../../../infra/config/suggest.ts";

describe("the edits between two texts", () => {
  test.each([
    ["", "", 0],
    ["tpSize", "tpSize", 0],
    ["", "abc", 3],
    ["tpSzie", "tpSize", 1],
    ["digset", "digest", 1],
    ["prefil", "prefill", 1],
    ["kitten", "sitting", 3],
  ])("from %j to %j are %d", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

describe("what was meant", () => {
  const names = ["tpSize", "port", "apiKeySecret", "memFractionStatic", "replicas"];

  test.each([
    ["tp_size", "tpSize"],
    ["TP-SIZE", "tpSize"],
    ["replica", "replicas"],
    ["prot", "port"],
    ["memFraction", "memFractionStatic"],
  ])("by %s is %s", (text, meant) => {
    expect(nearest(text, names)).toBe(meant);
  });

  test.each(["gpus", "x", "", "po", "a".repeat(1000)])("by %s is nothing that exists", (text) => {
    expect(nearest(text, names)).toBeUndefined();
  });

  test("by a beginning that two names share is not guessed", () => {
    expect(nearest("image", ["imageTagOfEngine", "imageTagOfProber"])).toBeUndefined();
  });
});
