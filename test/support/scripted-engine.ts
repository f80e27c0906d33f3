import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How one path of a {@link ScriptedEngine} answers. The body of a POST is given parsed. */
export type Handler = (response: ServerResponse, body: Record<string, unknown>, request: IncomingMessage) => void;

/** A real HTTP server on a free loopback port whose answers a test writes. */
export class ScriptedEngine {
  readonly #server: Server;
  readonly requests: string[] = [];

  constructor(routes: Readonly<Record<string, Handler>>) {
    this.#server = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk) => {
        text += chunk;
      });
      request.on("end", () => {
        const path = request.url ?? "";
        this.requests.push(`${request.method} ${path}`);
        const handler = routes[path];
        if (handler === undefined) {
          response.writeHead(404).end('{"detail":"Not Found"}');
          return;
        }
        handler(response, text === "" ? {} : JSON.parse(text), request);
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    // A server that listens on TCP has an AddressInfo.
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** Answers with JSON. */
export function json(value: unknown, status = 200): Handler {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  };
}

/** The text of the last message of a chat request. */
export function promptOf(body: Record<string, unknown>): string {
  // The prober sends the OpenAI chat shape with one text message.
  const messages = body.messages as { content: string }[];
  return messages.at(-1)?.content ?? "";
}

/** Answers "What is a + b?" as a competent model would. */
export function sumOf(prompt: string): number {
  const [a = 0, b = 0] = (prompt.match(/\d+/g) ?? []).map(Number);
  return a + b;
}

/** A whole chat answer in the shape that SGLang sends. */
export function chatBody(content: string | null, weightVersion = "rev"): Record<string, unknown> {
  return {
    id: "0",
    object: "chat.completion",
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 },
    metadata: { weight_version: weightVersion },
  };
}

/** The frames of a streamed answer, `[DONE]` included. */
export function streamFrames(content: string): string[] {
  const chunk = (delta: unknown, finish: string | null) => ({ choices: [{ index: 0, delta, finish_reason: finish }] });
  return [
    chunk({ role: "assistant", content: "" }, null),
    ...[...content].map((letter) => chunk({ content: letter }, null)),
    chunk({}, "stop"),
    { choices: [], usage: { prompt_tokens: 10, completion_tokens: 3 } },
  ]
    .map((frame) => `data: ${JSON.stringify(frame)}\n\n`)
    .concat("data: [DONE]\n\n");
}

/** Sends frames as an event stream and ends it, unless `cut` asks for the connection to break. */
export function sendStream(response: ServerResponse, frames: readonly string[], options: { cut?: boolean } = {}): void {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  for (const frame of frames) response.write(frame);
  if (options.cut === true) setImmediate(() => response.destroy());
  else response.end();
}

/** A chat endpoint that answers each prompt so, streamed where it is asked to. */
export function chatThat(answer: (prompt: string) => string): Handler {
  return (response, body, request) => {
    const content = answer(promptOf(body));
    if (body.stream === true) sendStream(response, streamFrames(content));
    else json(chatBody(content))(response, body, request);
  };
}

/** Answers every sum rightly. */
export const rightChat = chatThat((prompt) => String(sumOf(prompt)));
