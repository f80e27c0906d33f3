import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describeRefusal, parseChatAnswer } from "../../infra/prober/chat.ts";
import { exchange } from "../../infra/prober/http.ts";
import { colourAvi, colourPng } from "./media.ts";

const red = [220, 30, 30] as const;
const green = [30, 160, 60] as const;
const blue = [40, 70, 200] as const;

/** The model authors' client gives a request this long. */
const clientTimeout = 1_800_000;

/** What one of the authors' requests got. */
export interface AuthorsAnswer {
  readonly name: "image" | "video";
  readonly seconds: number;
  readonly promptTokens: number;
  readonly content: string;
}

/**
 * Sends the model authors' two example requests, image and video, field by field, with media served from loopback.
 * The pixel limits are the products that their documentation means (128 x 28 x 28 and so on).
 * @throws Error where one of them is not answered
 */
export async function sendAuthorsRequests(baseUrl: string): Promise<readonly AuthorsAnswer[]> {
  const media = await serveMedia({ "/logo.png": colourPng(red), "/a.avi": colourAvi([red, green, blue]) });
  try {
    const image = await ask(baseUrl, "image", {
      content: [
        { type: "image_url", image_url: { url: `${media.url}/logo.png` } },
        { type: "text", text: "Describe this image in detail." },
      ],
      settings: { temperature: 0, max_tokens: 256, top_k: 1 },
    });
    const preprocess = {
      fps: 2.0,
      min_pixels: 128 * 28 * 28,
      max_pixels: 512 * 28 * 28,
      video_total_pixels: 180 * 1024 * 28 * 28,
    };
    const video = await ask(baseUrl, "video", {
      content: [
        { type: "video_url", video_url: { url: `${media.url}/a.avi`, preprocess_kwargs: preprocess } },
        { type: "text", text: "Describe this video." },
      ],
      settings: { temperature: 0.1, max_tokens: 32_760, top_p: 0.001 },
    });
    return [image, video];
  } finally {
    await media.close();
  }
}

interface AuthorsRequest {
  readonly content: readonly unknown[];
  readonly settings: Readonly<Record<string, number>>;
}

async function ask(baseUrl: string, name: AuthorsAnswer["name"], request: AuthorsRequest): Promise<AuthorsAnswer> {
  const json = {
    model: "",
    messages: [{ role: "user", content: request.content }],
    n: 1,
    ...request.settings,
    ignore_eos: false,
    skip_special_tokens: true,
  };
  const result = await exchange(
    { name: baseUrl, baseUrl },
    { method: "POST", path: "/v1/chat/completions", json, timeout: clientTimeout },
    AbortSignal.timeout(clientTimeout),
  );
  if (result.kind === "noAnswer") throw new Error(`The authors' ${name} request got no answer: ${result.reason}`);
  if (result.status !== 200)
    throw new Error(`The authors' ${name} request: ${describeRefusal(result.status, result.body)}`);
  const answer = parseChatAnswer(result.body);
  if (typeof answer === "string") throw new Error(`The authors' ${name} request: ${answer}`);
  return { name, seconds: result.took / 1000, promptTokens: answer.promptTokens, content: answer.content };
}

async function serveMedia(files: Readonly<Record<string, Buffer>>): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const file = files[request.url ?? ""];
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-length": file.length }).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server that listens on TCP has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
