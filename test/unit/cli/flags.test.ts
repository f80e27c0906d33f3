import { describe, expect, test } from "vitest";
import { parseFlags } from "../../../infra/cli/flags.ts";

const options = {
  name: { type: "string" },
  json: { type: "boolean" },
  report: { type: "string", multiple: true },
} as const;
const parse =
  (...args: readonly string[]) =>
  () =>
    parseFlags("probe", args, options);

describe("flags", () => {
  test("are read in both forms, several times only where several values have room", () => {
    const { values, positionals } = parse("a", "--name=x", "--report", "1", "--report=2", "--json")();
    expect({ values: { ...values }, positionals }).toEqual({
      values: { name: "x", report: ["1", "2"], json: true },
      positionals: ["a"],
    });
  });

  test.each([
    { args: ["--nam", "x"], says: "unknown option --nam (did you mean --name?)." },
    { args: ["--name"], says: "Option '--name <value>' argument missing." },
    { args: ["--name=a", "--json", "--name", "b", "--json"], says: "--name, --json: given more than once." },
  ])("$args are refused", ({ args, says }) => {
    expect(parse(...args)).toThrow(`CONFIG_USAGE: keye probe: ${says} See keye probe --help.`);
  });
});
