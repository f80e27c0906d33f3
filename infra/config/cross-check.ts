import type { ContractRead } from "./contracts/read-contract.ts";
import type { ConfigProblem } from "./problem.ts";
import type { StackConfig } from "./stack-config.ts";

/** A rule that the field table cannot hold: over several settings, or about what the rest of the house can do. */
export interface CrossCheck {
  /** Names the rule in problems and tests. */
  readonly name: string;
  /** What must hold, for docs/settings.md. */
  readonly sentence: string;
  /**
   * Paths of the settings that it reads; `[]` stands for any place in a list. It runs only where each of them has a
   * usable value, so it may not read others.
   */
  readonly reads: readonly string[];
  /**
   * Everything that is wrong, empty where nothing is. `contract` is what `engine.argumentsContract` stands for.
   * @default contract the one of the Keye branch
   */
  readonly find: (config: StackConfig, contract?: ContractRead) => readonly Finding[];
}

/** A problem as a cross-check reports it. */
export type Finding = Omit<ConfigProblem, "rule">;
