import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { render } from "../../infra/cli/render.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "render-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(...args: readonly string[]) {
  const said: string[] = [];
  const world = {
    out: (text: string) => said.push(`out: ${text}`),
    err: (text: string) => said.push(`err: ${text}`),
    env: {},
    signal: new AbortController().signal,
  };
  return { exitCode: await render.run(args, world), said };
}

function bytes(dir: string): readonly string[] {
  return readdirSync(dir)
    .sort()
    .map((name) => `${name}\n${readFileSync(join(dir, name), "utf8")}`);
}

test("the default stack is written, and a second run changes no byte", async () => {
  const dir = join(folder, "deploy");
  const { exitCode, said } = await run("--to", dir);
  expect(exitCode).toBe(0);
  expect(said).toEqual([expect.stringMatching(/^err: Revision [0-9a-f]{10}: 8 files in .*deploy$/)]);
  const first = bytes(dir);
  await run("--to", dir, "--stack-file", "Pulumi.rehearsal.yaml");
  expect(bytes(dir)).toEqual(first);
});

test.each([
  {
    args: [],
    message: "CONFIG_USAGE: keye render: --to is missing, such as --to deploy/keye. See keye render --help.",
  },
  {
    args: ["deploy"],
    message:
      'CONFIG_USAGE: keye render: unexpected argument "deploy"; the folder goes into --to. See keye render --help.',
  },
  {
    args: ["--too", "deploy"],
    message: "CONFIG_USAGE: keye render: unknown option --too (did you mean --to?). See keye render --help.",
  },
])("$args is refused with what to do", async ({ args, message }) => {
  await expect(run(...args)).rejects.toThrow(message);
});

test("a stack without settings is refused, and nothing is written", async () => {
  const dir = join(folder, "deploy");
  await expect(run("--to", dir, "--stack-file", "Pulumi.nowhere.yaml")).rejects.toMatchObject({ code: "CONFIG_FILE" });
  expect(readdirSync(folder)).toEqual([]);
});
