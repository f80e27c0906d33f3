import { imageTokens } from "../../core/visual-tokens.ts";
import type { Check, Finding } from "../check.ts";
import { roundsOf } from "../expectations.ts";
import { askAbout, growthFlaw, mediaPart } from "../media/ask.ts";
import { dataUrl, encodePng } from "../media/encode.ts";
import { codeScene, freshCode, givesCode } from "../media/scenes.ts";
import type { Session } from "../session.ts";
import { shorten } from "../text.ts";

const text = "Which code is written in the picture? Answer with the code only.";
/** Tokens around a picture beside its visual ones: opening and closing marks, a line end. */
const marks = 8;

/** Draws fresh codes and has them read; each must make the prompt grow as the fork's arithmetic says. */
export const image: Check = {
  name: "image",
  proves:
    "Pictures reach the model and are seen: fresh codes are read, and each costs the tokens that its size asks for.",
  profiles: ["gate", "soak"],
  timeoutSeconds: 60,
  async run(session, timeoutSeconds): Promise<Finding> {
    const timeout = timeoutSeconds * 1000;
    const without = await askAbout(session, { text, media: [] }, timeout);
    if ("outcome" in without) return { ...without, reason: `The question without a picture: ${without.reason}` };
    const rounds = roundsOf(session.spec);
    let last: Finding = { outcome: "error", reason: "No picture was sent." };
    for (let round = 1; round <= rounds; round++) {
      last = await showOne(session, without.promptTokens, timeout);
      if (last.outcome !== "pass") return { ...last, reason: `Picture ${round} of ${rounds}: ${last.reason}` };
    }
    return { ...last, reason: `${rounds} of ${rounds} fresh codes read; the last: ${last.reason}` };
  },
};

async function showOne(session: Session, tokensWithout: number, timeout: number): Promise<Finding> {
  const code = freshCode(session.random);
  const scene = codeScene(code, session.random);
  const bytes = encodePng(scene);
  session.show({ check: "image", mime: "image/png", bytes, shows: `code ${code}, black on white` });
  const media = [mediaPart("image", dataUrl("image/png", bytes))];
  const answer = await askAbout(session, { text, media }, timeout);
  if ("outcome" in answer) return answer;
  const least = imageTokens(scene, undefined);
  const grown = answer.promptTokens - tokensWithout;
  const facts = {
    expected: code,
    got: shorten(answer.text),
    visualTokens: least,
    grownTokens: grown,
    tookMs: answer.took,
  };
  const size = `a picture of ${scene.width} by ${scene.height}`;
  const flaw = growthFlaw(grown, { least, most: least + marks }, size);
  if (flaw !== undefined) return { outcome: "fail", reason: `${flaw}.`, facts };
  if (!givesCode(answer.text, code)) {
    return { outcome: "fail", reason: `wanted ${code}, got "${shorten(answer.text, 80)}".`, facts };
  }
  return { outcome: "pass", reason: `${code} in ${answer.took} ms, ${grown} tokens more than without.`, facts };
}
