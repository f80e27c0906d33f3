import type { Milliseconds } from "../../core/units.ts";
import { freshQuestion } from "../arithmetic.ts";
import { chatRequest } from "../chat.ts";
import { type Check, type Finding, unanswered } from "../check.ts";
import { modelOf } from "../expectations.ts";
import type { Exchange } from "../http.ts";
import type { Session } from "../session.ts";

/** Times that health is asked: an honest 200 takes a second each. */
const rounds = 3;
/** Requests that keep the engine busy meanwhile. */
const lanes = 2;
/** A pause between the questions of one lane, so that they load the engine without filling it. */
const pause: Milliseconds = 100;

/** Asks `/health` several times while the engine answers other questions. */
export const healthWindow: Check = {
  name: "health-window",
  proves: "The engine stays healthy while it works; busy is told from dead.",
  profiles: ["gate", "soak"],
  // The server itself gives up after 20 s.
  timeoutSeconds: 25,
  async run(session, timeoutSeconds) {
    const timeout = timeoutSeconds * 1000;
    const work = { isOver: false, answered: 0 };
    const busy = Promise.allSettled(Array.from({ length: lanes }, () => keepBusy(session, work, timeout)));
    try {
      return await watch(session, work, timeout);
    } finally {
      work.isOver = true;
      await busy;
    }
  },
};

/** What `/health` said once, and whether other requests were answered meanwhile. */
export interface HealthSighting {
  readonly result: Exchange;
  readonly hadProgress: boolean;
}

async function watch(session: Session, work: { readonly answered: number }, timeout: Milliseconds): Promise<Finding> {
  const sightings: HealthSighting[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = work.answered;
    const result = await session.ask({ method: "GET", path: "/health", timeout });
    sightings.push({ result, hadProgress: work.answered > before });
    const finding = judgeWindow(sightings, rounds);
    if (finding !== undefined) return finding;
  }
  return { outcome: "error", reason: "GET /health was never asked." };
}

/**
 * Judges a window of health answers, oldest first; undefined while the next one still counts.
 *
 * A slow 200 is healthy. One 503 is enough to fail: a server says it only while it starts, drains, or hangs. No answer while
 * other requests are answered is busy or blocked, not dead: most of the window must still be 200.
 */
export function judgeWindow(sightings: readonly HealthSighting[], size: number): Finding | undefined {
  const last = sightings.at(-1);
  if (last === undefined) return undefined;
  const { result } = last;
  const nth = `GET /health, question ${sightings.length} of ${size}`;
  if (result.kind === "noAnswer") {
    if (!last.hadProgress) return unanswered(nth, `${result.reason}, and no other request was answered meanwhile`);
  } else if (result.status === 404) {
    return { outcome: "skipped", reason: "GET /health: 404: this server has no health endpoint." };
  } else if (result.status !== 200) {
    return { outcome: "fail", reason: `${nth}: wanted 200, got ${result.status} after ${result.took} ms.` };
  }
  if (sightings.length < size) return undefined;
  const healthy = sightings.filter((sighting) => sighting.result.kind === "answer").length;
  const slowestMs = Math.max(...sightings.map((sighting) => sighting.result.took));
  const facts = { healthy, busyOrBlocked: size - healthy, slowestMs };
  const moved = sightings.some(({ hadProgress }) => hadProgress) ? "other requests were" : "no other request was";
  const counts = `${healthy} of ${size} healthy, the slowest after ${slowestMs} ms; ${moved} answered meanwhile`;
  if (healthy > size / 2) return { outcome: "pass", reason: `${counts}.`, facts };
  return { outcome: "error", reason: `${counts}; the others are busy or blocked: more than half must be 200.`, facts };
}

async function keepBusy(
  session: Session,
  work: { readonly isOver: boolean; answered: number },
  timeout: Milliseconds,
): Promise<void> {
  while (!work.isOver) {
    const { prompt } = freshQuestion(session.random);
    const result = await session.ask(chatRequest(modelOf(session.spec), prompt, { stream: false, timeout }));
    // Whether the answer is right is the business of other checks; here it only shows that the engine moves.
    if (result.kind === "answer" && result.status === 200) work.answered++;
    await session.clock.sleep(pause);
  }
}
