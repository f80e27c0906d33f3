import { execFile } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, expect, test } from "vitest";

const scripts = join(import.meta.dirname, "../../../scripts");

/** A clone with nothing but the command in it. */
let clone: string;
beforeEach(() => {
  clone = realpathSync(mkdtempSync(join(tmpdir(), "keye-clone-")));
  mkdirSync(join(clone, "scripts", "lib"), { recursive: true });
  for (const file of ["keye", "lib/env.sh"]) copyFileSync(join(scripts, file), join(clone, "scripts", file));
  return () => rmSync(clone, { recursive: true });
});

function bringFakeToolchain(): void {
  mkdirSync(join(clone, ".toolchain", "bin"), { recursive: true });
  mkdirSync(join(clone, "node_modules"));
  const node = join(clone, ".toolchain", "bin", "node");
  writeFileSync(node, '#!/usr/bin/env bash\nprintf "%s\\n" "$PWD" "$PATH" "$@"\n');
  chmodSync(node, 0o755);
}

test("keye in a fresh clone says what to run, and exits with 4", async () => {
  await expect(promisify(execFile)(join(clone, "scripts/keye"), ["probe"])).rejects.toMatchObject({
    code: 4,
    stderr: `ENV_TOOL: ${clone}: no .toolchain and node_modules here yet. Run ${clone}/scripts/toolchain first.\n`,
  });
});

test("keye runs the command line with the clone's tools, in the caller's directory, by whatever link it is called", async () => {
  bringFakeToolchain();
  const link = join(clone, "link");
  symlinkSync(join(clone, "scripts/keye"), link);
  const { stdout } = await promisify(execFile)(link, ["render", "--to", "my out"], { cwd: "/" });
  const [directory, path, ...args] = stdout.trimEnd().split("\n");
  expect({ directory, firstOnPath: path?.split(":")[0] }).toEqual({
    directory: "/",
    firstOnPath: `${clone}/.toolchain/bin`,
  });
  expect(args).toEqual([`${clone}/infra/cli/main.ts`, "render", "--to", "my out"]);
});
