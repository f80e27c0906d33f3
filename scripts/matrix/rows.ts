import { faults } from "./faults.ts";
import { type Deploy, type Fault, type Row, rowName, type Strategy } from "./row.ts";

const strategies: readonly Strategy[] = ["blueGreen", "canary", "recreate"];

/** Every row of the matrix: first deploys before upgrades, and of those the ones first that leave nothing serving. */
export function allRows(): readonly Row[] {
  const rows = faults.flatMap(rowsOf);
  const first = rows.filter(({ deploy }) => deploy === "first");
  const isServingAfter = (row: Row) =>
    row.fault.expect(row.strategy, row.deploy).next.some((ending) => ending !== "refused at once");
  return [
    ...first.filter((row) => !isServingAfter(row)),
    ...first.filter(isServingAfter),
    ...strategies.flatMap((strategy) =>
      rows.filter((row) => row.deploy === "upgrade" && row.strategy === strategy && !row.fault.spoils),
    ),
    ...rows.filter((row) => row.fault.spoils),
  ];
}

/** The rows whose names contain one of the words; all where none is given. */
export function selected(words: readonly string[]): readonly Row[] {
  return allRows().filter((row) => words.length === 0 || words.some((word) => rowName(row).includes(word)));
}

/** A first deploy is the same in every strategy, so it is played in one. */
function rowsOf(fault: Fault): readonly Row[] {
  const { deploys = ["first", "upgrade"] as readonly Deploy[] } = fault;
  const own = strategies.filter((strategy) => (fault.strategies ?? strategies).includes(strategy));
  return deploys.flatMap((deploy) =>
    own
      .filter((strategy) => deploy === "upgrade" || strategy === own[0])
      .map((strategy) => ({ fault, strategy, deploy })),
  );
}
