import { afterAll, expect, test } from "vitest";
import { Lane } from "../../scripts/matrix/lane.ts";
import { rowName } from "../../scripts/matrix/row.ts";
import { allRows } from "../../scripts/matrix/rows.ts";

/** Of each strategy what tells most; `npm run test:matrix` plays all. */
const some = [
  "none/blueGreen/first",
  "wrong-answer/blueGreen/upgrade",
  "runner-killed-after-switched/blueGreen/upgrade",
  "none/canary/upgrade",
  "wrong-answer/canary/upgrade",
  "crash/recreate/upgrade",
];

const outputs: string[] = [];
const lane = new Lane(100, (_name, output) => outputs.push(output), new AbortController().signal);

afterAll(() => lane.end());

test.each(
  allRows()
    .filter((row) => some.includes(rowName(row)))
    .map((row) => [rowName(row), row] as const),
)("%s ends as the table of states says, with clients under load", async (_name, row) => {
  const { deviations } = await lane.play(row);
  expect(deviations, outputs.splice(0).join("\n")).toEqual([]);
});
