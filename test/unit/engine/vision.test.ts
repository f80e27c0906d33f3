import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blockFont, glyphColumns, glyphRows } from "../../../infra/core/block-font.ts";
import { readGlyphs } from "../../../infra/rehearsal/engine/brain/glyph-reader.ts";
import { answerAboutFilm, answerAboutPictures } from "../../../infra/rehearsal/engine/brain/vision.ts";
import { readAvi } from "../../../infra/rehearsal/engine/media/avi.ts";
import type { Picture } from "../../../infra/rehearsal/engine/media/picture.ts";
import { decodePicture } from "../../../infra/rehearsal/engine/media/picture.ts";
import { dataUri, drawCode, fill, plainPicture, toAvi, toJpeg, toPng } from "./drawing.ts";
import { contentOf, EngineUnderTest, stackFlags } from "./support.ts";

const black = [0, 0, 0] as const;
const white = [255, 255, 255] as const;
const red = [220, 20, 20] as const;
const green = [20, 160, 40] as const;
const blue = [20, 40, 220] as const;

function codePicture(code: string, cell = 6): Picture {
  const picture = plainPicture((code.length * 6 + 3) * cell, 11 * cell, white);
  drawCode(picture, code, 2 * cell, 2 * cell, cell, black);
  return picture;
}

function decoded(bytes: Buffer): Picture {
  const picture = decodePicture(bytes);
  if (picture === undefined) throw new Error("undecodable");
  return picture;
}

describe("the block font", () => {
  test("has the digits and capitals, each of seven rows of five cells", () => {
    expect(Object.keys(blockFont).sort().join("")).toBe("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    for (const rows of Object.values(blockFont)) {
      expect(rows.length).toBe(glyphRows);
      for (const row of rows) expect(row).toMatch(new RegExp(`^[.#]{${glyphColumns}}$`));
    }
  });

  test.each(Object.entries(blockFont))("%s has ink in each column and in the first and last row", (_, rows) => {
    for (let column = 0; column < glyphColumns; column++) expect(rows.some((row) => row[column] === "#")).toBe(true);
    expect([rows[0]?.includes("#"), rows.at(-1)?.includes("#")]).toEqual([true, true]);
  });

  test("has no two glyphs that differ in fewer than two cells", () => {
    const shapes = Object.entries(blockFont).map(([glyph, rows]) => [glyph, rows.join("")] as const);
    const close = shapes.flatMap(([a, left]) =>
      shapes
        .filter(([b, right]) => a < b && [...left].filter((cell, i) => cell !== right[i]).length < 2)
        .map(([b]) => a + b),
    );
    expect(close).toEqual([]);
  });
});

describe("a code in a picture", () => {
  test.each(["0123456789", "ABCDEFGHIJKLM", "NOPQRSTUVWXYZ", "K7Q2X9"])("%s is read from a PNG", (code) => {
    expect(readGlyphs(decoded(toPng(codePicture(code))))).toBe(code);
  });

  test.each([3, 4, 7, 12])("is read with cells of %i pixels", (cell) => {
    expect(readGlyphs(codePicture("R2D2", cell))).toBe("R2D2");
  });

  test("is read from a JPEG", () => {
    expect(readGlyphs(decoded(toJpeg(codePicture("B8S5Z2O0"))))).toBe("B8S5Z2O0");
  });

  test("is read in white on black", () => {
    const picture = plainPicture(200, 80, black);
    drawCode(picture, "DARK", 20, 20, 5, white);
    expect(readGlyphs(picture)).toBe("DARK");
  });

  test("is read beside a coloured shape, in two lines", () => {
    const picture = plainPicture(240, 160, white);
    drawCode(picture, "AB12", 10, 10, 5, black);
    drawCode(picture, "CD34", 10, 70, 5, black);
    fill(picture, 160, 20, 60, 100, red);
    expect(readGlyphs(picture)).toBe("AB12 CD34");
  });

  test("is nothing where there is none", () => {
    expect(readGlyphs(plainPicture(64, 64, white))).toBe("");
    expect(readGlyphs(plainPicture(64, 64, red))).toBe("");
  });
});

describe("a question about a picture", () => {
  const shape = plainPicture(100, 100, white);
  fill(shape, 30, 30, 40, 40, blue);
  const halves = plainPicture(100, 100, red);
  fill(halves, 50, 0, 50, 100, green);

  test.each<[question: string, picture: Picture, expected: string]>([
    ["What code is written in the image? Reply with the code only.", codePicture("X4T9"), "X4T9"],
    ["Read the text in this picture.", codePicture("X4T9"), "The picture shows X4T9."],
    ["Reply with only the code shown in this image.", codePicture("X4T9"), "X4T9"],
    ["Answer with one word: which colour is this?", plainPicture(50, 50, green), "green"],
    ["Which code and which background colour do you see?", codePicture("X4T9"), "The picture shows X4T9. It is white."],
    ["What is the dominant colour of this image? One word only.", plainPicture(50, 50, green), "green"],
    ["What color is this picture?", plainPicture(50, 50, red), "It is red."],
    ["What colour is the square? One word only.", shape, "blue"],
    ["What is the background colour? One word only.", shape, "white"],
    ["What color is the left half? One word only.", halves, "red"],
    ["What color is the right half? One word only.", halves, "green"],
    [
      "Describe this image in detail.",
      codePicture("X4T9"),
      "The image is mostly white, with black. It contains the text X4T9.",
    ],
    ["Which text does it show?", plainPicture(50, 50, red), "There is no legible text in the picture."],
  ])("%s", (question, picture, expected) => {
    expect(answerAboutPictures(question, [picture])).toBe(expected);
  });

  test("can be about the second or the last of some", () => {
    const pictures = [plainPicture(50, 50, red), plainPicture(50, 50, blue)];
    expect(answerAboutPictures("What colour is the last image? One word only.", pictures)).toBe("blue");
    expect(answerAboutPictures("What code is in the first image?", [codePicture("A1"), codePicture("B2")])).toBe(
      "The picture shows A1.",
    );
    expect(answerAboutPictures("What colour is the second image? One word only.", pictures)).toBe("blue");
  });
});

