import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { cancelledBySignals } from "../../../infra/cli/cancelled-by-signals.ts";
import { ManualClock } from "../../support/manual-clock.ts";

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];

  // The real one never returns; the fake has nowhere to go.
  exit(exitCode: number): never {
    this.exits.push(exitCode);
    return undefined as never;
  }
}

test.each(["SIGINT", "SIGTERM"])("the first %s cancels and ends nothing", (name) => {
  const process = new FakeProcess();
  const signal = cancelledBySignals(process, new ManualClock());
  expect(signal.aborted).toBe(false);
  process.emit(name, name);
  expect(signal.reason).toMatchObject({ code: "E_CANCELLED", message: `E_CANCELLED: keye: Cancelled by ${name}.` });
  expect(process.exits).toEqual([]);
});

test.each([
  { second: "SIGINT", after: 101, exits: [130], name: "a second SIGINT ends the process at once" },
  { second: "SIGTERM", after: 7500, exits: [130], name: "so does a SIGTERM, as a pipeline sends it after SIGINT" },
  { second: "SIGINT", after: 100, exits: [], name: "one key press that npx tells a second time is one" },
])("$name", async ({ second, after, exits }) => {
  const process = new FakeProcess();
  const clock = new ManualClock();
  cancelledBySignals(process, clock);
  process.emit("SIGINT", "SIGINT");
  await clock.advance(after);
  process.emit(second, second);
  expect(process.exits).toEqual(exits);
});
