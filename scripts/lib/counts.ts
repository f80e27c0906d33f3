/** How many checks came out how. A Vitest run counts its tests; any other command counts as one. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The sum of some counts. */
export function total(counts: readonly Counts[]): Counts {
  const sum = (of: (each: Counts) => number) => counts.reduce((before, each) => before + of(each), 0);
  return {
    passed: sum((each) => each.passed),
    failed: sum((each) => each.failed),
    skipped: sum((each) => each.skipped),
  };
}

/** The plain closing line: `N passed, N failed`, with `, N skipped` where some were. */
export function closingLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** The part of Vitest's JSON report that is read here. */
export interface VitestReport {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/**
 * The counts of a Vitest run. A file that failed without a failed test, such as one that does not load, counts as one,
 * and so does a run that failed for a reason outside all files.
 */
export function countsOf(report: VitestReport): Counts {
  const tests = report.testResults.flatMap((file) => file.assertionResults.map((test) => test.status));
  const count = (status: string) => tests.filter((each) => each === status).length;
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  );
  const failed = count("failed") + brokenFiles.length;
  return {
    passed: count("passed"),
    failed: report.success ? failed : Math.max(1, failed),
    skipped: skippedTests(report).length,
  };
}

/** Full names of the tests that did not run. */
export function skippedTests(report: VitestReport): readonly string[] {
  const didNotRun = ["pending", "skipped", "todo", "disabled"];
  return report.testResults.flatMap((file) =>
    file.assertionResults.filter((test) => didNotRun.includes(test.status)).map((test) => test.fullName),
  );
}
