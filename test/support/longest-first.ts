import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files of the cluster tier that take longer than 100 s, the longest first: one that began among the last would run on
 * alone, with the other workers idle. Seconds are about those of a run of the whole tier on two cores. Vitest itself orders
 * by the results of an earlier run, which a new clone does not have.
 */
const longestFiles: readonly { readonly file: string; readonly seconds: number }[] = [
  { file: "fault-matrix", seconds: 337 },
  { file: "watchdog", seconds: 304 },
  { file: "rollback", seconds: 289 },
  { file: "promotion-story", seconds: 241 },
  { file: "promotion-recreate", seconds: 238 },
  { file: "source-build", seconds: 203 },
  { file: "rehearse-from-context", seconds: 200 },
  { file: "groups", seconds: 189 },
  { file: "promotion-outage", seconds: 180 },
  { file: "promotion-fencing", seconds: 179 },
  { file: "promotion-kill", seconds: 156 },
  { file: "promotion-cancel", seconds: 151 },
  { file: "supply", seconds: 131 },
  { file: "promotion-selector", seconds: 122 },
  { file: "promotion-continue-on-error", seconds: 118 },
  { file: "watchdog-real-pod", seconds: 108 },
  { file: "headroom", seconds: 106 },
  { file: "promotion-destroy", seconds: 106 },
  { file: "promotion-concurrent", seconds: 104 },
];

const places = longestFiles.map(({ file }) => `/test/cluster/${file}.test.ts`);

/** Runs the longest files first; the others follow in Vitest's own order. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = places.findIndex((path) => moduleId.endsWith(path));
  return place < 0 ? places.length : place;
}
