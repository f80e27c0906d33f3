import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { DeployError } from "../core/errors.ts";
import type { Layout } from "./control-plane/layout.ts";

/** One process, told apart from a later one that got the same number. */
export interface ProcessMark {
  readonly name: string;
  readonly pid: number;
  /** Clock ticks from boot to the process's start. */
  readonly startTicks: string;
}

/** A Service's loopback address for clients of this machine. */
export interface ProxyState {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  readonly url: string;
}

/** `state.json`: what other processes may know of a running rehearsal. */
export interface RehearsalState {
  readonly version: 1;
  readonly name: string;
  readonly dir: string;
  /** RFC 3339. */
  readonly startedAt: string;
  /** N of the rehearsal's address ranges 127.N.0.0/16 and 10.N.0.0/16. */
  readonly octet: number;
  readonly server: string;
  readonly kubeconfig: string;
  readonly pulumi: string;
  readonly supervisor: ProcessMark;
  readonly children: readonly ProcessMark[];
  readonly proxies: readonly ProxyState[];
}

/** The state of a folder, also of a rehearsal that has died; undefined where there is none. */
export function readState(layout: Layout): RehearsalState | undefined {
  try {
    // Written by `writeState` only, whole.
    return JSON.parse(readFileSync(layout.state, "utf8")) as RehearsalState;
  } catch {
    return undefined;
  }
}

/** Replaces the state at once: readers see the old one or the new one. */
export function writeState(layout: Layout, state: RehearsalState): void {
  const fresh = `${layout.state}.new`;
  writeFileSync(fresh, textOf(state), { mode: 0o600 });
  renameSync(fresh, layout.state);
}

function textOf(state: RehearsalState): string {
  return `${JSON.stringify(state, null, 2)}\n`;
}

export function isAlive(state: RehearsalState): boolean {
  return isRunning(state.supervisor);
}

/**
 * Takes the folder for a new rehearsal: writes its first state and removes what a dead one left, its processes too.
 *
 * Throws `E_LOCKED` where one runs there, `ENV_READ_ONLY` where the folder cannot be written.
 */
export function takeFolder(layout: Layout, state: RehearsalState): void {
  try {
    mkdirSync(layout.dir, { recursive: true, mode: 0o700 });
    while (!createState(layout, state)) removeDead(layout);
    removeLeftovers(layout);
    rmSync(layout.logs, { recursive: true, force: true });
  } catch (error) {
    if (error instanceof DeployError) throw error;
    throw new DeployError({
      code: "ENV_READ_ONLY",
      where: layout.dir,
      message: "The rehearsal's state folder cannot be written.",
      hint: "Make the folder that holds it writable, or work in a copy of the project that is.",
      cause: error,
    });
  }
}

/** False where there is a state already. Of two that try at once, one succeeds. */
function createState(layout: Layout, state: RehearsalState): boolean {
  const own = `${layout.state}.${process.pid}`;
  writeFileSync(own, textOf(state), { mode: 0o600 });
  try {
    linkSync(own, layout.state);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

function removeDead(layout: Layout): void {
  const state = readState(layout);
  if (state !== undefined && isAlive(state)) {
    throw new DeployError({
      code: "E_LOCKED",
      where: layout.dir,
      message: `The rehearsal "${state.name}" runs there already, since ${state.startedAt} (process ${state.supervisor.pid}).`,
      hint: `Use it (keye rehearse env --name ${state.name}), end it (keye rehearse down --name ${state.name}), or choose another --name.`,
    });
  }
  if (state !== undefined) killLeftovers(state);
  rmSync(layout.state, { force: true });
}

/** Kills the children of a supervisor that has died without having been able to. */
export function killLeftovers(state: RehearsalState): void {
  for (const child of state.children) if (isRunning(child)) killGroup(child.pid);
}

/** Removes everything but the logs. */
export function clean(layout: Layout): void {
  removeLeftovers(layout);
  rmSync(layout.state, { force: true });
}

function removeLeftovers(layout: Layout): void {
  const { volumes, etcd, certificates, kwokConfig, auditPolicy, groups, kubeconfig, pulumi } = layout;
  for (const path of [volumes, kubeconfig, kwokConfig, auditPolicy, groups, certificates, etcd, pulumi])
    rmSync(path, { recursive: true, force: true });
}

/** The mark of a process that runs now. */
export function markOf(name: string, pid: number): ProcessMark {
  return { name, pid, startTicks: startTicks(pid) ?? "" };
}

function isRunning(mark: ProcessMark): boolean {
  return startTicks(mark.pid) === mark.startTicks;
}

/** Field 22 of `/proc/<pid>/stat`; undefined where no such process runs, or only its corpse is left. */
function startTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, the program's name in brackets, may hold spaces and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended meanwhile.
  }
}
