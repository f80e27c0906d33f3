import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";

const plugin = resolve(import.meta.dirname, "../../infra/rehearsal/provider/pulumi-resource-kubernetes");
const nobody = "127.0.0.1:1";

/** The first lines that a process prints. */
async function linesOf(child: ChildProcess, count: number): Promise<string[]> {
  if (child.stdout === null) throw new Error("the process has no standard output");
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === count) break;
  }
  return lines;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("the plugin's process", () => {
  test("prints the port that it listens on, and ends when the engine tells it to", async () => {
    const child = spawn(plugin, [nobody], { stdio: ["ignore", "pipe", "inherit"] });
    const [port = ""] = await linesOf(child, 1);
    const socket = connect(Number(port), "127.0.0.1");
    await once(socket, "connect");
    socket.destroy();
    child.kill("SIGINT");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test("ends by itself when the engine is killed", async () => {
    // Stands in for the engine: starts the plugin, tells its process id, and lives on. Then the plugin prints its port.
    const script = `"${plugin}" ${nobody} & echo $!; wait`;
    const engine = spawn("bash", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
    const [pid = ""] = await linesOf(engine, 2);
    expect(isAlive(Number(pid))).toBe(true);
    engine.kill("SIGKILL");
    await expect.poll(() => isAlive(Number(pid)), { timeout: 10_000 }).toBe(false);
  });
});
