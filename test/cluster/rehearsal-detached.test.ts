import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ApiClient } from "../../infra/cluster/api-client.ts";
import { loadKubeconfig } from "../../infra/cluster/kubeconfig.ts";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import { layoutOf } from "../../infra/rehearsal/control-plane/layout.ts";
import { toolPath } from "../../infra/rehearsal/environment.ts";
import { groupProgram, hasGroupProgram } from "../../infra/rehearsal/groups/group-controller.ts";
import { freePorts } from "../../infra/rehearsal/ports.ts";
import { isAlive, type ProcessMark, readState } from "../../infra/rehearsal/state.ts";
import { startDetached, stopRehearsal } from "../../infra/rehearsal/supervisor.ts";

const root = mkdtempSync(join(tmpdir(), "keye-detached-"));
const dir = join(root, "story");
const layout = layoutOf(dir);

const hasGroups = hasGroupProgram(toolPath(process.env.PATH));

function start(port?: number) {
  const env = { ...process.env, PATH: toolPath(process.env.PATH) };
  const signal = new AbortController().signal;
  return startDetached({ name: "story", dir, env, signal, ...(port === undefined ? {} : { port }) });
}

/** Those of the processes that still run; a dead one that nobody has reaped yet does not. */
function running(marks: readonly ProcessMark[]): readonly string[] {
  return marks.filter(({ pid }) => /^State:\s+[^Z]/m.test(statusOf(pid))).map(({ name }) => name);
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}

async function servesGroups(kubeconfig: string): Promise<boolean> {
  const api = new ApiClient(loadKubeconfig({ kubeconfig }), systemClock);
  try {
    const path = "/apis/leaderworkerset.x-k8s.io/v1/leaderworkersets";
    return (await api.find({ method: "GET", path }, new AbortController().signal)) !== undefined;
  } finally {
    api.close();
  }
}

async function soon(check: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 100 && !check(); tries++) await systemClock.sleep(50);
  return check();
}

afterAll(async () => {
  await stopRehearsal(layout, systemClock);
  rmSync(root, { recursive: true, force: true });
});

test("a supervisor that is killed hard leaves nothing running, and the next start cleans up after it", async () => {
  const { state } = await start();
  expect(running(state.children)).toEqual([
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
    ...(hasGroups ? [groupProgram] : []),
  ]);
  process.kill(state.supervisor.pid, "SIGKILL");
  expect(await soon(() => running(state.children).length === 0)).toBe(true);
  expect(isAlive(state)).toBe(false);

  const [port = 0] = await freePorts("127.0.0.1", 1);
  const again = await start(port);
  expect(again.state.server).toBe(`https://127.0.0.1:${port}`);
  await expect(start()).rejects.toMatchObject({ code: "E_LOCKED", where: dir });
  expect(isAlive(again.state)).toBe(true);
  expect(await servesGroups(again.state.kubeconfig)).toBe(hasGroups);

  expect(await stopRehearsal(layout, systemClock)).toBe("stopped");
  expect(running([again.state.supervisor, ...again.state.children])).toEqual([]);
  expect(readdirSync(dir)).toEqual(["logs"]);
  expect(await stopRehearsal(layout, systemClock)).toBe("none");
});

test("a start that cannot succeed tells why, once, and leaves nothing", async () => {
  const server = createServer();
  const [port = 0] = await freePorts("127.0.0.1", 1);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  try {
    await expect(start(port)).rejects.toThrow(
      `ENV_PORT_TAKEN: 127.0.0.1:${port}: Another program listens on this port already. Choose another one with --port, or leave --port out for a free one.`,
    );
    expect(readState(layout)).toBeUndefined();
  } finally {
    server.close();
  }
});
