import { expect, test } from "vitest";
import { flawsOf } from "../support/seeded-runs.ts";

/** So many seeds from one on. */
function seedsFrom(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

test("the honest engine passes 200 times of 200 with different seeds, every tenth time the whole gate", async () => {
  // Two engines side by side, each with its own prober.
  const flaws = await Promise.all([flawsOf({ seeds: seedsFrom(1, 100) }), flawsOf({ seeds: seedsFrom(101, 100) })]);
  expect(flaws.flat()).toEqual([]);
}, 120_000);

test("an engine that does not pass is told with the seed that repeats it", async () => {
  expect(await flawsOf({ seeds: [7], fault: "truncated-stream" })).toEqual([
    expect.stringMatching(/^seed 7, streaming: the stream ended without \[DONE\]/),
  ]);
});
