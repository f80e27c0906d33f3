import { describe, expect, test } from "vitest";
import { isSameTraffic, type Traffic, trafficOf, trafficSelector } from "../../../infra/core/traffic.ts";

const ramp: Traffic = { kind: "ramp", from: "aaaaaaaaaa", to: "bbbbbbbbbb" };

describe("traffic", () => {
  test.each<Traffic>([{ kind: "none" }, { kind: "revision", revision: "aaaaaaaaaa" }, ramp])(
    "is read off the selector that it was written as: %j",
    (traffic) => {
      const { label, value } = trafficSelector(traffic);
      expect(trafficOf({ "app.kubernetes.io/instance": "keye", [label]: value })).toEqual(traffic);
    },
  );

  test.each([
    { why: "there is no selector", selector: undefined },
    { why: "it names nothing of ours", selector: { app: "other" } },
    { why: "a ramp has one end only", selector: { "keye-stack.dev/ramp": "aaaaaaaaaa" } },
    { why: "a ramp has three ends", selector: { "keye-stack.dev/ramp": "a.b.c" } },
  ])("is none where $why", ({ selector }) => {
    expect(trafficOf(selector)).toEqual({ kind: "none" });
  });

  test("of a ramp is not that of its end", () => {
    expect(isSameTraffic(ramp, ramp)).toBe(true);
    expect(isSameTraffic(ramp, { kind: "revision", revision: ramp.to })).toBe(false);
  });
});
