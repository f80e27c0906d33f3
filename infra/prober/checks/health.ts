import { type Check, everyProfile, unanswered } from "../check.ts";

/**
 * A truthful `/health` sends a one-token generation through the scheduler and answers after a whole second at least.
 * @see sglang keye-vl-v2-30b-release, srt/entrypoints/http_server.py, health_generate
 */
const generationFloor = 900;

/** Asks `/health` once. */
export const health: Check = {
  name: "health",
  proves: "The server is past its warm-up, is not draining, and its scheduler answered within 20 s.",
  profiles: everyProfile,
  // The server itself gives up after 20 s; a shorter time would read a hang as no answer.
  timeoutSeconds: 25,
  async run(session, timeoutSeconds) {
    const result = await session.ask({ method: "GET", path: "/health", timeout: timeoutSeconds * 1000 });
    if (result.kind === "noAnswer") return unanswered("GET /health", result.reason);
    const facts = { status: result.status, tookMs: result.took };
    if (result.status === 503) {
      const meaning =
        result.took < 1000 ? "the server is still warming up, or draining" : "its scheduler has not answered for 20 s";
      return {
        outcome: "fail",
        reason: `GET /health: wanted 200, got 503 after ${result.took} ms: ${meaning}.`,
        facts,
      };
    }
    if (result.status === 404) {
      return { outcome: "skipped", reason: "GET /health: 404: this server has no health endpoint.", facts };
    }
    if (result.status !== 200) {
      return { outcome: "fail", reason: `GET /health: wanted 200, got ${result.status}.`, facts };
    }
    const shallow =
      result.took < generationFloor ? " That is too fast to have generated a token: it proves little." : "";
    return { outcome: "pass", reason: `GET /health: 200 after ${result.took} ms.${shallow}`, facts };
  },
};
