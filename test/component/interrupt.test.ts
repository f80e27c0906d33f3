import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");

/** A script that runs a long command, and cleans up behind it. */
const script = `
import { interruptible } from "${root}/scripts/lib/interrupt.ts";
import { runCommand } from "${root}/infra/process/command.ts";
await interruptible(async (signal) => {
  try {
    const options = { cwd: "/", signal, onLine: (line) => console.log(line) };
    return (await runCommand("sh", ["-c", "echo begun; exec sleep 30"], options)).exitCode;
  } finally {
    await new Promise((done) => setTimeout(done, 20));
    console.log("cleaned up");
  }
});`;

test("an interrupt while a command runs leaves the script time to clean up; it ends with 130", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  let output = "";
  let isInterrupted = false;
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString("utf8");
    if (!isInterrupted && output.includes("begun")) isInterrupted = child.kill("SIGINT");
  });
  const exitCode = await new Promise((end) => child.once("close", end));
  expect([exitCode, output]).toEqual([130, "begun\ncleaned up\n"]);
});
