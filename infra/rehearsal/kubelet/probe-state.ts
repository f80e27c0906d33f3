/** One outcome of one attempt. */
export interface ProbeResult {
  readonly ok: boolean;
  /** Why it failed, as the kubelet words it. */
  readonly message: string;
}

/** Equal results in a row so far. */
export interface ProbeState {
  readonly ok: boolean;
  readonly run: number;
}

export interface Thresholds {
  readonly success: number;
  readonly failure: number;
}

/** Counts a result; `verdict` is there when a threshold has been reached, and on each further equal result. */
export function countResult(
  state: ProbeState | undefined,
  result: ProbeResult,
  thresholds: Thresholds,
): { readonly state: ProbeState; readonly verdict?: boolean } {
  const run = state?.ok === result.ok ? state.run + 1 : 1;
  const next: ProbeState = { ok: result.ok, run };
  const threshold = result.ok ? thresholds.success : thresholds.failure;
  return run >= threshold ? { state: next, verdict: result.ok } : { state: next };
}
