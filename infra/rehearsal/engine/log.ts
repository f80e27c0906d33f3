import type { Clock } from "../../core/clock.ts";
import type { EpochMs } from "../../core/units.ts";

/** Writes log lines in the server's own formats. */
export interface EngineLog {
  /** A line as it is: warnings of libraries, tracebacks, argparse. */
  raw(text: string): void;
  /** `[2026-11-24 07:06:00 TP0] message`; the rank only where it is given. Later lines of `message` stand alone. */
  message(text: string, rank?: number): void;
  /** uvicorn's own: `[…] INFO:     message`. */
  uvicorn(level: "INFO" | "ERROR", text: string): void;
}

/** A log that stamps with `clock` and hands single lines to `write`. */
export function engineLog(clock: Clock, write: (line: string) => void): EngineLog {
  const lines = (text: string) => {
    for (const line of text.split("\n")) write(line);
  };
  const stamp = () => stampOf(clock.now());
  return {
    raw: lines,
    message: (text, rank) => lines(`[${stamp()}${rank === undefined ? "" : ` TP${rank}`}] ${text}`),
    uvicorn: (level, text) => lines(`[${stamp()}] ${`${level}:`.padEnd(9)} ${text}`),
  };
}

/** `2026-11-24 07:06:00`, in UTC. */
function stampOf(at: EpochMs): string {
  return new Date(at).toISOString().slice(0, 19).replace("T", " ");
}
