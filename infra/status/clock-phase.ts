import type { ClockPhase } from "../core/phase-budgets.ts";
import type { PodStatus } from "./pod-status.ts";
import type { StartupPhase } from "./startup-phase.ts";

/** Which phase of the clock each stage of an engine's start belongs to. `ready` belongs to none: the start is over. */
const ofStartup: Readonly<Record<Exclude<StartupPhase, "ready">, ClockPhase>> = {
  process: "load",
  args: "load",
  "dist-init": "load",
  load: "load",
  "memory-pool": "graphs",
  graphs: "graphs",
  "http-up": "warm-up",
  "warm-up": "warm-up",
};

/** The phase of the clock that a pod is in. Undefined for one that is ready, ends, or has failed. */
export function clockPhaseOf({ phase, progress }: PodStatus): ClockPhase | undefined {
  switch (phase) {
    case "pending":
    case "scheduling":
      return "schedule";
    case "pulling":
    case "creating":
      return "pull";
    case "starting": {
      if (progress?.isCompiling === true) return "jit";
      const stage = progress?.phase ?? "process";
      return stage === "ready" ? "warm-up" : ofStartup[stage];
    }
    case "ready":
    case "terminating":
    case "failed":
      return undefined;
    default:
      return phase satisfies never;
  }
}
