import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ChildGroup } from "../../infra/process/spawn.ts";

const dir = mkdtempSync(join(tmpdir(), "keye-spawn-"));
const env = { PATH: process.env.PATH };

afterAll(() => rmSync(dir, { recursive: true, force: true }));

function sh(name: string, script: string) {
  return { name, command: "/bin/sh", args: ["-c", script], env, logFile: join(dir, `${name}.log`) };
}

async function gone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    // A process that is dead but not yet reaped by its parent is gone as well.
    const state = execFileSync("sh", ["-c", `ps -o stat= -p ${pid} || true`], { encoding: "utf8" });
    if (state.trim() === "" || state.startsWith("Z")) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

async function logged(file: string, pattern: RegExp): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const match = pattern.exec(readFileSync(file, "utf8"));
    if (match !== null) return match[1] ?? "";
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${file} never matched ${pattern}`);
}

test("a child's output is its log, and its end is told", async () => {
  const group = new ChildGroup();
  const child = await group.start(sh("short", "echo out; echo err >&2; exit 3"));
  expect(await child.exited).toEqual({ code: 3, signal: null });
  expect(readFileSync(child.logFile, "utf8")).toBe("out\nerr\n");
  await group.close(100);
});

test("a program that does not exist rejects", async () => {
  const group = new ChildGroup();
  await expect(group.start({ ...sh("none", ""), command: "/nonexistent" })).rejects.toThrow("ENOENT");
  await group.close(100);
});

test("stopping a child that ignores SIGTERM kills it and what it started after the grace", async () => {
  const group = new ChildGroup();
  const child = await group.start(sh("stubborn", "trap '' TERM; sleep 60 & echo $! ; wait; sleep 60"));
  const grandchild = Number(await logged(child.logFile, /(\d+)\n/));
  await child.stop(30);
  expect((await child.exited).signal).toBe("SIGKILL");
  expect(await gone(grandchild)).toBe(true);
  await group.close(100);
});

test("children end with a parent that is killed hard, also those that ignore SIGTERM", async () => {
  const logFile = join(dir, "orphan.log");
  const module = join(import.meta.dirname, "../../infra/process/spawn.ts");
  const script = `
    const { ChildGroup } = await import(${JSON.stringify(module)});
    const group = new ChildGroup();
    const over = await group.start({ name: "over", command: "/bin/true", args: [], env: {}, logFile: ${JSON.stringify(logFile)} });
    await over.exited;
    await group.start({
      name: "orphan", command: "/bin/sh", args: ["-c", "trap '' TERM; echo pid $$; sleep 60; sleep 60"],
      env: { PATH: "/usr/bin:/bin" }, logFile: ${JSON.stringify(logFile)},
    });
    setInterval(() => undefined, 1000);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "ignore" });
  await new Promise((resolve) => parent.once("spawn", resolve));
  for (let tries = 0; tries < 300 && !/pid/.test(read(logFile)); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const pid = Number(await logged(logFile, /pid (\d+)/));
  parent.kill("SIGKILL");
  expect(await gone(pid)).toBe(true);
});

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
