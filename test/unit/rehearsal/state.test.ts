import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { layoutOf } from "../../../infra/rehearsal/control-plane/layout.ts";
import { findTools, toolNames } from "../../../infra/rehearsal/control-plane/tools.ts";
import { kubernetesProvider, rehearsalEnvironment } from "../../../infra/rehearsal/environment.ts";
import { assertPortFree, claimOctet, freePorts } from "../../../infra/rehearsal/ports.ts";
import {
  isAlive,
  markOf,
  type RehearsalState,
  readState,
  takeFolder,
  writeState,
} from "../../../infra/rehearsal/state.ts";

function newDir(): string {
  return mkdtempSync(join(tmpdir(), "keye-state-"));
}

function stateOf(dir: string, change: Partial<RehearsalState> = {}): RehearsalState {
  return {
    version: 1,
    name: "test",
    dir,
    startedAt: "2026-01-01T00:00:00Z",
    octet: 64,
    server: "https://127.64.0.1:6443",
    kubeconfig: join(dir, "kubeconfig"),
    pulumi: join(dir, "pulumi"),
    supervisor: markOf("supervisor", process.pid),
    children: [],
    proxies: [],
    ...change,
  };
}

test("a folder whose rehearsal runs is refused, with what to do", () => {
  const dir = newDir();
  const layout = layoutOf(dir);
  writeState(layout, stateOf(dir));
  expect(() => takeFolder(layout, stateOf(dir))).toThrow(
    `E_LOCKED: ${dir}: The rehearsal "test" runs there already, since 2026-01-01T00:00:00Z (process ${process.pid}). Use it (keye rehearse env --name test), end it (keye rehearse down --name test), or choose another --name.`,
  );
});

test("what a dead rehearsal left is removed; a process that got its number is not taken for it", () => {
  const dir = newDir();
  const layout = layoutOf(dir);
  const supervisor = { ...markOf("supervisor", process.pid), startTicks: "1" };
  writeState(layout, stateOf(dir, { supervisor }));
  mkdirSync(layout.etcd);
  mkdirSync(layout.logs);
  const state = readState(layout);
  expect(state && isAlive(state)).toBe(false);
  takeFolder(layout, stateOf(dir));
  expect(readdirSync(dir)).toEqual(["state.json"]);
  expect(readState(layout)?.supervisor.pid).toBe(process.pid);
  expect(() => takeFolder(layout, stateOf(dir))).toThrow("E_LOCKED");
});

test("a folder that cannot be written is refused", () => {
  // Root may write to read-only folders; nobody may make one below a file.
  const file = join(newDir(), "file");
  writeFileSync(file, "");
  const dir = join(file, "rehearsal");
  expect(() => takeFolder(layoutOf(dir), stateOf(dir))).toThrow(
    `ENV_READ_ONLY: ${dir}: The rehearsal's state folder cannot be written. Make the folder that holds it writable, or work in a copy of the project that is.`,
  );
});

test("all missing programs are named at once, with the cure", () => {
  const dir = newDir();
  symlinkSync("/bin/true", join(dir, "etcd"));
  writeFileSync(join(dir, "kwok"), "not executable");
  expect(() => findTools(`/nonexistent:${dir}`)).toThrow(
    "ENV_TOOL: PATH: kube-apiserver, kube-controller-manager, kube-scheduler, kwok are not on it. Run ./scripts/toolchain, which puts them into .toolchain/bin, and put that folder on PATH.",
  );
  const full = newDir();
  for (const name of toolNames) symlinkSync("/bin/true", join(full, name));
  expect(findTools(`${dir}:${full}`)).toMatchObject({ etcd: join(dir, "etcd"), kwok: join(full, "kwok") });
});

test("a port that is asked for and taken is named", async () => {
  const server = createServer();
  const [port = 0] = await freePorts("127.0.0.1", 1);
  await assertPortFree("127.0.0.1", port);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  await expect(assertPortFree("127.0.0.1", port)).rejects.toThrow(
    `ENV_PORT_TAKEN: 127.0.0.1:${port}: Another program listens on this port already. Choose another one with --port, or leave --port out for a free one.`,
  );
  await new Promise((resolve) => server.close(resolve));
});

test("two rehearsals of one machine get different address ranges", async () => {
  const first = await claimOctet();
  const second = await claimOctet();
  expect(second.octet).not.toBe(first.octet);
  await first.release();
  await second.release();
});

test("the environment points every tool at the rehearsal, with our provider only where there is no official one", () => {
  const home = newDir();
  const dir = newDir();
  const env = { HOME: home, PATH: "/usr/bin" };
  expect(kubernetesProvider(env)).toBe("offline");
  const offline = rehearsalEnvironment(stateOf(dir), env);
  expect(offline).toMatchObject({
    KUBECONFIG: join(dir, "kubeconfig"),
    PULUMI_BACKEND_URL: `file://${dir}/pulumi`,
    PULUMI_CONFIG_PASSPHRASE: "",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    NODE_COMPILE_CACHE: join(home, ".cache/keye-stack/node"),
  });
  expect(offline.PATH).toMatch(/\.toolchain\/bin:.*infra\/rehearsal\/provider:\/usr\/bin$/);
  // Given its own result it adds nothing twice.
  expect(rehearsalEnvironment(stateOf(dir), { ...env, ...offline }).PATH).toBe(offline.PATH);
  mkdirSync(join(home, ".pulumi/plugins/resource-kubernetes-v4.34.2"), { recursive: true });
  expect(kubernetesProvider(env)).toBe("official");
  expect(rehearsalEnvironment(stateOf(dir), env).PATH).toMatch(/\.toolchain\/bin:\/usr\/bin$/);
});
