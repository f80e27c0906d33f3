import { toolsImage } from "../../test/support/weights-settings.ts";
import type { Setting } from "../story/stack-file.ts";
import type { Strategy } from "./row.ts";

/** The rehearsal's stack with short times: engines that load in a second, and probes of the profile `smoke`. */
const quick: readonly Setting[] = [
  { path: ["engine", "podAnnotations", "rehearsal.keye-stack.dev/speed"], value: "240" },
  { path: ["gate", "profile"], value: "smoke" },
  { path: ["rollout", "cooldownSeconds"], value: 3600 },
  { path: ["engine", "startupSeconds"], value: 120 },
  { path: ["rollout", "deadlines", "readySeconds"], value: 150 },
  { path: ["rollout", "deadlines", "probeSeconds"], value: 90 },
  { path: ["rollout", "deadlines", "verifySeconds"], value: 60 },
  { path: ["rollout", "deadlines", "soakSeconds"], value: 3 },
  { path: ["rollout", "deadlines", "drainSeconds"], value: 2 },
  { path: ["rollout", "deadlines", "drainLimitSeconds"], value: 60 },
  { path: ["rollout", "deadlines", "totalSeconds"], value: 900 },
];

/** A runner that dies in the gap is missed after so long. */
const watched: readonly Setting[] = [
  { path: ["toolsImage"], value: toolsImage },
  { path: ["rollout", "watchdogSeconds"], value: 15 },
];

/** Settings of every revision of the matrix that is rolled out by this strategy. */
export function settingsOf(strategy: Strategy): readonly Setting[] {
  const own = strategy === "recreate" ? watched : [];
  return [...quick, ...own, { path: ["rollout", "strategy"], value: strategy }];
}

/** Makes another revision of any settings. */
export function anotherRevision(number: number): Setting {
  return { path: ["engine", "maxRunningRequests"], value: number };
}
