import { mkdirSync, readlinkSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";

/** Makes `<folder>/<name>` lead to `target`, in one step, so that a program that starts meanwhile finds the old or the new one. */
export function link(folder: string, name: string, target: string): void {
  mkdirSync(folder, { recursive: true });
  const place = join(folder, name);
  if (leadsTo(place, target)) return;
  const fresh = `${place}.${process.pid}`;
  symlinkSync(target, fresh);
  renameSync(fresh, place);
}

function leadsTo(place: string, target: string): boolean {
  try {
    return readlinkSync(place) === target;
  } catch {
    return false;
  }
}
