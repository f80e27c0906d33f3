import { expect, test } from "vitest";
import { compareLocks } from "../../../../infra/spec/lock/compare.ts";
import { emptyLock } from "../../../../infra/spec/lock/lock.ts";
import { commitOf, digestOf, fullLock } from "../../../support/locks.ts";

const resolvedAt = "2026-02-01T00:00:00Z";
const sglang = "https://github.com/Kwai-Keye/sglang.git#keye-vl-v2-30b-release";
const image = "kwaikeye/kwai-keye-vl:keye_vl_v2_30b_a3b";

test.each([
  { what: "nothing", next: fullLock, lines: [] },
  {
    what: "a moved branch",
    next: { ...fullLock, sources: { ...fullLock.sources, [sglang]: { commit: commitOf("5"), resolvedAt } } },
    lines: [`${sglang}: 1111111 -> 5555555`],
  },
  {
    what: "a moved tag",
    next: { ...fullLock, images: { ...fullLock.images, [image]: { digest: digestOf("e"), resolvedAt } } },
    lines: [`${image}: sha256:aaaaaaaaaaaa -> sha256:eeeeeeeeeeee`],
  },
  {
    what: "a new entry",
    next: { ...fullLock, weights: { "huggingface:a/b@main": { commit: commitOf("6"), resolvedAt } } },
    lines: ["huggingface:a/b@main: none -> 6666666"],
  },
  {
    what: "an entry that is gone",
    next: { ...fullLock, sources: {} },
    lines: Object.entries(fullLock.sources)
      .sort()
      .map(([key, { commit }]) => `${key}: ${commit.slice(0, 7)} -> none`),
  },
  {
    what: "a later look at the same",
    next: { ...fullLock, images: { ...fullLock.images, [image]: { digest: digestOf("a"), bytes: 1, resolvedAt } } },
    lines: [],
  },
])("$what is told in a line each", ({ next, lines }) => {
  expect(compareLocks(fullLock, next)).toEqual(lines);
});

test("an empty lock has nothing to tell", () => {
  expect(compareLocks(emptyLock, emptyLock)).toEqual([]);
});
