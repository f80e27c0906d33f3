import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { findProgram } from "../control-plane/tools.ts";

/** What a real node runs, and where it comes from. */
const programs = {
  kubelet: "./scripts/toolchain --real-node",
  containerd: "Debian's containerd",
  "containerd-shim-runc-v2": "Debian's containerd",
  ctr: "Debian's containerd",
  runc: "Debian's runc",
  busybox: "Debian's busybox-static",
  unshare: "util-linux",
  nsenter: "util-linux",
} as const;

export type RealNodeProgram = keyof typeof programs;

/** Path of each program of a real node, the first on `path`; undefined where it is not there. */
export function findRealNodePrograms(path: string): Readonly<Record<RealNodeProgram, string | undefined>> {
  const found = Object.keys(programs).map((name) => [name, findProgram(name, path)]);
  // The entries' keys are the programs'.
  return Object.fromEntries(found) as Record<RealNodeProgram, string | undefined>;
}

/** Why this machine cannot run a real node, in one sentence; undefined where it can. `path` is where programs are looked for. */
export function whyNoRealNode(path: string): string | undefined {
  if (process.platform !== "linux") return `a kubelet needs Linux, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return "a kubelet needs root";
  const found = findRealNodePrograms(path);
  for (const [name, source] of Object.entries(programs)) {
    // The entries' keys are the programs'.
    if (found[name as RealNodeProgram] === undefined) return `${name} is not on PATH (${source})`;
  }
  if (found.busybox !== undefined && readFileSync(found.busybox).includes("/ld-")) {
    return `${found.busybox} needs shared libraries (Debian's busybox-static does not)`;
  }
  const { status, stderr } = spawnSync(found.unshare ?? "", ["--mount", "--pid", "--fork", "--mount-proc", "true"]);
  if (status !== 0) return `this root may not make namespaces: ${stderr.toString().trim()}`;
  return whyNoCgroup();
}

/** The hierarchies of version 1, or the one of version 2, must take a new group. */
function whyNoCgroup(): string | undefined {
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  const places = mounts.filter(([, , type]) => type === "cgroup" || type === "cgroup2").map(([, place = ""]) => place);
  if (places.length === 0) return "no control groups are mounted";
  for (const place of places) {
    const group = `${place}/keye-probe-${process.pid}`;
    try {
      mkdirSync(group);
      rmdirSync(group);
    } catch {
      return `no control group can be made in ${place}`;
    }
  }
  return undefined;
}
