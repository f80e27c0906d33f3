import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { textOf } from "../core/errors.ts";
import type { Bytes, Milliseconds } from "../core/units.ts";
import type { ProbeTarget } from "./target.ts";

/** Largest answer that a probe reads. */
const bodyLimit: Bytes = 8 * 1024 * 1024;

/** One HTTP request of a probe. */
export interface ProbeRequest {
  readonly method: "GET" | "POST";
  /** Begins with a slash. */
  readonly path: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** From connecting to the last byte. */
  readonly timeout: Milliseconds;
}

/** One chunk of a body and when it came, in milliseconds after the request was sent. */
export interface Chunk {
  readonly text: string;
  readonly at: Milliseconds;
}

/** What came back: an answer of any status, or no answer at all. */
export type Exchange =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly contentType: string;
      readonly body: string;
      readonly chunks: readonly Chunk[];
      readonly took: Milliseconds;
      /** Why the body ended early; undefined where it ended as it should. */
      readonly cut: string | undefined;
    }
  | { readonly kind: "noAnswer"; readonly reason: string; readonly timedOut: boolean; readonly took: Milliseconds };

/**
 * Sends one request on a connection of its own and reads the whole answer. Redirects are not followed.
 * Never throws for what the other side does; rejects only with the reason of an aborted `signal`.
 */
export async function exchange(target: ProbeTarget, request: ProbeRequest, signal: AbortSignal): Promise<Exchange> {
  signal.throwIfAborted();
  const started = performance.now();
  const elapsed = () => Math.round(performance.now() - started);
  const timeout = AbortSignal.timeout(request.timeout);
  try {
    const response = await send(target, request, AbortSignal.any([signal, timeout]));
    const chunks: Chunk[] = [];
    const cut = await readBody(response, (text) => chunks.push({ text, at: elapsed() })).catch(textOf);
    signal.throwIfAborted();
    return {
      kind: "answer",
      status: response.statusCode ?? 0,
      contentType: response.headers["content-type"] ?? "",
      body: chunks.map((chunk) => chunk.text).join(""),
      chunks,
      took: elapsed(),
      cut: cut !== undefined && timeout.aborted ? `no end within ${request.timeout / 1000} s` : cut,
    };
  } catch (error) {
    signal.throwIfAborted();
    const timedOut = timeout.aborted;
    const reason = timedOut ? `no answer within ${request.timeout / 1000} s` : reasonOf(error);
    return { kind: "noAnswer", reason, timedOut, took: elapsed() };
  }
}

function send(target: ProbeTarget, request: ProbeRequest, signal: AbortSignal): Promise<IncomingMessage> {
  const url = new URL(target.baseUrl.replace(/\/+$/, "") + request.path);
  const body = request.json === undefined ? undefined : JSON.stringify(request.json);
  const headers: Record<string, string> = { accept: "application/json, text/event-stream" };
  if (target.apiKey !== undefined) headers.authorization = `Bearer ${target.apiKey}`;
  if (body !== undefined) {
    headers["content-type"] = "application/json";
    headers["content-length"] = String(Buffer.byteLength(body));
  }
  const open = url.protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = open(url, { method: request.method, headers, signal, agent: false }, (response) => {
      // A body that ends with its connection would else seem whole after a reset.
      sent.on("error", (error) => response.destroy(error));
      resolve(response);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Reads to the end; returns undefined, or why the body is not whole. */
async function readBody(response: IncomingMessage, onText: (text: string) => void): Promise<string | undefined> {
  response.setEncoding("utf8");
  let size = 0;
  for await (const piece of response) {
    const text = String(piece);
    size += Buffer.byteLength(text);
    if (size > bodyLimit) {
      response.destroy();
      return `longer than ${bodyLimit} bytes`;
    }
    onText(text);
  }
  return response.complete ? undefined : "the connection was closed before the end";
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  switch (code) {
    case "ECONNREFUSED":
      return "connection refused: nothing listens there (yet)";
    case "ECONNRESET":
      return "the connection was closed without an answer";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `host name not found: ${textOf(error)}`;
    default:
      return textOf(error);
  }
}
