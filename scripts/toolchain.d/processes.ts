import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Owner } from "./lock.ts";

/** This process, as the owner of a lock. */
export function thisProcess(): Owner {
  return { host: hostname(), pid: process.pid, started: startOf(process.pid) ?? "unknown" };
}

/** Whether a lock's owner still runs: same host, same process number, same start. Another host's owner counts as running. */
export function isRunning(owner: Owner): boolean {
  return owner.host !== hostname() || startOf(owner.pid) === owner.started;
}

/** Whether any process of this machine has that number. */
export function runningPid(pid: number): boolean {
  return startOf(pid) !== undefined;
}

/** The start time of a live process; undefined where there is none, or only an unreaped one. */
function startOf(pid: number): string | undefined {
  try {
    // The program's name, in brackets, may hold spaces and brackets: the fields start after the last one.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
