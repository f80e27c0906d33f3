import { planVideo } from "../../core/visual-tokens.ts";
import type { Check, Finding } from "../check.ts";
import { askAbout, growthFlaw, mediaPart, type TokenRange } from "../media/ask.ts";
import { authorsVideoLimits } from "../media/authors-requests.ts";
import { encodeAvi, type Film } from "../media/avi.ts";
import { dataUrl, encodePng } from "../media/encode.ts";
import { type ColourName, colourNames, coloursIn, pick } from "../media/palette.ts";
import { colourFilm } from "../media/scenes.ts";
import type { Session } from "../session.ts";
import { shorten } from "../text.ts";

const text =
  "The video shows one colour after another. List the colours in the order in which they appear, names only.";
/** Tokens of a frame beside its visual ones: its time and its marks. */
const perFrame = 16;

/** Shows a film and the same film backwards: whoever sees frames without their order gets one of them wrong. */
export const video: Check = {
  name: "video",
  proves:
    "Videos are decoded, and their frames seen in order, with the authors' frame rate and pixel limits. " +
    "The first video of a server takes long, since it starts a reader for it: this is the one, so that no user waits for it.",
  profiles: ["gate", "soak"],
  timeoutSeconds: 120,
  async run(session, timeoutSeconds): Promise<Finding> {
    const timeout = timeoutSeconds * 1000;
    const without = await askAbout(session, { text, media: [] }, timeout);
    if ("outcome" in without) return { ...without, reason: `The question without a video: ${without.reason}` };
    const order = pick(colourNames, 4, session.random);
    const first = await showFilm(session, order, without.promptTokens, timeout);
    if (first.outcome !== "pass") return { ...first, reason: `The first video: ${first.reason}` };
    const second = await showFilm(session, order.toReversed(), without.promptTokens, timeout);
    if (second.outcome !== "pass") return { ...second, reason: `The same frames backwards: ${second.reason}` };
    const firstTookMs = first.facts?.tookMs ?? null;
    const tookMs = second.facts?.tookMs ?? null;
    const reason = `${order.join(", ")} and backwards; ${firstTookMs} ms for the first video, ${tookMs} ms for the second.`;
    return { outcome: "pass", reason, facts: { ...second.facts, firstTookMs } };
  },
};

async function showFilm(
  session: Session,
  order: readonly ColourName[],
  tokensWithout: number,
  timeout: number,
): Promise<Finding> {
  const film = colourFilm(order);
  showFrames(session, film, order);
  const media = [mediaPart("video", dataUrl("video/x-msvideo", encodeAvi(film)), authorsVideoLimits)];
  const answer = await askAbout(session, { text, media }, timeout);
  if ("outcome" in answer) return answer;
  const expected = order.join(", ");
  const grown = answer.promptTokens - tokensWithout;
  const facts = { expected, got: shorten(answer.text), grownTokens: grown, tookMs: answer.took };
  const flaw = growthFlaw(grown, filmTokens(film), `a video of ${film.frames.length} frames`);
  if (flaw !== undefined) return { outcome: "fail", reason: `${flaw}.`, facts };
  if (coloursIn(answer.text).join(", ") !== expected) {
    return { outcome: "fail", reason: `wanted ${expected}, got "${shorten(answer.text, 80)}".`, facts };
  }
  return { outcome: "pass", reason: `${expected}.`, facts };
}

/** By how much a film makes a prompt grow. A reader may end one frame earlier or later than the arithmetic. */
function filmTokens({ frames, framesPerSecond }: Film): TokenRange {
  const { width, height } = frames[0] ?? { width: 0, height: 0 };
  const plan = planVideo({ width, height, framesPerSecond, frameCount: frames.length }, authorsVideoLimits);
  const count = plan.frames.length;
  return { least: (count - 1) * plan.tokensPerFrame, most: (count + 1) * (plan.tokensPerFrame + perFrame) };
}

/** One picture for each scene. */
function showFrames(session: Session, film: Film, order: readonly ColourName[]): void {
  if (!session.isWatched) return;
  for (const [index, frame] of [...new Set(film.frames)].entries()) {
    const shows = `scene ${index + 1} of ${order.length}: ${order[index]}`;
    session.show({ check: "video", mime: "image/png", bytes: encodePng(frame), shows });
  }
}
