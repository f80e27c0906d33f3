import { describe, expect, test } from "vitest";
import { codeIn, endingOf } from "../../../scripts/matrix/ending.ts";
import { rejected } from "../../../scripts/matrix/expectations.ts";
import { deviations } from "../../../scripts/matrix/judge.ts";
import type { Played } from "../../../scripts/matrix/play.ts";
import { rowName } from "../../../scripts/matrix/row.ts";
import { allRows, selected } from "../../../scripts/matrix/rows.ts";
import { markdown } from "../../../scripts/matrix/table.ts";
import { summarize } from "../../../scripts/story/load-result.ts";

const asWanted: Played = {
  ends: "refused",
  code: "E_CRASH",
  verdictSeconds: 3,
  serves: "old",
  isParked: true,
  clients: summarize([]),
  next: "refused at once",
  nextCode: "E_CRASH",
  leftovers: [],
};
const expected = rejected("E_CRASH")("blueGreen", "upgrade");

describe("a row", () => {
  test("that went as the table of states says has no deviation", () => {
    expect(deviations(expected, asWanted)).toEqual([]);
  });

  test.each<[string, Partial<Played>, string]>([
    ["another ending", { ends: "promoted" }, "the update: wanted refused, got promoted"],
    ["another code", { code: "E_OOM" }, "its code: wanted E_CRASH, got E_OOM"],
    ["another revision that serves", { serves: "new" }, "serves: wanted old, got new"],
    ["a candidate that is not parked", { isParked: false }, "the candidate still holds GPUs"],
    [
      "a failed request",
      { clients: { ...summarize([]), failed: 1, failures: ["reset"] } },
      "1 client requests failed (0 wrong, 0 streams cut): reset",
    ],
    ["an outage", { clients: { ...summarize([]), outageSeconds: 2 } }, "nobody answered clients for 2 s"],
    [
      "another next update",
      { next: "promoted", nextCode: "E_CRASH" },
      "the next update: wanted refused at once, got promoted",
    ],
    ["what is left behind", { leftovers: ["abc"] }, "abc hold GPUs without serving"],
  ])("with %s deviates", (_name, change, deviation) => {
    expect(deviations(expected, { ...asWanted, ...change })).toEqual([deviation]);
  });

  test("of recreate may have an outage and requests that an ending engine did not answer, and no wrong answer", () => {
    const outage = { ...asWanted, clients: { ...summarize([]), outageSeconds: 9 } };
    const recreate = rejected("E_CRASH")("recreate", "upgrade");
    expect(deviations(recreate, outage)).toEqual([]);
    const withClients = (change: object) =>
      deviations(recreate, { ...outage, clients: { ...outage.clients, ...change } });
    expect(withClients({ failed: 1 })).toEqual([]);
    expect(withClients({ failed: 1, wrong: 1 })).toHaveLength(1);
    expect(withClients({ failed: 1, cutStreams: 1 })).toHaveLength(1);
  });
});

test.each([
  { exitCode: null, output: "[switch] keye: a -> b", ending: "killed" },
  { exitCode: 1, output: "E_PROBE: rejected 4 s ago, cool-down 60 s", ending: "refused at once" },
  { exitCode: 1, output: "[switch] keye: a -> b", ending: "refused" },
  { exitCode: 0, output: "[switch] keye: a -> b", ending: "promoted" },
  { exitCode: 0, output: "[observe] b serves; these probes have no pass on record", ending: "verified" },
  { exitCode: 0, output: "[observe] b serves and is proven by these probes", ending: "unchanged" },
  { exitCode: 0, output: "19 unchanged", ending: "unchanged" },
])("an update that ends with $exitCode and says $output came to $ending", ({ exitCode, output, ending }) => {
  expect(endingOf({ exitCode, output })).toBe(ending);
});

test.each([
  ["GATE_FAILED phase=ready code=E_IMAGE: x", "E_IMAGE"],
  ["E_CANCELLED phase=switch: x", "E_CANCELLED"],
  ["E_ROLLBACK_FAILED phase=soak code=E_POSTVERIFY: x", "E_ROLLBACK_FAILED"],
  ["error: E_CAPACITY: keye/keye-b: needs 2 replicas", "E_CAPACITY"],
  ["error: no promotion", ""],
])("%s is told by its code %s", (output, code) => {
  expect(codeIn(output)).toBe(code);
});

test("rows have names of their own, and are chosen by words in them", () => {
  const names = allRows().map(rowName);
  expect(new Set(names).size).toBe(names.length);
  expect(selected(["crash/recreate"]).map(rowName)).toEqual(["crash/recreate/upgrade"]);
});

test("the table has a line for each row that was played, and says what was not as wanted", () => {
  const [row] = selected(["crash/blueGreen/upgrade"]);
  if (row === undefined) throw new Error("no such row");
  const name = rowName(row);
  const table = markdown(allRows(), new Map([[name, { name, played: asWanted, deviations: ["a | b"], seconds: 9 }]]));
  expect(table.split("\n").at(-1)).toBe(
    "| the engine crashes while loading | blueGreen | upgrade | refused E_CRASH | old | none yet | 3.0 s | refused at once E_CRASH | **no**: a \\| b |",
  );
});
