import type { Milliseconds } from "../core/units.ts";
import { exchange } from "./http.ts";
import type { ProbeTarget } from "./target.ts";

/** The engine asks its scheduler, which may be busy with one long batch. */
const timeout: Milliseconds = 20_000;

/**
 * Requests that an engine runs or has waiting, by `GET /v1/loads` (sglang keye-vl-v2-30b-release,
 * srt/entrypoints/v1_loads.py): `aggregate.total_reqs`. Undefined for any other answer, and for none: an engine that was
 * built with a newer fastapi answers 500.
 */
export async function runningRequests(target: ProbeTarget, signal: AbortSignal): Promise<number | undefined> {
  const answer = await exchange(target, { method: "GET", path: "/v1/loads?include=core", timeout }, signal);
  if (answer.kind === "noAnswer" || answer.status !== 200 || answer.cut !== undefined) return undefined;
  try {
    const body: { readonly aggregate?: { readonly total_reqs?: unknown } } | null = JSON.parse(answer.body);
    const total = body?.aggregate?.total_reqs;
    return typeof total === "number" && Number.isInteger(total) && total >= 0 ? total : undefined;
  } catch {
    return undefined;
  }
}
