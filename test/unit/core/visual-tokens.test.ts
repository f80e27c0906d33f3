import { describe, expect, test } from "vitest";
import { imageTokens, planVideo, smartResize } from "../../../infra/core/visual-tokens.ts";

const authors = { fps: 2, min_pixels: 128 * 784, max_pixels: 512 * 784, video_total_pixels: 180 * 1024 * 784 };

describe("visual tokens of a film of 1920 by 1080", () => {
  test.each([
    { minutes: 5, frames: 600, asked: 299, byDefault: 252 },
    { minutes: 12, frames: 1440, asked: 120, byDefault: 120 },
    { minutes: 15, frames: 1800, asked: 120, byDefault: 91 },
    { minutes: 20, frames: 2400, asked: 120, byDefault: 66 },
    { minutes: 60, frames: 2880, asked: 120, byDefault: 60 },
  ])("of $minutes minutes", ({ minutes, frames, asked, byDefault }) => {
    const film = { width: 1920, height: 1080, framesPerSecond: 30, frameCount: minutes * 60 * 30 };
    const plan = planVideo(film, authors);
    expect([plan.frames.length, plan.tokensPerFrame]).toEqual([frames, asked]);
    expect(planVideo(film, undefined).tokensPerFrame).toBe(byDefault);
    expect([plan.frames[0], plan.frames.at(-1)]).toEqual([0, film.frameCount - 1]);
  });

  test("raise a min_pixels under 64 tokens a frame to it, as recorded", () => {
    const film = { width: 56, height: 56, framesPerSecond: 4, frameCount: 8 };
    const kwargs = { fps: 2, min_pixels: 3_136, max_pixels: 12_544, video_total_pixels: 125_440 };
    // 145 recorded prompt tokens: 11 of the template, 4 of the text, 2 marks and these.
    const plan = planVideo(film, kwargs);
    expect(plan.frames.length * plan.tokensPerFrame).toBe(145 - 11 - 4 - 2);
  });

  test("never count more frames a second than the film has", () => {
    const film = { width: 224, height: 224, framesPerSecond: 1, frameCount: 10 };
    expect(planVideo(film, { fps: 8 }).frames).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe("visual tokens of a picture", () => {
  test.each([
    { width: 32, height: 32, tokens: 4 },
    { width: 56, height: 56, tokens: 4 },
    { width: 224, height: 224, tokens: 64 },
    { width: 1920, height: 1080, tokens: 69 * 39 },
    { width: 8000, height: 8000, tokens: 143 * 143 },
  ])("of $width by $height", ({ width, height, tokens }) => {
    expect(imageTokens({ width, height }, undefined)).toBe(tokens);
  });

  test("stay under the request's max_pixels", () => {
    expect(imageTokens({ width: 1920, height: 1080 }, { max_pixels: 256 * 784 })).toBeLessThanOrEqual(256);
  });

  test("are of sides that are multiples of 28", () => {
    const { width, height } = smartResize({ width: 333, height: 777 }, 3136, 1e6);
    expect([width % 28, height % 28]).toEqual([0, 0]);
  });
});
