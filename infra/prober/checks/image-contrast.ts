import type { Check, Finding } from "../check.ts";
import { askAbout, mediaPart } from "../media/ask.ts";
import type { Shape } from "../media/canvas.ts";
import { dataUrl, encodeJpeg } from "../media/encode.ts";
import { colourNames, coloursIn, pick } from "../media/palette.ts";
import { shapeScene } from "../media/scenes.ts";
import { shorten } from "../text.ts";

const shapes: readonly Shape[] = ["circle", "square", "triangle"];

/** Asks one question about two pictures that differ in their colour alone. */
export const imageContrast: Check = {
  name: "image-contrast",
  proves: "The picture decides the answer: one question about two pictures gets two different answers, both right.",
  profiles: ["gate", "soak"],
  timeoutSeconds: 60,
  async run(session, timeoutSeconds): Promise<Finding> {
    const [shape = "circle"] = pick(shapes, 1, session.random);
    const text = `What colour is the ${shape} in the picture? Answer with one word.`;
    const pair = pick(colourNames, 2, session.random);
    const got: string[] = [];
    for (const colour of pair) {
      const bytes = encodeJpeg(shapeScene(shape, colour));
      session.show({ check: "image-contrast", mime: "image/jpeg", bytes, shows: `${colour} ${shape} on white` });
      const media = [mediaPart("image", dataUrl("image/jpeg", bytes))];
      const answer = await askAbout(session, { text, media }, timeoutSeconds * 1000);
      if ("outcome" in answer) return { ...answer, reason: `A ${colour} ${shape}: ${answer.reason}` };
      got.push(shorten(answer.text, 60));
      const facts = { question: text, expected: pair.join(", "), got: got.join(", "), tookMs: answer.took };
      // Both names in one answer would be right for both pictures.
      if (coloursIn(answer.text).join(", ") !== colour) {
        const reason = `A ${colour} ${shape} on white: wanted ${colour}, got "${shorten(answer.text, 80)}".`;
        return { outcome: "fail", reason, facts };
      }
    }
    const facts = { question: text, expected: pair.join(", "), got: got.join(", ") };
    return { outcome: "pass", reason: `One question, two pictures: ${pair.join(" and ")}.`, facts };
  },
};
