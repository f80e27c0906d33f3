import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ChildGroup, LongChild } from "../../process/spawn.ts";
import { type Wait, waitUntil } from "../wait-until.ts";
import type { RealNodeLayout } from "./layout.ts";

/**
 * First process of the node. The three folders are where the kubelet and containerd write by names that cannot be set:
 * with a file system of the node's own over each, nothing of that reaches the machine. `wait` also collects orphans.
 */
const initScript = `set -e
for folder in /run /var/lib /var/log; do mount -t tmpfs -o mode=755 rehearsal "$folder"; done
trap 'exit 0' TERM
: > "$1"
sleep infinity & wait`;

/**
 * Waits for the end of its stdin, which is that of the parent too, and removes what outlives the node's processes: the control
 * group of each container, by the ids of containerd's tasks, and the state folder. The group `k8s.io` above them may be shared.
 */
const sweepScript = `cat > /dev/null
for task in "$2"/*; do
  [ -e "$task" ] || continue
  id=\${task##*/}
  tries=0
  while [ -n "$(find /sys/fs/cgroup -type d -name "$id" -print -quit)" ] && [ $tries -lt 100 ]; do
    find /sys/fs/cgroup -depth -type d -path "*/$id*" -exec rmdir {} + 2> /dev/null || sleep 0.1
    tries=$((tries + 1))
  done
done
rm -rf -- "$1"`;

/** A running pair of PID and mount namespaces. */
export interface Namespaces {
  readonly init: LongChild;
  /** Arguments of nsenter that bring a program inside; the program's own follow. */
  readonly enter: readonly string[];
}

/**
 * Makes PID and mount namespaces for a node. When their first process ends, in whatever way, the kernel ends every process
 * inside and unmounts everything: shims and containers cannot outlive the node, nor can their mounts.
 */
export async function startNamespaces(
  group: ChildGroup,
  { layout, unshare }: { readonly layout: RealNodeLayout; readonly unshare: string },
  wait: Omit<Wait, "what" | "children">,
): Promise<Namespaces> {
  const init = await group.start({
    name: "namespaces",
    command: unshare,
    args: [
      "--mount",
      "--pid",
      "--fork",
      "--kill-child",
      "--mount-proc",
      "/bin/sh",
      "-c",
      initScript,
      "init",
      layout.ready,
    ],
    env: { PATH: systemPath },
    logFile: join(layout.logs, "namespaces.log"),
  });
  await waitUntil(
    { ...wait, what: "the node's mounts", children: [init] },
    async () => existsSync(layout.ready) || undefined,
  );
  const first = readFileSync(`/proc/${init.pid}/task/${init.pid}/children`, "utf8").trim();
  return { init, enter: [`--target=${first}`, "--mount", "--pid", "--"] };
}

/** Where the system's own programs are. */
export const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Removes a node's traces when told, or when this process dies. */
export class Sweeper {
  readonly #child: ChildProcess;

  constructor({ state, tasks }: RealNodeLayout) {
    this.#child = spawn("/bin/sh", ["-c", sweepScript, "sweep", state, tasks], {
      stdio: ["pipe", "ignore", "ignore"],
      env: { PATH: systemPath },
      detached: true,
    });
    this.#child.stdin?.on("error", () => undefined);
    this.#child.unref();
  }

  /** Resolves when all is removed. The node's processes must have ended. */
  async sweep(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.ref();
    this.#child.stdin?.end();
    await gone;
  }
}
