import type { ServerArgs } from "../server-args.ts";
import type { Exchange } from "./exchange.ts";

/** Endpoints that ask for the admin key where one is set. */
const admin =
  /^\/(flush_cache|(start|stop)_profile|abort_request|pause_generation|continue_generation|set_internal_state)/;

/**
 * Whether a request may pass. OPTIONS, /health… and /metrics… are open to all; the key must come as `Bearer`.
 *
 * @see sglang keye-vl-v2-30b-release, `srt/utils/auth.py`
 */
export function isAuthorized(args: ServerArgs, exchange: Exchange): boolean {
  if (exchange.method === "OPTIONS" || /^\/(health|metrics)/.test(exchange.path)) return true;
  const wanted = admin.test(exchange.path) ? (args.adminApiKey ?? args.apiKey) : args.apiKey;
  return wanted === undefined || exchange.header("authorization") === `Bearer ${wanted}`;
}
