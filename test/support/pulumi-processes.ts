import { execFileSync } from "node:child_process";

/** Which processes of one `pulumi` command: the CLI with its engine, the plugin that promotes, or all that it started. */
export type Victims = "engine" | "plugin" | "all";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** How Node runs the plugin `rollgate`. */
const pluginCommand = /^\S*node\S* .*infra\/rollgate\/main\.ts /;

/** The processes of one running `pulumi` command. */
export class PulumiProcesses {
  readonly #pid: number;

  /** @param pid of the CLI */
  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Sends a signal that cannot be caught to some of them; throws where there are none. */
  send(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT", victims: Victims): void {
    const pids = this.#find(victims);
    if (pids.length === 0) throw new Error(`no process of "${victims}" runs`);
    for (const pid of pids) process.kill(pid, signal);
  }

  #find(victims: Victims): readonly number[] {
    if (victims === "engine") return [this.#pid];
    const family = descendants(this.#pid, processes());
    if (victims === "all") return [this.#pid, ...family.map(({ pid }) => pid)];
    return family.filter(({ command }) => pluginCommand.test(command)).map(({ pid }) => pid);
  }
}

function descendants(ancestor: number, all: readonly Process[]): readonly Process[] {
  return all.filter(({ parent }) => parent === ancestor).flatMap((child) => [child, ...descendants(child.pid, all)]);
}

function processes(): readonly Process[] {
  const lines = execFileSync("ps", ["-A", "-ww", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return command === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}
