import { describe, expect, test } from "vitest";
import type { ArgumentsContract } from "../../../../infra/config/contracts/contract.ts";
import { readContract } from "../../../../infra/config/contracts/read-contract.ts";
import { parseConfig, problemLine } from "../../../../infra/config/parse.ts";

/** A small server that has what the stack passes, one name spelled anew, and little more. */
const other: ArgumentsContract = {
  version: 1,
  name: "other",
  source: "made up",
  flags: [
    ...[
      "--model-path",
      "--mem-fraction-static",
      "--host",
      "--port",
      "--served-model-name",
      "--weight-version",
      "--revision",
      "--context-length",
      "--max-running-requests",
      "--api-key",
    ].map((name) => ({ names: [name], dest: name.slice(2), type: "str" }) as const),
    { names: ["--tp-size", "--tensor-size"], dest: "tp_size", type: "int" },
    { names: ["--trust-remote-code"], dest: "trust_remote_code", type: "flag" },
    { names: ["--enable-metrics"], dest: "enable_metrics", type: "flag" },
    { names: ["--fresh"], dest: "fresh", type: "int" },
    { names: ["--retired"], dest: "retired", type: "flag", effect: "stops", deprecated: "Use --fresh." },
    { names: ["--odd"], dest: "odd", type: "any", nargs: "?" },
  ],
  rules: [
    {
      name: "fresh-enough",
      flag: "--fresh",
      accepts: { kind: "range", max: 3 },
      message: "must be at most 3",
      hint: "Use 3.",
    },
  ],
};

function linesFor(engine: object, files: Readonly<Record<string, string>>): readonly string[] {
  const settings = { image: { digest: `sha256:${"0".repeat(64)}` }, engine };
  const parsed = parseConfig(settings, (file) => files[file]);
  return parsed.kind === "ok" ? [] : parsed.problems.map(problemLine);
}

describe("engine.argumentsContract", () => {
  const argumentsContract = "contracts/other.json";
  const files = { [argumentsContract]: JSON.stringify(other) };

  test("names a file, and the arguments are held against that alone", () => {
    const extraArgs = ["--fresh=3", "--odd", "--chunked-prefill-size=1000"];
    expect(linesFor({ argumentsContract, extraArgs }, files)).toEqual([
      "engine.extraArgs[2]: --chunked-prefill-size is no argument of the server. The contract other lists them all; docs/engine-arguments.md says how to use another.",
    ]);
  });

  test("brings its own rules", () => {
    expect(linesFor({ argumentsContract, extraArgs: ["--fresh=4", "--retired"] }, files)).toEqual([
      "engine.extraArgs[1]: --retired makes the server stop. Use --fresh.",
      "engine.extraArgs[0]: --fresh must be at most 3. Use 3.",
    ]);
  });

  test("says by which other names an argument of the stack goes", () => {
    expect(linesFor({ argumentsContract, extraArgs: ["--tensor-size=4"] }, files)).toEqual([
      "engine.extraArgs[0]: --tensor-size is set by the stack. Remove it here. Set engine.tpSize instead.",
    ]);
  });

  test("is refused where the server lacks an argument that the stack passes", () => {
    const old = { ...other, flags: other.flags.filter(({ dest }) => dest !== "weight-version" && dest !== "host") };
    expect(linesFor({ argumentsContract }, { [argumentsContract]: JSON.stringify(old) })).toEqual([
      "engine.argumentsContract: other lacks --host, --weight-version, which the stack passes: its server would refuse to start. Use an image whose server has them.",
    ]);
  });

  test("that cannot be used is told once, and the arguments are not judged", () => {
    expect(linesFor({ argumentsContract, extraArgs: ["--nonsense"] }, { [argumentsContract]: "{" })).toEqual([
      "engine.argumentsContract: contracts/other.json cannot be used: it is no JSON. Make one as docs/engine-arguments.md says, or leave it out for the Keye branch's.",
    ]);
  });

  test("names the shipped contract too", () => {
    expect(linesFor({ argumentsContract: "keye-vl-v2-30b-release", extraArgs: ["--fresh=3"] }, {})).toEqual([
      expect.stringContaining("--fresh is no argument of the server."),
    ]);
  });
});

describe("the text of a contract", () => {
  const [flag] = other.flags;
  const [rule] = other.rules;

  test.each<[name: string, contract: unknown, fault: string]>([
    ["another version", { ...other, version: 2 }, "/version must be equal to constant"],
    ["no flags", { ...other, flags: [] }, "/flags must NOT have fewer than 1 items"],
    [
      "an unknown type",
      { ...other, flags: [{ ...flag, type: "text" }] },
      "/flags/0/type must be equal to one of the allowed values",
    ],
    ["a misspelt key", { ...other, flags: [{ ...flag, choises: [] }] }, "/flags/0 must NOT have additional properties"],
    [
      "a short name",
      { ...other, flags: [{ ...flag, names: ["-h"] }] },
      '/flags/0/names/0 must match pattern "^--[A-Za-z0-9][A-Za-z0-9_-]*$"',
    ],
    ["a name twice", { ...other, flags: [...other.flags, flag] }, "--model-path is in it twice"],
    [
      "a rule about nothing",
      { ...other, rules: [{ ...rule, flag: "--gone" }] },
      "its rule fresh-enough is about --gone, which it does not list",
    ],
    [
      "a rule that goes with nothing",
      { ...other, rules: [{ ...rule, when: [{ kind: "argument", flag: "--gone" }] }] },
      "its rule fresh-enough is about --gone, which it does not list",
    ],
  ])("with %s is refused", (_name, contract, fault) => {
    expect(readContract(JSON.stringify(contract))).toEqual({ kind: "fault", fault });
  });

  test("may name its schema", () => {
    expect(readContract(JSON.stringify({ $schema: "x", ...other })).kind).toBe("contract");
  });
});
