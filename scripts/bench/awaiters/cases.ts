import type { Setting } from "../../story/stack-file.ts";

/** One way a rollout can be lost. */
export interface AwaiterCase {
  /** For the table. */
  readonly name: string;
  /** Namespace of the tools that are compared with. */
  readonly namespace: string;
  readonly changes: readonly Setting[];
  /** Whether the namespace has no GPUs left for a candidate. */
  readonly hasQuota?: boolean;
  /** Whether nothing shows in the cluster, so that the start is what counts. */
  readonly isSilent?: boolean;
}

function scripted(name: string, fault: string): AwaiterCase {
  const path = ["engine", "podAnnotations", "rehearsal.keye-stack.dev/fault"];
  return { name, namespace: `await-${fault.replace(/:.*/, "")}`, changes: [{ path, value: fault }] };
}

/** A class of faults each. */
export const awaiterCases: readonly AwaiterCase[] = [
  scripted("image not in the registry", "image-not-found"),
  scripted("crash while loading", "crash-while-loading"),
  scripted("GPU memory ends while loading", "oom-load"),
  {
    name: "no node has room",
    namespace: "await-unschedulable",
    changes: [{ path: ["engine", "resources", "cpu"], value: "500" }],
  },
  {
    name: "quota leaves no GPUs",
    namespace: "await-quota",
    changes: [{ path: ["model", "servedName"], value: "keye" }],
    hasQuota: true,
  },
  { ...scripted("loads for ever, never ready", "slow-load:100000"), isSilent: true },
  scripted("hangs while its health check says 200", "dead-scheduler"),
  scripted("wrong answers", "wrong-answer"),
];
