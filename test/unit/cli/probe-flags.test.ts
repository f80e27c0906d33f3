import { describe, expect, test } from "vitest";
import { parseProbeFlags } from "../../../infra/cli/probe-flags.ts";

const url = ["--base-url", "http://127.0.0.1:8000"];

test("a base URL alone gives the smoke profile with nothing to compare", () => {
  expect(parseProbeFlags(url)).toEqual({
    aim: { kind: "url", baseUrl: "http://127.0.0.1:8000" },
    spec: { profile: "smoke", expectation: {} },
    deadlineSeconds: 120,
    reports: [],
    suite: undefined,
    baseline: undefined,
    record: undefined,
    choice: { only: [], exclude: [] },
    failOn: "critical",
    seed: undefined,
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

test("only a soak may be told that the engine is thrown away", () => {
  expect(parseProbeFlags([...url, "--profile=soak", "--disposable"]).spec.isDisposable).toBe(true);
  expect(parseProbeFlags([...url, "--profile=soak"]).spec).not.toHaveProperty("isDisposable");
  for (const profile of ["smoke", "gate"]) {
    expect(() => parseProbeFlags([...url, `--profile=${profile}`, "--disposable"])).toThrow(
      `--disposable: only profile soak may ruin an engine, and this run's is ${profile}.`,
    );
  }
});

test("reports, choice, severity and seed are read; a file's name may hold an equals sign", () => {
  const args = [
    "--report=junit=out.xml",
    "--report",
    "html=a=b.html",
    "--only",
    "text",
    "--fail-on=warning",
    "--seed=7",
  ];
  expect(parseProbeFlags([...url, ...args])).toMatchObject({
    reports: [
      { format: "junit", file: "out.xml" },
      { format: "html", file: "a=b.html" },
    ],
    choice: { only: ["text"], exclude: [] },
    failOn: "warning",
    seed: 7,
  });
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
    [
      "a URL with the API's own path",
      ["--base-url", "http://h/v1/"],
      'wanted the URL without its /v1, got "http://h/v1/"',
    ],
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
    [
      "an unknown report",
      [...url, "--report", "jnit=x"],
      '--report: wanted FORMAT=FILE with FORMAT one of json, junit, markdown, html, prometheus, termination; got "jnit=x". Did you mean junit?',
    ],
    ["a report without a file", [...url, "--report", "html="], 'got "html="'],
    [
      "two reports in one file",
      [...url, "--report", "html=x", "--report", "json=./x"],
      "--report: two reports would go into ",
    ],
    ["an unknown severity", [...url, "--fail-on", "info"], '--fail-on: wanted critical or warning, got "info"'],
    ["a seed that is none", [...url, "--seed", "x"], '--seed: wanted a whole number from 0 to 4294967295, got "x"'],
    ["a spec that is not there", [...url, "--spec", "/nonexistent/spec.json"], "CONFIG_FILE: /nonexistent/spec.json"],
    ["a stray word", [...url, "now"], 'unexpected argument "now"'],
  ])("%s", (_name, args, message) => {
    expect(() => parseProbeFlags(args)).toThrow(message);
  });

  test("a password in the URL is not repeated in the message", () => {
    expect(() => parseProbeFlags(["--base-url", "http://u:secret@h"])).toThrow(/^(?!.*secret)/);
  });
});

describe("a Service", () => {
  test("alone is asked by port-forward, four pods at once, without waiting", () => {
    expect(parseProbeFlags(["--service", "keye-candidate"]).aim).toEqual({
      kind: "service",
      service: "keye-candidate",
      namespace: undefined,
      context: undefined,
      kubeconfig: undefined,
      transport: "port-forward",
      pods: 1,
      waitSeconds: 0,
      parallel: 4,
    });
  });

  test("is described by flags of its own", () => {
    const text =
      "--service=keye --namespace=prod --context=gpu --kubeconfig=/k --transport=in-cluster --pods=3 --wait=60 --parallel=2";
    expect(parseProbeFlags(text.split(" ")).aim).toEqual({
      kind: "service",
      service: "keye",
      namespace: "prod",
      context: "gpu",
      kubeconfig: "/k",
      transport: "in-cluster",
      pods: 3,
      waitSeconds: 60,
      parallel: 2,
    });
  });

  test.each([
    {
      args: [...url, "--service=keye"],
      said: "--base-url asks one URL, --service every pod of a Service: give one of them.",
    },
    { args: [...url, "--namespace=keye"], said: "--namespace goes with --service." },
    { args: [], said: "--base-url is missing, such as --base-url http://127.0.0.1:8000; or --service NAME" },
    { args: ["--service=Keye"], said: '--service: wanted a Kubernetes name, got "Keye".' },
    { args: ["--service=keye", "--transport=proxy"], said: "--transport: wanted port-forward or in-cluster, got" },
    { args: ["--service=keye", "--parallel=0"], said: "--parallel: wanted a whole number from 1 to 64" },
    { args: ["--service=keye", "--record=b.json"], said: "--record keeps the answers of one engine" },
  ])("$args is refused: $said", ({ args, said }) => {
    const refused = () => parseProbeFlags(args);
    expect(refused).toThrow(said);
    expect(refused).toThrow("CONFIG_USAGE");
  });
});
