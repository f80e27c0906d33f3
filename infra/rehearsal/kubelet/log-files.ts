import { closeSync, mkdirSync, openSync, renameSync, rmSync, symlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";

/** Lines and bytes of a log that end up in a termination message. */
const tailLines = 80;
const tailBytes = 2048;

/** The files of one container's logs: `current.log` and `previous.log` are links that follow its restarts. */
export interface LogLinks {
  readonly current: string;
  readonly previous: string;
}

export function logLinks(dir: string): LogLinks {
  return { current: join(dir, "current.log"), previous: join(dir, "previous.log") };
}

/** The log of one container instance, in the format of the container runtime interface. */
export class LogFile {
  readonly #dir: string;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #file: number;
  #tail: string[] = [];
  #isOpen = true;

  /** Opens the log of the instance `restartCount` and makes it the current one. */
  constructor(dir: string, restartCount: number, clock: Clock) {
    mkdirSync(dir, { recursive: true });
    this.#dir = dir;
    this.#name = `${restartCount}.log`;
    this.#clock = clock;
    this.#file = openSync(join(dir, this.#name), "a");
    turn(logLinks(dir).current, this.#name);
  }

  write(line: string): void {
    if (!this.#isOpen) return;
    this.#tail.push(line);
    if (this.#tail.length > tailLines) this.#tail.shift();
    const at = new Date(this.#clock.now()).toISOString().replace("Z", "000000Z");
    writeSync(this.#file, `${at} stdout F ${line}\n`);
  }

  /** The end of the log, as `terminationMessagePolicy: FallbackToLogsOnError` takes it. */
  tail(): string {
    return this.#tail
      .map((line) => `${line}\n`)
      .join("")
      .slice(-tailBytes);
  }

  /** Makes it the previous one: its instance is `lastState` now. */
  retire(): void {
    turn(logLinks(this.#dir).previous, this.#name);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#file);
  }
}

/** Points a link at another file; readers see the old one or the new one, never none. */
function turn(link: string, target: string): void {
  const fresh = `${link}.new`;
  rmSync(fresh, { force: true });
  symlinkSync(target, fresh);
  renameSync(fresh, link);
}
