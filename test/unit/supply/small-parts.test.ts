import { describe, expect, test } from "vitest";
import { pauseAfter, usualPatience } from "../../../infra/supply/hub/ask.ts";
import { forEachAtOnce } from "../../../infra/supply/hydrate/each.ts";
import { Meter } from "../../../infra/supply/hydrate/meter.ts";
import { withStallLimit } from "../../../infra/supply/hydrate/stall-limit.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const never = new AbortController().signal;

describe("a meter", () => {
  test("tells the speed of the last ten seconds, not of bytes that were there before", () => {
    const meter = new Meter();
    meter.begin(1_000, 500, 0);
    meter.add(100);
    expect(meter.read(2_000)).toEqual({ doneBytes: 600, totalBytes: 1_000, bytesPerSecond: 50 });
    expect(meter.read(10_000).bytesPerSecond).toBe(10);
    expect(meter.read(13_000).bytesPerSecond).toBe(0);
  });

  test("tells no negative speed when a file begins again", () => {
    const meter = new Meter();
    meter.begin(1_000, 500, 0);
    meter.add(-300);
    expect(meter.read(1_000)).toEqual({ doneBytes: 200, totalBytes: 1_000, bytesPerSecond: 0 });
  });
});

describe("work on many items", () => {
  test("goes on at most so many at once, in order", async () => {
    const begun: number[] = [];
    let running = 0;
    let most = 0;
    await forEachAtOnce([1, 2, 3, 4, 5], { limit: 2, signal: never }, async (item) => {
      begun.push(item);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    });
    expect({ begun, most }).toEqual({ begun: [1, 2, 3, 4, 5], most: 2 });
  });

  test("ends with its first failure, once the others have heard of it", async () => {
    const ends: string[] = [];
    const working = forEachAtOnce(["bad", "long", "later"], { limit: 2, signal: never }, async (item, signal) => {
      if (item === "bad") throw new Error("bad");
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      ends.push(item);
    });
    await expect(working).rejects.toThrow("bad");
    expect(ends).toEqual(["long"]);
  });
});

describe("work that may not stand still", () => {
  test("is ended when it has not moved for the limit, counted from its last move", async () => {
    const clock = new ManualClock();
    let touch = () => {};
    const working = withStallLimit({ clock, limit: 60_000, signal: never }, (watched) => {
      touch = watched.touch;
      return new Promise((_, reject) => watched.signal.addEventListener("abort", () => reject(watched.signal.reason)));
    });
    await clock.advance(50_000);
    touch();
    await clock.advance(59_000);
    expect(clock.sleeping).toBe(1);
    await clock.advance(1_000);
    expect(await working).toBe("stalled");
  });

  test("gives what it gives, and its own errors", async () => {
    const limits = { clock: new ManualClock(), limit: 60_000, signal: never };
    expect(await withStallLimit(limits, () => Promise.resolve(7))).toBe(7);
    await expect(withStallLimit(limits, () => Promise.reject(new Error("own")))).rejects.toThrow("own");
    expect(limits.clock.sleeping).toBe(0);
  });
});

test.each([
  { number: 1, least: 750, most: 1_000 },
  { number: 4, least: 6_000, most: 8_000 },
  { number: 20, least: 22_500, most: 30_000 },
])("the pause after attempt $number is from $least to $most ms", ({ number, least, most }) => {
  const pause = pauseAfter(number, { kind: "later", reason: "503" }, usualPatience);
  expect(pause).toBeGreaterThanOrEqual(least);
  expect(pause).toBeLessThanOrEqual(most);
});

test("a server that asks for more gets it", () => {
  expect(pauseAfter(1, { kind: "later", reason: "429", after: 55_000 }, usualPatience)).toBe(55_000);
});
