import { expect, test } from "vitest";
import { type Outcome, summarize } from "../../../scripts/story/load-result.ts";

const right = (sentAt: number, revision = "a"): Outcome => ({
  kind: "right",
  isStream: false,
  sentAt,
  endedAt: sentAt + 50,
  revision,
});
const unanswered = (sentAt: number): Outcome => ({ ...right(sentAt), kind: "unanswered", failure: "reset" });
const stream = (sentAt: number, kind: Outcome["kind"]): Outcome => ({
  kind,
  isStream: true,
  sentAt,
  endedAt: sentAt + 9_000,
  ...(kind === "right" ? {} : { failure: "cut" }),
});

test("answers are counted by the revision that gave them", () => {
  expect(summarize([right(0), right(100), right(200, "b")])).toMatchObject({
    sent: 3,
    failed: 0,
    byRevision: { a: 2, b: 1 },
  });
});

test("a request that fails among right answers is a failed one", () => {
  const seen = summarize([right(0), unanswered(100), right(200), right(2_000)]);
  expect(seen).toMatchObject({ failed: 1, failures: ["reset"], outageSeconds: 0, refused: 0 });
});

test("what nobody answered for more than a second is an outage, not failed requests", () => {
  const seen = summarize([right(0), unanswered(1_000), unanswered(2_000), right(4_950)]);
  expect(seen).toMatchObject({ failed: 0, outageSeconds: 4, refused: 2 });
});

test("an outage that has not ended lasts until the last request", () => {
  expect(summarize([right(0), unanswered(1_000), unanswered(3_950)])).toMatchObject({ outageSeconds: 3, refused: 2 });
});

test("a wrong answer is a failed one, in an outage too", () => {
  const wrong: Outcome = { ...right(1_500), kind: "wrong", failure: "49" };
  expect(summarize([right(0), unanswered(1_000), wrong, right(4_000)])).toMatchObject({
    failed: 1,
    wrong: 1,
    refused: 1,
  });
});

test("a stream that is cut is a failed request, whoever answers meanwhile", () => {
  expect(summarize([right(0), stream(0, "cut"), stream(0, "right"), right(9_000)])).toMatchObject({
    failed: 1,
    cutStreams: 1,
    wholeStreams: 1,
    outageSeconds: 0,
  });
});

test("a stream that found nobody in an outage is refused, not cut", () => {
  const refusedStream: Outcome = { ...unanswered(1_200), isStream: true };
  const seen = summarize([right(0), unanswered(1_000), refusedStream, right(4_950)]);
  expect(seen).toMatchObject({ failed: 0, cutStreams: 0, refused: 2 });
});
