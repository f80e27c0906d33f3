import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { encodeAvi } from "../../infra/prober/media/avi.ts";
import { palette } from "../../infra/prober/media/palette.ts";
import { colourFilm } from "../../infra/prober/media/scenes.ts";

const ffmpeg: string = "ffmpeg";
const ffprobe: string = "ffprobe";
const isInstalled = [ffmpeg, ffprobe].every((tool) => spawnSync(tool, ["-version"]).status === 0);
const dir = mkdtempSync(join(tmpdir(), "media-"));
const file = join(dir, "film.avi");
const order = ["red", "green", "blue"] as const;
writeFileSync(file, encodeAvi(colourFilm(order)));
afterAll(() => rmSync(dir, { recursive: true }));

test("ffprobe sees codec, size, rate and every frame of a film", ({ skip }) => {
  skip(!isInstalled, "ffmpeg and ffprobe are not installed");
  const entries = "stream=codec_name,width,height,avg_frame_rate,nb_read_frames";
  const args = ["-v", "error", "-count_frames", "-show_entries", entries, "-of", "json", file];
  expect(JSON.parse(execFileSync(ffprobe, args, { encoding: "utf8" }))).toMatchObject({
    streams: [{ codec_name: "mjpeg", width: 224, height: 224, avg_frame_rate: "2/1", nb_read_frames: "12" }],
  });
});

test("ffmpeg decodes the colours in their order, without a complaint", ({ skip }) => {
  skip(!isInstalled, "ffmpeg and ffprobe are not installed");
  const args = ["-v", "error", "-i", file, "-vf", "scale=1:1", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"];
  const { stdout, stderr } = spawnSync(ffmpeg, args);
  expect(stderr.toString()).toBe("");
  const frames = order.flatMap((name) => Array.from({ length: 4 }, () => palette[name].rgb));
  expect(stdout).toHaveLength(3 * frames.length);
  for (const [at, value] of frames.flat().entries()) expect(Math.abs((stdout[at] ?? 0) - value)).toBeLessThan(12);
});
