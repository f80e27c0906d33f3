import { nearest } from "../config/suggest.ts";
import type { Check } from "../prober/check.ts";
import { golden } from "../prober/checks/golden.ts";
import { checks as builtIn } from "../prober/suite.ts";
import { readUserSuite } from "../prober/user-suite/read-suite.ts";
import { usageError } from "./flags.ts";
import type { ProbeFlags } from "./probe-flags.ts";

/**
 * The checks that a run asks, in order: those of the suite, then the user's. Throws `CONFIG_USAGE` for a name that none
 * has, or where nothing is left to ask, and what {@link readUserSuite} throws.
 */
export function chooseChecks({ choice, spec, suite, baseline }: ProbeFlags): readonly Check[] {
  const taken = builtIn.map(({ name }) => name);
  const all = [...builtIn, ...(suite === undefined ? [] : readUserSuite(suite, taken))];
  for (const flag of ["only", "exclude"] as const) {
    for (const name of choice[flag]) requireName(flag, name, all);
  }
  const chosen = all.filter(
    ({ name }) => (choice.only.length === 0 || choice.only.includes(name)) && !choice.exclude.includes(name),
  );
  const asked = chosen.filter(({ profiles }) => profiles.includes(spec.profile));
  if (asked.length === 0) {
    throw usageError("probe", `--only and --exclude leave no check to ask in profile ${spec.profile}.`);
  }
  if (baseline !== undefined && !asked.includes(golden)) {
    throw usageError(
      "probe",
      `--baseline: ${golden.name} compares with it, which this run leaves out; it is asked in ${golden.profiles.join(", ")}.`,
    );
  }
  const absent = choice.only.find((name) => !asked.some((check) => check.name === name));
  if (absent !== undefined && !choice.exclude.includes(absent)) {
    const profiles = all.find(({ name }) => name === absent)?.profiles.join(", ");
    throw usageError("probe", `--only ${absent}: not part of profile ${spec.profile}; it is asked in ${profiles}.`);
  }
  return asked;
}

function requireName(flag: string, name: string, all: readonly Check[]): void {
  const names = all.map((check) => check.name);
  if (names.includes(name)) return;
  const guess = nearest(name, names);
  const meant = guess === undefined ? "" : ` Did you mean ${guess}?`;
  throw usageError("probe", `--${flag}: no check "${name}"; there are ${names.join(", ")}.${meant}`);
}
