import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type CommandProcess, runCommand } from "../../infra/rehearsal/kubelet/command-process.ts";
import { json, ScriptedEngine } from "../support/scripted-engine.ts";

const module = resolve(import.meta.dirname, "../../infra/rehearsal/kubelet/command-process.ts");
const opened: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

/** Starts `keye` as a container's process, and tells what it said. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const scratch = mkdtempSync(join(tmpdir(), "keye-command-"));
  const out = join(scratch, "out");
  mkdirSync(out);
  const lines: string[] = [];
  const process: CommandProcess = runCommand({
    args,
    env,
    podIP: "10.64.1.1",
    mounts: [{ mountPath: "/out", path: out }],
    scratch,
    messagePath: "/dev/termination-log",
    server: "https://127.64.0.1:6443",
    log: (line) => lines.push(line),
  });
  return { process, lines, out };
}

/** An engine that takes requests and answers none; resolves with its URL once it is asked for the first time. */
async function silentEngine() {
  const asked = Promise.withResolvers<void>();
  const engine = new ScriptedEngine({ "/health": () => asked.resolve(), "/x": json({}) });
  opened.push(engine);
  return { url: await engine.listen(), asked: asked.promise };
}

test("what it writes under the container's paths is in the folders behind them, its last word in the message", async () => {
  const reports = ["--report=junit=/out/r.xml", "--report=termination=/dev/termination-log"];
  const { process, lines, out } = start(["probe", "--base-url=http://127.0.0.1:1", ...reports]);
  expect(await process.exited).toEqual({ exitCode: 3 });
  expect(readFileSync(join(out, "r.xml"), "utf8")).toContain("<testsuites");
  expect(JSON.parse(process.message())).toMatchObject({ verdict: "inconclusive" });
  expect(lines.at(-1)).toMatch(/^inconclusive: /);
});

test("nothing of this machine's own environment is in a container's", async () => {
  const own = process.env.KUBECONFIG;
  process.env.KUBECONFIG = "/nowhere/of-the-developer";
  const { process: command, lines } = start(["probe", "--service=keye"]);
  await command.exited;
  if (own === undefined) delete process.env.KUBECONFIG;
  else process.env.KUBECONFIG = own;
  expect(lines.join()).toContain("ENV_KUBECONFIG");
  expect(lines.join()).not.toContain("of-the-developer");
});

test("SIGTERM is heard: it ends in good order, with its reports", async () => {
  const { url, asked } = await silentEngine();
  const { process } = start(["probe", `--base-url=${url}`, "--report=termination=/dev/termination-log"]);
  await asked;
  process.kill("SIGTERM");
  expect(await process.exited).toEqual({ exitCode: 130 });
  expect(JSON.parse(process.message()).reason).toContain("a signal ended the run");
});

test("SIGKILL is not", async () => {
  const { url, asked } = await silentEngine();
  const { process } = start(["probe", `--base-url=${url}`]);
  await asked;
  process.kill("SIGKILL");
  expect(await process.exited).toEqual({ exitCode: 137, signal: 9 });
});

test("a rehearsal that is killed takes its containers with it", async () => {
  const { url, asked } = await silentEngine();
  const scratch = mkdtempSync(join(tmpdir(), "keye-orphan-"));
  const script = join(scratch, "kubelet.ts");
  const launch = { args: ["probe", `--base-url=${url}`], env: { MARK: scratch }, podIP: "10.64.1.1", mounts: [] };
  const rest = { scratch, messagePath: "/dev/termination-log", server: "https://127.64.0.1:6443" };
  writeFileSync(
    script,
    `import { runCommand } from ${JSON.stringify(module)};
    await runCommand({ ...${JSON.stringify({ ...launch, ...rest })}, log: () => undefined }).exited;`,
  );
  const kubelet: ChildProcess = spawn(process.execPath, [script], { stdio: "ignore" });
  await asked;
  expect(processesWith(scratch)).not.toEqual([]);
  kubelet.kill("SIGKILL");
  await expect.poll(() => processesWith(scratch), { timeout: 5_000 }).toEqual([]);
});

/** Processes whose environment holds the mark. */
function processesWith(mark: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, "utf8").includes(`MARK=${mark}`);
    } catch {
      return false;
    }
  });
}
