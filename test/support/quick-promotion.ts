import type { Setting } from "../../scripts/story/stack-file.ts";

/** Settings under which an update takes half the time and keeps no earlier revision: for tests of what surrounds the probes. */
export const quick: readonly Setting[] = [
  { path: ["engine", "podAnnotations", "rehearsal.keye-stack.dev/speed"], value: "600" },
  { path: ["gate", "profile"], value: "smoke" },
  { path: ["rollout", "keepRevisions"], value: 0 },
];

/** The settings of another revision, one for each number. */
export function quickRevision(number: number): readonly Setting[] {
  return [...quick, { path: ["engine", "maxRunningRequests"], value: number }];
}
