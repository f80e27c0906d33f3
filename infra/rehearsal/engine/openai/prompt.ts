import { imageTokens, planVideo } from "../../../core/visual-tokens.ts";
import type { Prompt } from "../brain/answer.ts";
import type { Engine } from "../engine.ts";
import type { Film } from "../media/avi.ts";
import { loadImage, loadVideo } from "../media/load.ts";
import type { Picture } from "../media/picture.ts";
import { until } from "../scheduler.ts";
import { conversationTokens } from "../tokens.ts";
import type { ChatRequest } from "./chat-request.ts";
import { badRequest } from "./error-body.ts";

/** Simulated seconds for the first film of a process: a child is started for it that imports everything anew. */
const firstVideoSeconds = 17;

/** Tokens that open and close a picture or a film in the prompt. */
const mediaMarks = 2;

/** A conversation with its media decoded, and its length in tokens. */
export interface PreparedPrompt {
  readonly prompt: Prompt;
  readonly tokens: number;
}

/** Fetches and decodes what a conversation carries and counts its tokens, or throws what the server answers. */
export async function preparePrompt(
  engine: Engine,
  request: ChatRequest,
  signal: AbortSignal,
): Promise<PreparedPrompt> {
  const parts = engine.fault?.name === "media-dropped" ? [] : request.messages.flatMap((message) => message.media);
  const images = parts.filter((part) => part.kind === "image");
  const videos = parts.filter((part) => part.kind === "video");
  checkLimit(engine, "image", images.length);
  checkLimit(engine, "video", videos.length);
  const context = { clock: engine.clock, signal, log: (text: string) => engine.log.message(text) };
  const pictures: Picture[] = [];
  for (const [index, part] of images.entries()) pictures.push(await loadImage(part, index, context));
  if (videos.length > 0) await videoReader(engine, signal);
  // The settings of all films are merged; the last one wins.
  const kwargs = Object.assign({}, ...videos.map((part) => part.preprocess ?? {}));
  const films = [];
  for (const part of videos) films.push(sampled(await loadVideo(part, context), kwargs));
  const visual =
    pictures.reduce((sum, picture) => sum + imageTokens(picture, images[0]?.preprocess) + mediaMarks, 0) +
    films.reduce((sum, film) => sum + film.tokens + mediaMarks, 0);
  const question = request.messages.findLast((message) => message.role === "user")?.text ?? "";
  return {
    prompt: {
      conversation: request.messages.map((message) => message.text).join("\n"),
      question,
      pictures,
      films: films.map((film) => film.frames),
      wantsJson: request.wantsJson,
    },
    tokens: conversationTokens(request.messages.map((message) => message.text)) + visual,
  };
}

function checkLimit({ args }: Engine, kind: "image" | "video", count: number): void {
  const limit = args.mediaLimits[kind];
  if (limit === undefined || count <= limit) return;
  const name = kind === "image" ? "Image" : "Video";
  throw badRequest(`${name} count ${count} exceeds limit ${limit} per request.`);
}

/** Starts the reader of films on the first one; whoever comes meanwhile waits too. */
async function videoReader(engine: Engine, signal: AbortSignal): Promise<void> {
  const wait = (1000 * firstVideoSeconds) / engine.speed;
  if (engine.firstVideo === undefined) {
    engine.firstVideo = engine.clock.sleep(wait, engine.life);
    // Whoever still waits when the process ends has a signal of his own.
    engine.firstVideo.catch(() => {});
  }
  await until(engine.firstVideo, signal);
}

function sampled(
  film: Film,
  kwargs: Readonly<Record<string, unknown>>,
): { frames: readonly Picture[]; tokens: number } {
  const plan = planVideo(film, kwargs);
  const frames = plan.frames.flatMap((index) => film.frame(index) ?? []);
  return { frames, tokens: plan.frames.length * plan.tokensPerFrame };
}
