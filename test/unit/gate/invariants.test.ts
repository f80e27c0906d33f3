import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { brokenLaws } from "../../model/laws.ts";
import { type Schedule, schedules } from "../../model/schedule.ts";

// A few of each, so that a law that breaks at once is seen at once; `npm run test:model` plays thousands.
test.each([
  { strategy: "blueGreen", numRuns: 15 },
  { strategy: "canary", numRuns: 8 },
  { strategy: "recreate", numRuns: 15 },
] as const)(
  "$strategy: whatever happens whenever, nobody unproven serves, and one undisturbed update sets all right",
  { timeout: 60_000 },
  async ({ strategy, numRuns }) => {
    await fc.assert(
      fc.asyncProperty(schedules(strategy), async (schedule) => {
        expect(await brokenLaws(schedule)).toEqual([]);
      }),
      // The same each time: new schedules are looked for by `npm run test:model`.
      { numRuns, seed: 7 },
    );
  },
);

/** A schedule of one update that is disturbed once. */
function once(strategy: Schedule["strategy"], ...disturbed: Schedule["runs"][number]): Schedule {
  const spare = strategy === "blueGreen" ? 2 : 0;
  return { strategy, isFirst: false, replicas: 2, spare, runs: [disturbed], last: { revision: "new", strategy } };
}

describe("a schedule that once broke a law", () => {
  test.each<{ readonly name: string; readonly schedule: Schedule }>([
    {
      name: "an old revision that somebody scales up while it is retired holds no GPUs after the next update",
      schedule: once("recreate", { at: { count: 17 }, what: "scale-old-up" }),
    },
    {
      name: "a Lease that is never given back does not keep the update from ending",
      schedule: once("recreate", { at: { call: "release", count: 1 }, what: "hang" }),
    },
    {
      name: "a canary that the selector leaves nobody to go beside is carried out all the same",
      schedule: once("canary", { at: { call: "acquire", count: 1 }, what: "select-third" }),
    },
  ])("$name", async ({ schedule }) => {
    expect(await brokenLaws(schedule)).toEqual([]);
  });
});
