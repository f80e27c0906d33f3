import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describeRefusal, parseChatAnswer } from "../../infra/prober/chat.ts";
import { exchange } from "../../infra/prober/http.ts";
import { authorsImageBody, authorsVideoBody } from "../../infra/prober/media/authors-requests.ts";
import { encodeAvi } from "../../infra/prober/media/avi.ts";
import { encodePng } from "../../infra/prober/media/encode.ts";
import { colourFilm, shapeScene } from "../../infra/prober/media/scenes.ts";

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
 * @throws Error where one of them is not answered
 */
export async function sendAuthorsRequests(baseUrl: string): Promise<readonly AuthorsAnswer[]> {
  const media = await serveMedia({
    "/logo.png": encodePng(shapeScene("circle", "red")),
    "/a.avi": encodeAvi(colourFilm(["red", "green", "blue"])),
  });
  try {
    const image = await ask(baseUrl, "image", authorsImageBody("", `${media.url}/logo.png`));
    const video = await ask(baseUrl, "video", authorsVideoBody("", `${media.url}/a.avi`));
    return [image, video];
  } finally {
    await media.close();
  }
}

async function ask(baseUrl: string, name: AuthorsAnswer["name"], json: object): Promise<AuthorsAnswer> {
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
