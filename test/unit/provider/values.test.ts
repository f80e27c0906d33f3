import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../infra/rehearsal/provider/json.ts";
import {
  hasAssets,
  hasUnknowns,
  plain,
  protectLike,
  secret,
  unknownText,
} from "../../../infra/rehearsal/provider/values.ts";

const asset = { "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", text: "a" };

describe("property values", () => {
  test("the API server sees secrets opened and nulls left out", () => {
    const value = { a: secret({ b: secret("hush"), c: null }), d: [null, { e: null, f: 1 }], g: null };
    expect(plain(value)).toEqual({ a: { b: "hush" }, d: [{ f: 1 }] });
  });

  test.each([
    { name: "an unknown", value: unknownText, is: true },
    {
      name: "an unknown number deep in a secret",
      value: [secret({ a: "3eeb2bf0-c639-47a8-9e75-3b44932eb421" })],
      is: true,
    },
    { name: "a text that only contains the mark", value: `x${unknownText}`, is: false },
    { name: "a known object", value: { a: 1 }, is: false },
  ])("$name is told apart", ({ value, is }) => {
    expect(hasUnknowns(value)).toBe(is);
  });

  test("a file inside a list is found", () => {
    expect(hasAssets({ data: [asset] })).toBe(true);
    expect(hasAssets({ data: ["text"] })).toBe(false);
  });
});

describe("secrets", () => {
  const cases: readonly { name: string; value: JsonObject; like: JsonObject; protectedAs: JsonObject }[] = [
    {
      name: "a secret field makes the same field secret, and not its neighbour",
      value: { spec: { a: 1, b: 2 } },
      like: { spec: { a: secret(0), b: 0 } },
      protectedAs: { spec: { a: secret(1), b: 2 } },
    },
    {
      name: "a secret inside a list makes the whole list secret",
      value: { env: [{ value: "x" }, { value: "y" }] },
      like: { env: [{ value: "x" }, { value: secret("y") }] },
      protectedAs: { env: secret([{ value: "x" }, { value: "y" }]) },
    },
    {
      name: "a field that is secret as a whole stays secret as a whole",
      value: { spec: { a: 1 } },
      like: { spec: secret({ a: 1 }) },
      protectedAs: { spec: secret({ a: 1 }) },
    },
    {
      name: "data and stringData of a Kubernetes Secret are secret though nothing says so",
      value: { apiVersion: "v1", kind: "Secret", data: { a: "aA==" }, stringData: { a: "h" } },
      like: {},
      protectedAs: { apiVersion: "v1", kind: "Secret", data: secret({ a: "aA==" }), stringData: secret({ a: "h" }) },
    },
    {
      name: "what is secret already is left as it is",
      value: { a: secret("b") },
      like: { a: { value: secret("c") } },
      protectedAs: { a: secret("b") },
    },
    {
      name: "data of another kind is not",
      value: { apiVersion: "v1", kind: "ConfigMap", data: { a: "b" } },
      like: {},
      protectedAs: { apiVersion: "v1", kind: "ConfigMap", data: { a: "b" } },
    },
  ];

  test.each(cases)("$name", ({ value, like, protectedAs }) => {
    expect(protectLike(value, like)).toEqual(protectedAs);
  });
});
