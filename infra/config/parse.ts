import { DeployError } from "../core/errors.ts";
import { withComputed } from "./computed-settings.ts";
import { chooseContract } from "./contracts/choose-contract.ts";
import type { ContractRead, ReadBeside } from "./contracts/read-contract.ts";
import type { CrossCheck } from "./cross-check.ts";
import { crossChecks } from "./cross-checks.ts";
import { stackFields } from "./fields.ts";
import { type ConfigProblem, Findings } from "./problem.ts";
import { readStack } from "./read-group.ts";
import type { StackConfig } from "./stack-config.ts";

/** What parsing gives: the complete settings, or every problem. */
export type ParseResult =
  | { readonly kind: "ok"; readonly config: StackConfig }
  | { readonly kind: "problems"; readonly problems: readonly ConfigProblem[] };

/**
 * Reads the value of `keye-stack:stack`. Fills in defaults, refuses unknown settings, never turns one type into another,
 * and reports all problems at once: those of single settings in the order of the field table, then those of cross-checks
 * whose settings are all usable. `readBeside` gives the text of a file that a setting names; without it there is none.
 * Throws only what `readBeside` throws.
 */
export function parseConfig(value: unknown, readBeside: ReadBeside = () => undefined): ParseResult {
  const findings = new Findings();
  const read = readStack(stackFields, value, findings);
  // The table's type is FieldsFor<StackConfig>, so what is not broken has the type's shape; checks skip what is broken.
  const config = withComputed(read as StackConfig, findings);
  const contract = findings.isBroken("engine.argumentsContract")
    ? undefined
    : chooseContract(config.engine.argumentsContract, readBeside);
  const crossProblems = crossChecks
    .filter((check) => canRun(check, findings))
    .flatMap((check) => problemsOf(check, config, contract));
  const problems = [...findings.problems, ...crossProblems];
  return problems.length === 0 ? { kind: "ok", config } : { kind: "problems", problems };
}

function canRun(check: CrossCheck, findings: Findings): boolean {
  return !check.reads.some((path) => findings.isBroken(path));
}

function problemsOf(
  check: CrossCheck,
  config: StackConfig,
  contract: ContractRead | undefined,
): readonly ConfigProblem[] {
  return check.find(config, contract).map((finding) => ({ ...finding, rule: check.name }));
}

/** The problems as one `CONFIG_INVALID` whose text lists all of them, one a line. `where` is the file or stack. */
export function configError(problems: readonly ConfigProblem[], where: string): DeployError {
  return new DeployError({ code: "CONFIG_INVALID", where, message: problemsText(problems) });
}

/** The problems for people: a count, then one numbered line for each. */
export function problemsText(problems: readonly ConfigProblem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const lines = problems.map((problem, index) => `  ${index + 1}. ${problemLine(problem)}`);
  return [`${count} in the settings; docs/settings.md describes each.`, ...lines].join("\n");
}

/** One problem as a line for people, its path first. */
export function problemLine({ path, message, hint }: ConfigProblem): string {
  const setting = path === "" ? "keye-stack:stack" : path;
  return `${setting}: ${message}${hint === undefined ? "" : ` ${hint}`}`;
}
