import type { Seconds } from "../core/units.ts";
import { budgetInputs, phaseBudgets, readySecondsOf, startupSecondsOf, totalSecondsOf } from "./phase-budgets.ts";
import type { Findings } from "./problem.ts";
import type { StackConfig } from "./stack-config.ts";

/** A setting whose default follows from other settings. */
interface ComputedSetting {
  /** Group and name of the setting, all plain names. */
  readonly path: readonly [...groups: string[], name: string];
  /** Paths of the settings that it follows from: without a usable value of each, it has none either. */
  readonly reads: readonly string[];
  compute(config: StackConfig): Seconds;
}

/** In the order in which they follow from one another. */
const computedSettings: readonly ComputedSetting[] = [
  {
    path: ["engine", "startupSeconds"],
    reads: budgetInputs,
    compute: (config) => startupSecondsOf(phaseBudgets(config)),
  },
  {
    path: ["rollout", "deadlines", "readySeconds"],
    reads: [...budgetInputs, "engine.startupSeconds"],
    compute: (config) => readySecondsOf(phaseBudgets(config), config.engine.startupSeconds),
  },
  {
    path: ["rollout", "deadlines", "totalSeconds"],
    reads: ["rollout.deadlines", "engine.cacheVolume", "replicas", "supply", "model.weights"],
    compute: (config) => totalSecondsOf(config, config.rollout.deadlines),
  },
];

/** Fills in what was not given and follows from what was. What cannot be computed counts as broken, without a problem. */
export function withComputed(config: StackConfig, findings: Findings): StackConfig {
  return computedSettings.reduce((filled, { path, reads, compute }) => {
    if (findings.isBroken(path.join(".")) || valueAt(filled, path) !== undefined) return filled;
    if (reads.some((read) => findings.isBroken(read))) {
      findings.markBroken(path.join("."));
      return filled;
    }
    // The same shape with one field more, which the type has.
    return withValue(filled, path, compute(filled)) as StackConfig;
  }, config);
}

function valueAt(value: unknown, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined) return value;
  return isObject(value) ? valueAt(value[step], rest) : undefined;
}

function withValue(value: unknown, [step, ...rest]: readonly string[], leaf: unknown): unknown {
  if (step === undefined) return leaf;
  const fields = isObject(value) ? value : {};
  return { ...fields, [step]: withValue(fields[step], rest, leaf) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
