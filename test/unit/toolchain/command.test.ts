import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, describe, expect, test } from "vitest";
import { parseArguments } from "../../../scripts/toolchain.d/arguments.ts";
import { table } from "../../../scripts/toolchain.d/progress.ts";
import { realNodeTools } from "../../../scripts/toolchain.d/real-node-tools.ts";
import { nodeVersion, oldestNode, tools } from "../../../scripts/toolchain.d/tools.ts";

const root = join(import.meta.dirname, "../../..");

test("the closing table has a row a tool and aligned columns", () => {
  const rows = [
    { name: "node", version: "24.21.0", source: "PATH", duration: 0 },
    { name: "pulumi", version: "3.259.0", source: "Go module", duration: 138_240 },
    { name: "pulumi-language-nodejs", version: "3.68.0", source: "Go module", duration: undefined },
  ];
  expect(table(rows)).toMatchInlineSnapshot(`
    "tool                    version  source     seconds
    node                    24.21.0  PATH           0.0
    pulumi                  3.259.0  Go module    138.2
    pulumi-language-nodejs  3.68.0   Go module        -"
  `);
});

describe("the command line", () => {
  test.each([
    ["nothing", [], { action: "bring", npm: true, names: tools.map((tool) => tool.name) }],
    ["some tools", ["--only", "etcd,kwok", "--no-npm"], { action: "bring", npm: false, names: ["etcd", "kwok"] }],
    [
      "a companion, which brings its tool",
      ["--only=pulumi-language-nodejs"],
      { action: "bring", npm: true, names: ["pulumi"] },
    ],
    ["a tool of real nodes", ["--only=buildctl"], { action: "bring", npm: true, names: ["buildkitd"] }],
    [
      "what real nodes need too",
      ["--real-node"],
      { action: "bring", npm: true, names: [...tools, ...realNodeTools].map((tool) => tool.name) },
    ],
    ["a list", ["--list"], { action: "list", npm: true, names: tools.map((tool) => tool.name) }],
  ])("asks for %s", (_name, args, expected) => {
    const { action, npm, tools: wanted } = parseArguments(args);
    expect({ action, npm, names: wanted.map((tool) => tool.name) }).toEqual(expected);
  });

  test.each([
    ["an unknown option", ["--fast"], "Unknown option '--fast'"],
    [
      "some tools and all of a kind at once",
      ["--only=etcd", "--real-node"],
      "--only excludes --real-node and --groups.",
    ],
    ["an unknown tool", ["--only", "etcd,minikube"], 'no tool is called "minikube"'],
  ])("refuses %s", (_name, args, text) => {
    expect(() => parseArguments(args)).toThrow(text);
  });
});

describe("before Node is there", () => {
  let bin: string;
  let cache: string;
  beforeEach(() => {
    const home = mkdtempSync(join(tmpdir(), "keye-bare-"));
    bin = join(home, "bin");
    cache = join(home, "cache");
    mkdirSync(bin);
    for (const name of ["bash", "readlink", "dirname", "sed", "sort", "head", "mkdir", "rm", "uname"]) {
      const folder = (process.env.PATH ?? "").split(":").find((each) => existsSync(join(each, name)));
      symlinkSync(join(folder ?? "/usr/bin", name), join(bin, name));
    }
    return () => rmSync(home, { recursive: true });
  });

  /** A Node that answers the bootstrap's question with `version`, and tells what else it is asked to run. */
  function fakeNode(version: string): void {
    const script = `#!${join(bin, "bash")}\nif [[ "$1" == -p ]]; then echo ${version}; else echo "ran $*"; fi\n`;
    writeFileSync(join(bin, "node"), script);
    chmodSync(join(bin, "node"), 0o755);
  }

  function runCommand(...args: string[]) {
    const env = { PATH: bin, HOME: cache, KEYE_TOOLCHAIN_CACHE: cache };
    return promisify(execFile)(join(bin, "bash"), [join(root, "scripts/toolchain"), ...args], { env });
  }

  test("a Node on PATH that fits is used", async () => {
    fakeNode(oldestNode);
    const { stdout } = await runCommand("--list");
    expect(stdout).toBe(`ran ${root}/scripts/toolchain.d/main.ts --list\n`);
  });

  test.each([
    ["that is too old", "22.18.0"],
    ["that does not run TypeScript", "0"],
  ])("with only a Node %s, and no curl and no npm, one error says what to install", async (_name, version) => {
    fakeNode(version);
    await expect(runCommand()).rejects.toMatchObject({
      code: 4,
      stderr: `ENV_TOOL: node: none on PATH is ${oldestNode} or later, and neither nodejs.org nor an npm registry gave Node ${nodeVersion}. Install Node ${oldestNode} or later, then run ./scripts/toolchain again.\n`,
    });
    expect(readdirSync(join(cache, "partial"))).toEqual([]);
  });

  test("the oldest Node is the one that package.json asks for", () => {
    const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { engines: { node: string } };
    expect(`${engines.node}.0`).toBe(`>=${oldestNode}`);
  });
});
