import { describe, expect, test } from "vitest";
import { parseProbeFlags } from "../../../infra/cli/probe-flags.ts";

const url = ["--base-url", "http://127.0.0.1:8000"];

test("a base URL alone gives the smoke profile with nothing to compare", () => {
  expect(parseProbeFlags(url)).toEqual({
    baseUrl: "http://127.0.0.1:8000",
    spec: { profile: "smoke", expectation: {} },
    deadlineSeconds: 120,
    jsonFile: undefined,
    isJson: false,
  });
});

test("expectations are read as text or numbers by their field", () => {
  const flags = parseProbeFlags([
    ...url,
    "--expect",
    "tpSize=2",
    "--expect=weightVersion=0123456789",
    "--profile",
    "gate",
  ]);
  expect(flags.spec).toEqual({ profile: "gate", expectation: { tpSize: 2, weightVersion: "0123456789" } });
  expect(flags.deadlineSeconds).toBe(600);
});

describe("bad input is refused with what was wanted", () => {
  test.each<[string, string[], string]>([
    ["no URL", [], "--base-url is missing"],
    [
      "a URL without a scheme",
      ["--base-url", "localhost:8000"],
      '--base-url: wanted an http or https URL, got "localhost:8000"',
    ],
    ["a URL with a password", ["--base-url", "http://u:secret@h"], "give the API key in KEYE_API_KEY instead"],
    ["a misspelt flag", [...url, "--profil", "gate"], "unknown option --profil (did you mean --profile?)"],
    ["an unknown profile", [...url, "--profile", "quick"], '--profile: wanted smoke, gate or soak, got "quick"'],
    ["no passes", [...url, "--passes", "0"], '--passes: wanted a whole number from 1 to 100, got "0"'],
    [
      "a deadline that is no number",
      [...url, "--deadline", "1m"],
      '--deadline: wanted a whole number from 1 to 86400, got "1m"',
    ],
    ["an unknown field", [...url, "--expect", "tp=2"], 'got "tp=2"'],
    ["a number that is none", [...url, "--expect", "tpSize=two"], '--expect tpSize: wanted a number, got "two"'],
    ["an unknown report", [...url, "--report", "xml=x"], '--report: wanted json=FILE, got "xml=x"'],
    ["a spec that is not there", [...url, "--spec", "/nonexistent/spec.json"], "CONFIG_FILE: /nonexistent/spec.json"],
    ["a stray word", [...url, "now"], 'unexpected argument "now"'],
  ])("%s", (_name, args, message) => {
    expect(() => parseProbeFlags(args)).toThrow(message);
  });

  test("a password in the URL is not repeated in the message", () => {
    expect(() => parseProbeFlags(["--base-url", "http://u:secret@h"])).toThrow(/^(?!.*secret)/);
  });
});
