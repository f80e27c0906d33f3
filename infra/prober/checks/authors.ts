import type { Check, Finding } from "../check.ts";
import { degeneration } from "../degenerate.ts";
import { modelOf } from "../expectations.ts";
import { askBody } from "../media/ask.ts";
import { authorsImageBody, authorsVideoBody, authorsVideoMaxTokens } from "../media/authors-requests.ts";
import { encodeAvi } from "../media/avi.ts";
import { dataUrl, encodePng } from "../media/encode.ts";
import { colourFilm, shapeScene } from "../media/scenes.ts";
import { shorten } from "../text.ts";

/** Room that the authors' video request needs: its answer, and a short film. */
const leastContext = authorsVideoMaxTokens + 4096;
const fewestWords = 4;

/** Sends the model authors' two example requests, field by field, with media of our own. */
export const authors: Check = {
  name: "authors",
  proves:
    "The model authors' own image and video requests are accepted as they are written and answered with sensible text.",
  profiles: ["gate", "soak"],
  timeoutSeconds: 120,
  async run(session, timeoutSeconds): Promise<Finding> {
    const { contextLength } = session.spec.expectation;
    if (contextLength !== undefined && contextLength < leastContext) {
      const reason = `The authors' requests need a context of ${leastContext} tokens, ${contextLength} are declared.`;
      return { outcome: "skipped", reason };
    }
    const model = modelOf(session.spec);
    const picture = encodePng(shapeScene("circle", "red"));
    const film = encodeAvi(colourFilm(["red", "green", "blue"]));
    session.show({ check: "authors", mime: "image/png", bytes: picture, shows: "red circle on white" });
    const requests = {
      image: authorsImageBody(model, dataUrl("image/png", picture)),
      video: authorsVideoBody(model, dataUrl("video/x-msvideo", film)),
    };
    const got: Record<string, string> = {};
    for (const [name, body] of Object.entries(requests)) {
      const answer = await askBody(session, body, timeoutSeconds * 1000);
      if ("outcome" in answer) return { ...answer, reason: `The ${name} request: ${answer.reason}` };
      got[name] = shorten(answer.text);
      const words = answer.text.split(/\s+/).filter((word) => word !== "").length;
      const few = words < fewestWords ? `wanted at least ${fewestWords} words, got ${words}` : undefined;
      const flaw = degeneration(answer.text) ?? few;
      if (flaw !== undefined) {
        const reason = `The ${name} request: ${flaw}: "${shorten(answer.text, 80)}".`;
        return { outcome: "fail", reason, facts: got };
      }
    }
    return { outcome: "pass", reason: "Image and video request answered.", facts: got };
  },
};
