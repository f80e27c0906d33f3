import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { argumentsAbove } from "../../infra/process/ancestors.ts";

const proc = mkdtempSync(join(tmpdir(), "ancestors-"));

afterAll(() => rmSync(proc, { recursive: true }));

/** A process as `/proc` shows it. */
function makeProcess(pid: number, parent: number, ...args: readonly string[]): void {
  mkdirSync(join(proc, `${pid}`));
  writeFileSync(join(proc, `${pid}/cmdline`), args.map((arg) => `${arg}\0`).join(""));
  writeFileSync(join(proc, `${pid}/status`), `Name:\t${args[0]}\nPPid:\t${parent}\n`);
}

makeProcess(process.ppid, 900_002, "/opt/bin/pulumi-language-nodejs", "127.0.0.1:1");
makeProcess(900_002, 900_003, "/opt/bin/pulumi", "up", "--message", "two words");
makeProcess(900_003, 900_004, "bash");

test("the nearest process of that name is found with its arguments", () => {
  expect(argumentsAbove("pulumi", proc)).toEqual(["/opt/bin/pulumi", "up", "--message", "two words"]);
});

test.each([
  { name: "where none has that name, and the last one is gone", program: "helm", at: proc },
  { name: "on a system that has no such folder", program: "pulumi", at: join(proc, "absent") },
])("nothing is found $name", ({ program, at }) => {
  expect(argumentsAbove(program, at)).toEqual([]);
});
