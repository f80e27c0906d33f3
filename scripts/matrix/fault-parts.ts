import type { Setting } from "../story/stack-file.ts";

/** What the rehearsal's kubelets and engines play. */
export function plays(fault: string): readonly Setting[] {
  return [{ path: ["engine", "podAnnotations", "rehearsal.keye-stack.dev/fault"], value: fault }];
}

export function deadline(name: string, value: number): Setting {
  return { path: ["rollout", "deadlines", name], value };
}

/** The engine may start for so long, and the candidate as a whole. */
export function startsWithin(seconds: number): readonly Setting[] {
  return [{ path: ["engine", "startupSeconds"], value: seconds }, deadline("readySeconds", seconds)];
}

/** Lines of a run after which a phase is over. */
export const line = {
  observe: /\[observe\] /,
  preflight: /\[preflight\] needs/,
  scale: /\[scale\] keye-\w+: /,
  starting: /\[ready\] keye-\S+: /,
  ready: /\[ready\] \d+ of \d+ pods ready/,
  probing: /\[probe\] .*(identity|text) pass/,
  proven: /\[probe\] \S+ proven/,
  recheck: /\[recheck\] /,
  switched: /\[switch\] .* -> /,
  endpoints: /\[endpoints\] exactly/,
  traffic: /\[traffic\] \d+ of \d+/,
  soak: /\[soak\] \d+ s without/,
  retire: /\[retire\] .* to 0 replicas/,
  evidence: /\[evidence\] ConfigMap rollgate-keye-[0-9a-f]{10}-/,
} as const;

/** For what strikes an old revision: there is none in a first deploy. */
export const upgrade = ["upgrade"] as const;
