import { readFileSync } from "node:fs";
import type { RehearsalState } from "../../infra/rehearsal/state.ts";

/** Resident memory of each process of a rehearsal, in MiB, as the kernel counts it now. Linux only. */
export function residentMemory(state: RehearsalState): Readonly<Record<string, number>> {
  const marks = [state.supervisor, ...state.children];
  return Object.fromEntries(marks.map(({ name, pid }) => [name, residentMiB(pid)]));
}

/** What a process holds in memory now, in MiB. Linux only. */
export function residentMiB(pid: number): number {
  return statusMiB(pid, "VmRSS");
}

/**
 * The most that a process has held in memory since its program began, in MiB. Linux only.
 *
 * Not `ru_maxrss`, which a process that was started by a big one begins with that one's size.
 */
export function peakMiB(pid: number): number {
  return statusMiB(pid, "VmHWM");
}

function statusMiB(pid: number, field: "VmRSS" | "VmHWM"): number {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kib ?? 0) / 1024);
}
