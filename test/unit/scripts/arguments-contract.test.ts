import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { readContract } from "../../../infra/config/contracts/read-contract.ts";
import { keyeContract } from "../../../infra/config/contracts/shipped.ts";
import { makeContract } from "../../../scripts/arguments-contract/make-contract.ts";
import { readServerArgs } from "../../../scripts/arguments-contract/read-server-args.ts";

const fixtures = resolve(import.meta.dirname, "../../fixtures/server-args");

function fileOf(form: "classic" | "annotated"): string {
  return join(fixtures, form, "sglang/srt/server_args.py");
}

// All at once, since most of the time Python starts.
const [classic, annotated, nowhere, another] = await Promise.allSettled([
  readServerArgs(fileOf("classic")),
  readServerArgs(fileOf("annotated")),
  readServerArgs(join(fixtures, "nowhere.py")),
  readServerArgs(join(fixtures, "classic/sglang/srt/parser/made_up_parser.py")),
]);
const hasPython = classic.status === "fulfilled" || !String(classic.reason).includes("is not on PATH");

function fulfilled<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === "rejected") throw settled.reason;
  return settled.value;
}

describe.skipIf(!hasPython)("a server_args.py, which needs python3 to be read,", () => {
  test("with a dataclass and add_argument gives every argument that can be told without running it", () => {
    const { flags, unread } = fulfilled(classic);
    expect(flags).toEqual([
      { names: ["--model-path", "--model"], dest: "model_path", type: "str", isRequired: true },
      { names: ["--port"], dest: "port", type: "int", default: 30_000 },
      { names: ["--tensor-size", "--tp-size"], dest: "tp_size", type: "int", default: 1 },
      { names: ["--fraction"], dest: "fraction", type: "float", default: null },
      { names: ["--context"], dest: "context", type: "humanInt", default: null },
      { names: ["--format"], dest: "format", type: "str", choices: ["auto", "plain", "fancy"], default: "auto" },
      { names: ["--reserve"], dest: "reserve", type: "int", default: 10_000 },
      { names: ["--offset"], dest: "offset", type: "int", default: -1 },
      { names: ["--level"], dest: "level", type: "str", choices: ["high", "low"] },
      { names: ["--depth"], dest: "depth", type: "int", choices: ["1", "2"] },
      { names: ["--parser"], dest: "parser", type: "str", choices: ["auto", "first", "second"] },
      { names: ["--far"], dest: "far", type: "str" },
      { names: ["--urls"], dest: "urls", type: "str", nargs: "+", default: [] },
      { names: ["--prefixes"], dest: "prefixes", type: "str", nargs: "*", default: ["/health"] },
      { names: ["--checksum"], dest: "checksum", type: "str", nargs: "?", default: null },
      { names: ["--pair"], dest: "pair", type: "any" },
      { names: ["--limits"], dest: "limits", type: "json" },
      { names: ["--size"], dest: "size", type: "any" },
      { names: ["--verbose"], dest: "verbose", type: "flag", default: false },
      { names: ["--strict", "--no-strict"], dest: "strict", type: "switch", default: false },
      { names: ["--adapters"], dest: "adapters", type: "str", nargs: "*" },
      {
        names: ["--old-ratio"],
        dest: "old_ratio",
        type: "flag",
        default: false,
        deprecated: "Note: use --fraction.",
        effect: "none",
      },
      { names: ["--old-streaming"], dest: "streaming", type: "flag", default: false, deprecated: "Use --streaming." },
      { names: ["--streaming"], dest: "streaming", type: "flag", default: false },
      {
        names: ["--leaving"],
        dest: "leaving",
        type: "flag",
        default: false,
        deprecated: "[Deprecated] Use --verbose.",
      },
    ]);
    expect(unread).toEqual([
      {
        flag: "--far",
        what: "choices",
        reason: "FAR_CHOICES comes from sglang.srt.somewhere.else_entirely, which is not beside the file",
      },
      { flag: "--pair", what: "nargs", reason: "2" },
      { flag: "--size", what: "type", reason: "parse_size" },
      { flag: null, what: "flag", reason: "line 66: f'--{name_of_the_day()}'" },
    ]);
  });

  test("with annotated fields gives what SGLang makes of their types", () => {
    const { flags, unread } = fulfilled(annotated);
    expect(flags).toEqual([
      { names: ["--model", "--model-path"], dest: "model", type: "str", isRequired: true },
      { names: ["--port"], dest: "port", type: "int", default: 30_000 },
      { names: ["--tensor-size", "--tp-size"], dest: "tp_size", type: "int", default: 1 },
      { names: ["--context"], dest: "context", type: "humanInt", default: null },
      { names: ["--ratio"], dest: "ratio", type: "float", default: null },
      { names: ["--verbose"], dest: "verbose", type: "flag", default: false },
      { names: ["--mode"], dest: "mode", type: "str", choices: ["null", "fast"], default: "null" },
      { names: ["--backend"], dest: "backend", type: "str", choices: ["near", "far"], default: null },
      { names: ["--kind"], dest: "kind", type: "str", choices: ["one", "two"], default: "one" },
      { names: ["--urls"], dest: "urls", type: "str", nargs: "+", default: [] },
      { names: ["--sizes"], dest: "sizes", type: "int", nargs: "*", default: null },
      { names: ["--parser"], dest: "parser", type: "str", choices: ["auto", "first", "second"], default: null },
      { names: ["--gone"], dest: "gone", type: "flag", default: false, deprecated: "Use --model.", effect: "stops" },
    ]);
    expect(unread).toEqual([]);
  });

  test("gives a contract that can be used, with those rules that fit it", () => {
    const [fits, lost] = [
      { name: "fits", flag: "--port", accepts: { kind: "nothing" }, message: "is ours", hint: "Remove it." },
      {
        name: "lost",
        flag: "--port",
        when: [{ kind: "argument", flag: "--gone" }],
        accepts: { kind: "nothing" },
        message: "x",
        hint: "x",
      },
    ] as const;
    const made = makeContract(fulfilled(classic), { name: "classic", source: "a fixture", rules: [fits, lost] });
    expect(made.contract.rules).toEqual([fits]);
    expect(made.leftOut).toEqual([lost]);
    expect(readContract(JSON.stringify(made.contract)).kind).toBe("contract");
  });

  test("is missed where there is none, and told from other files", () => {
    expect(nowhere).toMatchObject({ reason: { message: expect.stringMatching(/nowhere\.py: .*No such file/) } });
    expect(another).toMatchObject({ reason: { message: expect.stringContaining("no class ServerArgs in it") } });
  });
});

test("a machine without Python is told what is needed", async () => {
  await expect(readServerArgs(fileOf("classic"), "no-such-python")).rejects.toThrow(
    "python3 is not on PATH; Python 3.9 or later reads the file.",
  );
});

test("all rules of the Keye branch fit its own arguments", () => {
  expect(makeContract({ flags: keyeContract.flags, unread: [] }, keyeContract).leftOut).toEqual([]);
});
