import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { exchange } from "../../infra/prober/http.ts";

const mebibyte = 2 ** 20;

let server: Server | undefined;
afterEach(async () => {
  const closing = server;
  server = undefined;
  closing?.closeAllConnections();
  await new Promise<void>((resolve) => (closing === undefined ? resolve() : closing.close(() => resolve())));
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const opened = createServer(answer);
  server = opened;
  await new Promise<void>((resolve) => opened.listen(0, "127.0.0.1", resolve));
  // A server that listens on TCP has an AddressInfo.
  const { port } = opened.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

function ask(baseUrl: string, { json = {}, timeout = 4000, signal = AbortSignal.timeout(4500) } = {}) {
  return exchange({ name: "engine", baseUrl }, { method: "POST", path: "/v1/chat/completions", json, timeout }, signal);
}

describe("a big request", () => {
  test("of 40 MiB arrives whole at a server that reads slowly", async () => {
    let received = 0;
    const url = await serve((request, response) => {
      request.on("data", (piece: Buffer) => {
        const isPart = Math.floor(received / (8 * mebibyte)) < Math.floor((received + piece.length) / (8 * mebibyte));
        received += piece.length;
        if (!isPart) return;
        request.pause();
        setTimeout(() => request.resume(), 5);
      });
      request.on("end", () => response.end(String(received)));
    });
    const video = "v".repeat(40 * mebibyte);
    const result = await ask(url, { json: { video } });
    const length = video.length + '{"video":""}'.length;
    expect(result).toMatchObject({ kind: "answer", status: 200, body: String(length), cut: undefined });
  });

  test("that is refused before it is whole is an answer, not a broken connection", async () => {
    const url = await serve((request, response) => {
      response.writeHead(413, { connection: "close" });
      response.end("too large", () => request.socket.destroy());
    });
    const video = "v".repeat(8 * mebibyte);
    expect(await ask(url, { json: { video } })).toMatchObject({ kind: "answer", status: 413, body: "too large" });
  });

  test("that nobody reads ends at its own deadline, and at once where the run is cancelled", async () => {
    const url = await serve((request) => request.pause());
    const video = "v".repeat(8 * mebibyte);
    expect(await ask(url, { json: { video }, timeout: 60 })).toMatchObject({ kind: "noAnswer", timedOut: true });
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("cancelled")), 20);
    const began = performance.now();
    await expect(ask(url, { json: { video }, signal: stop.signal })).rejects.toThrow("cancelled");
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

test("a request that nobody answers ends within a second of its cancelling, and the engine is told", async () => {
  const stop = new AbortController();
  const hungUp = Promise.withResolvers<void>();
  const url = await serve((_request, response) => {
    response.on("close", hungUp.resolve);
    setTimeout(() => stop.abort(new Error("cancelled")), 20);
  });
  const began = performance.now();
  await expect(ask(url, { signal: stop.signal })).rejects.toThrow("cancelled");
  await hungUp.promise;
  expect(performance.now() - began).toBeLessThan(1000);
});

describe("a stream", () => {
  const streamOf = (pieces: readonly string[], gap: number) =>
    serve(async (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const piece of pieces) {
        response.write(piece);
        await pause(gap);
      }
      response.end();
    });

  test("is told chunk by chunk, each with the time at which it came", async () => {
    const result = await ask(await streamOf(["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"], 15));
    if (result.kind !== "answer") throw new Error(result.reason);
    expect(result.chunks.map(({ text }) => text)).toEqual(["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]);
    const [first = 0, , third = 0] = result.chunks.map(({ at }) => at);
    expect(third - first).toBeGreaterThanOrEqual(25);
  });

  test("that is cancelled in its middle ends within a second, and the engine is told", async () => {
    const stop = new AbortController();
    const hungUp = Promise.withResolvers<void>();
    const url = await serve((_request, response) => {
      response.on("close", hungUp.resolve);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
      setTimeout(() => stop.abort(new Error("cancelled")), 20);
    });
    const began = performance.now();
    await expect(ask(url, { signal: stop.signal })).rejects.toThrow("cancelled");
    await hungUp.promise;
    expect(performance.now() - began).toBeLessThan(1000);
  });

  test("that never ends is cut at its deadline, with what came until then", async () => {
    const url = await serve((_request, response) => void response.write("data: 1\n\n"));
    const result = await ask(url, { timeout: 50 });
    expect(result).toMatchObject({ kind: "answer", body: "data: 1\n\n", cut: "no end within 0.05 s" });
  });

  test("that breaks off is told to be cut", async () => {
    const url = await serve((_request, response) => {
      response.write("data: 1\n\n");
      setImmediate(() => response.destroy());
    });
    expect(await ask(url)).toMatchObject({ kind: "answer", body: "data: 1\n\n", cut: expect.any(String) });
  });

  test("whose letters are split between chunks keeps them whole", async () => {
    const bytes = Buffer.from("图片");
    const url = await serve(async (_request, response) => {
      response.write(bytes.subarray(0, 2));
      await pause(5);
      response.end(bytes.subarray(2));
    });
    expect(await ask(url)).toMatchObject({ body: "图片", cut: undefined });
  });
});

describe("a big answer", () => {
  test("of 6 MiB comes whole", async () => {
    const text = "x".repeat(6 * mebibyte);
    const result = await ask(await serve((_request, response) => response.end(text)));
    expect(result).toMatchObject({ kind: "answer", cut: undefined });
    expect(result.kind === "answer" && result.body === text).toBe(true);
  });

  test("is measured in bytes: three million letters of three bytes each are too many", async () => {
    const text = "图".repeat(3 * mebibyte);
    const result = await ask(await serve((_request, response) => response.end(text)));
    expect(result).toMatchObject({ kind: "answer", cut: `longer than ${8 * mebibyte} bytes` });
  });

  test("without end is cut at 8 MiB, and its connection closed", async () => {
    const hungUp = Promise.withResolvers<void>();
    const url = await serve((_request, response) => {
      response.on("close", hungUp.resolve);
      const piece = "x".repeat(mebibyte);
      const more = () => {
        while (!response.destroyed && response.write(piece));
      };
      response.on("drain", more);
      more();
    });
    const result = await ask(url);
    await hungUp.promise;
    expect(result).toMatchObject({ kind: "answer", cut: `longer than ${8 * mebibyte} bytes` });
  });
});
