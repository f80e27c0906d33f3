import { expect, test } from "vitest";
import { lowWater, outage } from "../../../infra/rehearsal/copy/low-water.ts";

const levels = [
  { at: 1_000, serving: 2, freeGpus: 8 },
  { at: 3_000, serving: 1, freeGpus: 6 },
  { at: 5_000, serving: 0, freeGpus: 10 },
  { at: 9_000, serving: 2, freeGpus: 4 },
];

test.each([
  ["what there was when the time began counts", 2_000, 2_500, { servingReplicas: 2, freeGpus: 8 }],
  ["a change within it counts", 2_000, 4_000, { servingReplicas: 1, freeGpus: 6 }],
  ["a change at its very end does not", 3_500, 5_000, { servingReplicas: 1, freeGpus: 6 }],
  ["the least of each is told, of different moments too", 0, 20_000, { servingReplicas: 0, freeGpus: 4 }],
])("the low-water mark: %s", (_, from, to, expected) => {
  expect(lowWater(levels, from, to)).toEqual(expected);
});

test.each([
  ["the whole of it", 0, 20_000, 4],
  ["what of it lies between two moments", 6_000, 8_000, 2],
  ["none while somebody serves", 1_000, 5_000, 0],
])("an outage lasts %s", (_, from, to, seconds) => {
  expect(outage(levels, from, to)).toBe(seconds);
});
