import type { ProbeSpec } from "../core/probe-spec.ts";

/** Passes in a row that an answer check needs. */
export function roundsOf(spec: ProbeSpec): number {
  return spec.consecutivePasses ?? (spec.profile === "smoke" ? 1 : 3);
}

/** The model name to send: the served one; empty, which SGLang accepts, where none is expected. */
export function modelOf(spec: ProbeSpec): string {
  return spec.expectation.servedModelName ?? "";
}