describe("a film", () => {
  const frames = [red, red, green, green, blue, blue].map((colour) => plainPicture(32, 24, colour));

  test.each(["mjpeg", "raw"] as const)("of %s frames is decoded in order", (kind) => {
    const film = readAvi(toAvi(frames, 2, kind));
    expect([film?.width, film?.height, film?.framesPerSecond, film?.frameCount]).toEqual([32, 24, 2, 6]);
    const seen = Array.from({ length: 6 }, (_, index) => film?.frame(index)).flatMap((frame) => frame ?? []);
    expect(answerAboutFilm("In which order do the colors appear? Only the colors.", seen)).toBe("red, green, blue");
  });

  test.each([Buffer.from("no film"), Buffer.alloc(0), toPng(plainPicture(8, 8, red))])("is nothing else", (bytes) => {
    expect(readAvi(bytes)).toBeUndefined();
  });

  test.each([
    ["Which color comes first? One word only.", "red"],
    ["Which color comes last? One word only.", "blue"],
    ["What colours appear in the video?", "In this order: red, green, blue."],
    ["How many different colors appear?", "3"],
    ["Describe this video.", "The video has 6 sampled frames. It shows red, then green, then blue."],
  ])("is asked about: %s", (question, expected) => {
    expect(answerAboutFilm(question, frames)).toBe(expected);
  });

  test("of coloured blocks on white is asked about the blocks", () => {
    const blocks = [green, red].map((colour) => {
      const frame = plainPicture(60, 60, white);
      fill(frame, 15, 15, 30, 30, colour);
      return frame;
    });
    expect(answerAboutFilm("Which colors appear, in order? Colors only.", blocks)).toBe("green, red");
  });

  test("of codes is read in order", () => {
    const codes = [codePicture("A1"), codePicture("A1"), codePicture("B2")];
    expect(answerAboutFilm("Which codes appear, in order? Reply with the codes only.", codes)).toBe("A1, B2");
  });
});

describe("media reach the model", () => {
  let engine: EngineUnderTest;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "engine-media-"));
    engine = new EngineUnderTest(stackFlags);
    await engine.untilReady();
  });

  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const png = toPng(codePicture("VIS10N"));
  const film = toAvi(
    [red, red, blue, blue].map((colour) => plainPicture(56, 56, colour)),
    2,
    "mjpeg",
  );
  const image = (url: string, kind = "image") => [
    { type: `${kind}_url`, [`${kind}_url`]: { url } },
    {
      type: "text",
      text: kind === "image" ? "What code do you see? Code only." : "Which colors appear, in order? Colors only.",
    },
  ];

  test("as data URI, bare base64 and file", async () => {
    const path = join(folder, "code.png");
    await writeFile(path, png);
    for (const url of [dataUri("image/png", png), png.toString("base64"), path, `file://${path}`]) {
      expect(await engine.say(image(url))).toBe("VIS10N");
    }
  });

  test("by HTTP", async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === "/code.png" ? 200 : 404;
      response.end(request.url === "/code.png" ? png : "no");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const base = `http://127.0.0.1:${port}`;
    expect(await engine.say(image(`${base}/code.png`))).toBe("VIS10N");
    const missing = await engine.settle(engine.chat(image(`${base}/none.png`)));
    expect([missing.status, JSON.parse(missing.body).message]).toEqual([
      500,
      expect.stringContaining(`404 Client Error: Not Found for url: ${base}/none.png`),
    ]);
    server.close();
    server.closeAllConnections();
  });

  test("and cost tokens by their size", async () => {
    const tokensOf = async (picture: Picture) => {
      const answer = await engine.settle(engine.chat(image(dataUri("image/png", toPng(picture)))));
      return JSON.parse(answer.body).usage.prompt_tokens;
    };
    const growth = (await tokensOf(plainPicture(280, 280, red))) - (await tokensOf(plainPicture(56, 56, red)));
    expect(growth).toBe(100 - 4);
  });

  test("of a film, slowly the first time of a process", async () => {
    await using fresh = new EngineUnderTest(stackFlags, { speed: 1 });
    await fresh.untilReady();
    const first = await fresh.settle(fresh.chat(image(dataUri("video/x-msvideo", film), "video")));
    const second = await fresh.settle(fresh.chat(image(dataUri("video/x-msvideo", film), "video")));
    expect(contentOf(first)).toBe("red, blue");
    expect(first.tookMs).toBeGreaterThanOrEqual(17_000);
    expect(second.tookMs).toBeLessThan(1_000);
  });

  test("only as many as --limit-mm-data-per-request allows", async () => {
    await using strict = new EngineUnderTest([...stackFlags, '--limit-mm-data-per-request={"image":1}']);
    await strict.untilReady();
    const one = image(dataUri("image/png", png));
    const answer = await strict.settle(strict.chat([...one, ...one]));
    expect([answer.status, JSON.parse(answer.body).message]).toEqual([
      400,
      "Image count 2 exceeds limit 1 per request.",
    ]);
  });
});
