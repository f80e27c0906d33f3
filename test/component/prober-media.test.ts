import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import type { ProbeSpec } from "../../infra/core/probe-spec.ts";
import type { Check } from "../../infra/prober/check.ts";
import { authors } from "../../infra/prober/checks/authors.ts";
import { image } from "../../infra/prober/checks/image.ts";
import { imageContrast } from "../../infra/prober/checks/image-contrast.ts";
import { longPrompt } from "../../infra/prober/checks/long-prompt.ts";
import { video } from "../../infra/prober/checks/video.ts";
import { encodeAvi } from "../../infra/prober/media/avi.ts";
import { dataUrl, encodeJpeg, encodePng } from "../../infra/prober/media/encode.ts";
import { coloursIn } from "../../infra/prober/media/palette.ts";
import { codeScene, colourFilm, freshCode, givesCode, shapeScene } from "../../infra/prober/media/scenes.ts";
import { seededRandom } from "../../infra/prober/seeded-random.ts";
import type { ProbePicture } from "../../infra/prober/session.ts";
import { measure } from "../../infra/prober/suite.ts";
import { readGlyphs } from "../../infra/rehearsal/engine/brain/glyph-reader.ts";
import { readAvi } from "../../infra/rehearsal/engine/media/avi.ts";
import { decodePicture } from "../../infra/rehearsal/engine/media/picture.ts";
import { chatBody, json, ScriptedEngine } from "../support/scripted-engine.ts";

describe("media", () => {
  test("the same seed gives the same bytes, another seed another code", () => {
    const draw = (seed: number) => {
      const random = seededRandom(seed);
      return encodePng(codeScene(freshCode(random), random)).toString("base64");
    };
    expect(draw(1)).toBe(draw(1));
    expect(draw(1)).not.toBe(draw(2));
  });

  test.each([
    ["PNG", encodePng],
    ["JPEG", encodeJpeg],
  ])("a code that was drawn is read from its %s", (_name, encode) => {
    for (let seed = 0; seed < 3; seed++) {
      const random = seededRandom(seed);
      const code = freshCode(random);
      const picture = decodePicture(encode(codeScene(code, random)));
      expect(picture && readGlyphs(picture)).toBe(code);
    }
  });

  test("a film is read with its size, rate and every frame", () => {
    const film = readAvi(encodeAvi(colourFilm(["red", "blue"])));
    expect(film).toMatchObject({ width: 224, height: 224, framesPerSecond: 2, frameCount: 8 });
    const [red = 0, , blue = 0] = film?.frame(7)?.rgba ?? [];
    expect(blue - red).toBeGreaterThan(150);
  });

  test("a data URL names its type", () => {
    expect(dataUrl("image/png", Buffer.from("a"))).toBe("data:image/png;base64,YQ==");
  });

  test("a shape is in the middle, and its ground is white", () => {
    for (const shape of ["circle", "square", "triangle"] as const) {
      const { rgba, width, height } = shapeScene(shape, "blue");
      expect([...rgba.slice(0, 3)]).toEqual([255, 255, 255]);
      const middle = 4 * ((height / 2) * width + width / 2);
      expect([...rgba.slice(middle, middle + 3)]).toEqual([30, 60, 220]);
    }
  });
});

test.each([
  ["The code is k7-q 2m.", "K7Q2M", true],
  ["K7Q2", "K7Q2M", false],
  ["", "K7Q2M", false],
])("%j gives %s: %s", (answer, code, given) => expect(givesCode(answer, code)).toBe(given));

test.each([
  ["Red, then GREEN and red.", ["red", "green", "red"]],
  ["violet, violet", ["purple"]],
  ["a reddish ground", []],
])("colours in %j", (answer, colours) => expect(coloursIn(answer)).toEqual(colours));

const options = { clock: systemClock, signal: new AbortController().signal, seed: 7 };

let scripted: ScriptedEngine | undefined;
afterEach(() => scripted?.close());

/** What a check says to an engine that gives one answer, and counts so many tokens with media and without. */
async function against(
  check: Check,
  content: string,
  tokens: { media: number; text: number; onPicture?: (picture: ProbePicture) => void },
) {
  const handler: ConstructorParameters<typeof ScriptedEngine>[0][string] = (response, body, request) => {
    const hasMedia = JSON.stringify(body.messages).includes("base64");
    const usage = { prompt_tokens: hasMedia ? tokens.media : tokens.text, completion_tokens: 3 };
    json({ ...chatBody(content), usage })(response, body, request);
  };
  scripted = new ScriptedEngine({ "/v1/chat/completions": handler });
  const spec: ProbeSpec = { profile: "gate", expectation: {} };
  const { outcome, reason } = await measure(check, { name: "scripted", baseUrl: await scripted.listen() }, spec, {
    ...options,
    ...(tokens.onPicture === undefined ? {} : { onPicture: tokens.onPicture }),
  });
  return `${outcome}: ${reason}`;
}

test.each([
  [longPrompt, "what?", { media: 0, text: 2048 }, "wanted more than 2048, got 2048"],
  [longPrompt, "what?", { media: 0, text: 4000 }, 'got "what?"'],
  [image, "what?", { media: 20, text: 20 }, "wanted 72 to 80 more for a picture of 336 by 168, got 0 more"],
  [image, "what?", { media: 101, text: 20 }, "got 81 more"],
  [image, "what?", { media: 92, text: 20 }, 'got "what?"'],
  [imageContrast, "red or green or blue", { media: 92, text: 20 }, 'got "red or green or blue"'],
  [video, "red", { media: 20, text: 20 }, "for a video of 16 frames, got 0 more"],
  [video, "red", { media: 2300, text: 20 }, 'got "red"'],
  [authors, "A picture.", { media: 92, text: 20 }, "The image request: wanted at least 4 words, got 2"],
  [authors, "red and ".repeat(30), { media: 92, text: 20 }, 'The image request: "red and"'],
])("$name fails, and says what was wanted", async (check, content, tokens, says) => {
  const found = await against(check, content, tokens);
  expect(found).toMatch(/^fail: /);
  expect(found).toContain(says);
});

test("reports get every picture that was shown, and what it shows", async () => {
  const shown: string[] = [];
  for (const check of [longPrompt, image, imageContrast, video, authors]) {
    const onPicture = (picture: ProbePicture) => shown.push(`${picture.check}: ${picture.shows}`);
    await against(check, "what?", { media: 92, text: 20, onPicture });
    await scripted?.close();
  }
  expect(shown).toEqual([
    expect.stringMatching(/^image: code [A-Z0-9]{5}, black on white$/),
    expect.stringMatching(/^image-contrast: [a-z]+ (circle|square|triangle) on white$/),
    ...[1, 2, 3, 4].map((scene) => expect.stringMatching(`^video: scene ${scene} of 4: [a-z]+$`)),
    "authors: red circle on white",
  ]);
});

test.each([longPrompt, authors])("$name is skipped where the declared context is too short", async (check) => {
  const spec: ProbeSpec = { profile: "gate", expectation: { contextLength: 4096 } };
  const found = await measure(check, { name: "none", baseUrl: "http://127.0.0.1:1" }, spec, options);
  expect(found).toMatchObject({ outcome: "skipped", attempts: 0 });
});
