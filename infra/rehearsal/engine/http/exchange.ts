import type { IncomingMessage, ServerResponse } from "node:http";

/** One HTTP request and the answer to it. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  /** Path and query as they were sent. */
  readonly target: string;
  readonly query: URLSearchParams;
  /** Aborts when the client has left or the process ends. */
  readonly signal: AbortSignal;
  header(name: string): string | undefined;
  body(): Promise<Buffer>;
  /** A whole answer. A `value` of undefined is an empty body without a content type. */
  send(status: number, value?: unknown, headers?: Readonly<Record<string, string>>): void;
  /** A whole answer that is not JSON. */
  sendText(status: number, text: string, contentType: string, headers?: Readonly<Record<string, string>>): void;
  /** Starts a `text/event-stream`. */
  startEvents(): void;
  /** One `data:` frame of the stream. */
  event(data: string): void;
  endEvents(): void;
  /** Closes the connection where it is: a stream loses its last chunk. */
  cut(): void;
}

/** Told when the answer's status is known. */
export type OnAnswer = (exchange: Exchange, status: number) => void;

/** Wraps Node's request and response. */
export function exchangeOf(
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
  onAnswer: OnAnswer,
): Exchange {
  const url = new URL(request.url ?? "/", "http://engine");
  const head = (status: number, headers: Readonly<Record<string, string | number>>) => {
    onAnswer(exchange, status);
    response.writeHead(status, { server: "uvicorn", ...headers });
  };
  const exchange: Exchange = {
    method: request.method ?? "GET",
    path: pathOf(url),
    target: request.url ?? "/",
    query: url.searchParams,
    signal,
    header: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    body: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    },
    send: (status, value, headers = {}) => {
      if (response.headersSent || response.destroyed) return;
      const body = value === undefined ? "" : JSON.stringify(value);
      const type = value === undefined ? {} : { "content-type": "application/json" };
      head(status, { "content-length": Buffer.byteLength(body), ...type, ...headers });
      response.end(body);
    },
    sendText: (status, text, contentType, headers = {}) => {
      if (response.headersSent || response.destroyed) return;
      head(status, { "content-length": Buffer.byteLength(text), "content-type": contentType, ...headers });
      response.end(text);
    },
    startEvents: () => {
      head(200, { "content-type": "text/event-stream; charset=utf-8" });
      response.flushHeaders();
    },
    event: (data) => {
      response.write(`data: ${data}\n\n`);
    },
    endEvents: () => {
      response.end();
    },
    cut: () => {
      if (!response.writableEnded) response.destroy();
    },
  };
  return exchange;
}

/** The decoded path; as it was sent where its escapes are broken. */
function pathOf(url: URL): string {
  try {
    return decodeURIComponent(url.pathname);
  } catch {
    return url.pathname;
  }
}
