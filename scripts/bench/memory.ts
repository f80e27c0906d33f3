import { readFileSync } from "node:fs";
import type { RehearsalState } from "../../infra/rehearsal/state.ts";

/** Resident memory of each process of a rehearsal, in MiB, as the kernel counts it now. Linux only. */
export function residentMemory(state: RehearsalState): Readonly<Record<string, number>> {
  const marks = [state.supervisor, ...state.children];
  return Object.fromEntries(marks.map(({ name, pid }) => [name, residentMiB(pid)]));
}

function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kib ?? 0) / 1024);
}
