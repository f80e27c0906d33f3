import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../control-plane/tools.ts";

/** What a real node runs, and where it comes from. */
const origins = {
  kubelet: "./scripts/toolchain --real-node",
  containerd: "Debian's containerd",
  "containerd-shim-runc-v2": "Debian's containerd",
  ctr: "Debian's containerd",
  runc: "Debian's runc",
  busybox: "Debian's busybox-static",
  unshare: "Debian's util-linux",
  nsenter: "Debian's util-linux",
} as const;

export type RealNodeProgram = keyof typeof origins;

/** What real nodes ask of a machine. The functions are called only where everything before them is as it must be. */
export interface Machine {
  readonly platform: string;
  readonly isRoot: boolean;
  /** Path of a program; undefined where it is not there. */
  programPath(name: RealNodeProgram): string | undefined;
  /** Whether a program runs without anything beside it. */
  isStatic(file: string): boolean;
  /** Why no PID and mount namespaces can be made; undefined where they can. */
  namespaceFault(unshare: string): string | undefined;
  /** Where control groups are mounted: one place for each hierarchy. */
  cgroupPlaces(): readonly string[];
  canMakeGroup(place: string): boolean;
}

/** Why this machine cannot run a real node, in one sentence; undefined where it can. `path` is where programs are looked for. */
export function whyNoRealNode(path: string): string | undefined {
  return reasonAgainst(thisMachine(path));
}

/** The first thing that a machine lacks, in one sentence; undefined where it lacks nothing. */
export function reasonAgainst(machine: Machine): string | undefined {
  if (machine.platform !== "linux") return `a kubelet needs Linux, and this is ${machine.platform}`;
  if (!machine.isRoot) return "a kubelet needs root";
  // The entries' keys are the programs'.
  for (const [name, origin] of Object.entries(origins) as [RealNodeProgram, string][]) {
    if (machine.programPath(name) === undefined) return `${name} is not on PATH (${origin})`;
  }
  const busybox = machine.programPath("busybox") ?? "";
  if (!machine.isStatic(busybox)) return `${busybox} needs shared libraries, and Debian's busybox-static does not`;
  const fault = machine.namespaceFault(machine.programPath("unshare") ?? "");
  if (fault !== undefined) return `root may not make namespaces here (${fault})`;
  const places = machine.cgroupPlaces();
  if (places.length === 0) return "no control groups are mounted";
  const closed = places.find((place) => !machine.canMakeGroup(place));
  return closed === undefined ? undefined : `no control group can be made in ${closed}`;
}

function thisMachine(path: string): Machine {
  return {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    programPath: (name) => findProgram(name, path),
    // A program with shared libraries names the loader that brings them.
    isStatic: (file) => !readFileSync(file).includes("/ld-"),
    namespaceFault: (unshare) => {
      const { status, stderr } = spawnSync(unshare, ["--mount", "--pid", "--fork", "--mount-proc", "true"]);
      return status === 0 ? undefined : stderr.toString().trim();
    },
    cgroupPlaces: () => {
      const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
      return mounts
        .map((line) => line.split(" "))
        .flatMap(([, place = "", type]) => (/^cgroup2?$/.test(type ?? "") ? [place] : []));
    },
    canMakeGroup: (place) => {
      const group = join(place, `keye-real-node-trial-${process.pid}`);
      try {
        mkdirSync(group);
        rmdirSync(group);
        return true;
      } catch {
        return false;
      }
    },
  };
}
