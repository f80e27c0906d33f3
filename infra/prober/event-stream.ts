import type { Milliseconds } from "../core/units.ts";
import { errorIn, firstOf, objectOf, parseJsonObject } from "./chat.ts";
import type { Chunk } from "./http.ts";
import { shorten } from "./text.ts";

/** One `data:` frame of an event stream and when its last byte came. */
export interface Frame {
  readonly payload: string;
  readonly at: Milliseconds;
}

/** Splits the chunks of a `text/event-stream` body into its `data:` frames. A frame that is not ended by a blank line is dropped. */
export function framesOf(chunks: readonly Chunk[]): Frame[] {
  const frames: Frame[] = [];
  let rest = "";
  for (const chunk of chunks) {
    rest += chunk.text.replace(/\r\n/g, "\n");
    const parts = rest.split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const payload = part
        .split("\n")
        .filter((line) => line.startsWith("data:"))
        .map((line) => line.slice("data:".length).trimStart())
        .join("\n");
      if (payload !== "") frames.push({ payload, at: chunk.at });
    }
  }
  return frames;
}

/** A streamed chat answer, put together. */
export interface StreamedAnswer {
  readonly content: string;
  readonly finishReason: string | undefined;
  readonly isDone: boolean;
  readonly hasUsage: boolean;
  readonly deltas: number;
  /** When the first content came; undefined where none did. */
  readonly firstTokenAt: Milliseconds | undefined;
  readonly lastTokenAt: Milliseconds | undefined;
  /** The longest pause between two deltas with content. */
  readonly longestPause: Milliseconds;
}

/** Puts a streamed chat answer together; a text says what is wrong with a frame. */
export function assembleStream(frames: readonly Frame[]): StreamedAnswer | string {
  const parts: { text: string; at: Milliseconds }[] = [];
  let finishReason: string | undefined;
  let isDone = false;
  let hasUsage = false;
  for (const frame of frames) {
    if (frame.payload === "[DONE]") {
      isDone = true;
      continue;
    }
    const parsed = parseJsonObject(frame.payload);
    if (parsed === undefined) return `a frame is not a JSON object: "${shorten(frame.payload)}"`;
    const error = errorIn(parsed);
    if (error !== undefined) return `an error frame inside a 200 stream: ${error}`;
    if (objectOf(parsed.usage) !== undefined) hasUsage = true;
    const choice = firstOf(parsed.choices);
    const content = objectOf(choice?.delta)?.content;
    if (typeof content === "string" && content !== "") parts.push({ text: content, at: frame.at });
    if (typeof choice?.finish_reason === "string") finishReason = choice.finish_reason;
  }
  return {
    content: parts.map((part) => part.text).join(""),
    finishReason,
    isDone,
    hasUsage,
    deltas: parts.length,
    firstTokenAt: parts[0]?.at,
    lastTokenAt: parts.at(-1)?.at,
    longestPause: parts.reduce((longest, part, i) => Math.max(longest, part.at - (parts[i - 1]?.at ?? part.at)), 0),
  };
}
