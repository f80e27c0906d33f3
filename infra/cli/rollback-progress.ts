import type { Clock } from "../core/clock.ts";
import type { Milliseconds } from "../core/units.ts";
import type { ProgressPort } from "../gate/ports.ts";

/** A console cannot take a line back: what only says that something still goes on is told this often. */
const statusEvery: Milliseconds = 10_000;

/** Progress as lines of a console: those that stay all of them, the passing ones when nothing else has come for a while. */
export function consoleProgress(tell: (line: string) => void, clock: Pick<Clock, "now">): ProgressPort {
  let toldAt = clock.now();
  const say = (text: string) => {
    toldAt = clock.now();
    tell(text);
  };
  return {
    line: say,
    status: (text) => {
      if (clock.now() - toldAt >= statusEvery) say(text);
    },
  };
}
