import { expect, test } from "vitest";
import { jsonFault } from "../../../infra/core/errors.ts";

test.each([
  ["root:x:0:0:root", "it is no JSON"],
  ['{\n  "a": 1,,\n}', "it is no JSON (line 2 column 10)"],
])("%j is told without what stands in it", (text, told) => {
  const parse = () => {
    try {
      return JSON.parse(text);
    } catch (error) {
      return jsonFault(error);
    }
  };
  expect(parse()).toBe(told);
});

test("another fault keeps its words", () => {
  expect(jsonFault(new Error("ENOENT: no such file."))).toBe("ENOENT: no such file");
});
