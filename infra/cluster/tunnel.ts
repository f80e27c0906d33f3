import { createServer, type Socket } from "node:net";
import type { WebSocket } from "ws";
import { textOf } from "../core/errors.ts";
import type { Bytes } from "../core/units.ts";

/** A local address that leads to a pod. */
export interface Tunnel {
  /** `http://127.0.0.1:PORT` */
  readonly baseUrl: string;
  /**
   * Why the latest connection that failed did so, such as `connection refused` in the pod; undefined while none has.
   * TCP has no words: clients see a reset.
   */
  failure(): string | undefined;
  /** Ends the listener and every connection. */
  close(): Promise<void>;
}

/** Bytes on their way to the WebSocket above which the local socket is no longer read. */
const highWater: Bytes = 1024 * 1024;

const dataChannel = 0;
const errorChannel = 1;
const abnormalClosure = 1006;

/**
 * Listens on a free port of 127.0.0.1 and joins each accepted connection with a WebSocket of its own from `dial`.
 *
 * A close of either end closes the other: a clean one as an end, a cut one as a reset, so that a body which ends with
 * its connection is never taken for whole. Either direction holds at most about 2 MiB. The protocol has no half-close: a
 * client that ends its side ends the exchange.
 */
export async function openTunnel(
  dial: (signal: AbortSignal) => Promise<WebSocket>,
  signal: AbortSignal,
): Promise<Tunnel> {
  signal.throwIfAborted();
  const closing = new AbortController();
  const sockets = new Set<Socket>();
  let failure: string | undefined;
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    join(socket, dial, closing.signal).catch((error: unknown) => {
      failure = textOf(error);
      socket.resetAndDestroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const close = async () => {
    closing.abort(new Error("the tunnel was closed"));
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  signal.addEventListener("abort", () => void close(), { once: true, signal: closing.signal });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { baseUrl: `http://127.0.0.1:${port}`, failure: () => failure, close };
}

/** Pumps until both ends are closed. Rejects with the reason where the far end could not be reached or broke off. */
async function join(
  socket: Socket,
  dial: (signal: AbortSignal) => Promise<WebSocket>,
  signal: AbortSignal,
): Promise<void> {
  const left = new AbortController();
  // A reset by the client is told by `close`, which always follows.
  socket.on("error", () => undefined);
  socket.once("close", () => left.abort(new Error("the client has left")));
  let remote: WebSocket;
  try {
    remote = await dial(AbortSignal.any([signal, left.signal]));
  } catch (error) {
    if (left.signal.aborted || signal.aborted) return;
    throw error;
  }
  if (socket.destroyed) {
    remote.terminate();
    return;
  }
  socket.once("close", () => remote.terminate());
  signal.addEventListener("abort", () => remote.terminate(), { once: true, signal: left.signal });
  pumpOut(socket, remote);
  await pumpIn(socket, remote);
}

function pumpOut(socket: Socket, remote: WebSocket): void {
  socket.on("data", (chunk: Buffer) => {
    const frame = Buffer.allocUnsafe(chunk.length + 1);
    frame[0] = dataChannel;
    chunk.copy(frame, 1);
    remote.send(frame, () => {
      if (remote.bufferedAmount < highWater) socket.resume();
    });
    if (remote.bufferedAmount >= highWater) socket.pause();
  });
  socket.once("end", () => remote.close());
  socket.resume();
}

/** Resolves when the far end has closed cleanly. */
function pumpIn(socket: Socket, remote: WebSocket): Promise<void> {
  // The first message of each channel begins with the port's number, two bytes.
  const unread: Record<number, number> = { [dataChannel]: 2, [errorChannel]: 2 };
  let said = "";
  return new Promise((resolve, reject) => {
    remote.on("message", (message: Buffer) => {
      const channel = message[0] ?? errorChannel;
      const payload = message.subarray(1 + (unread[channel] ?? 0));
      unread[channel] = 0;
      if (channel === errorChannel) said += payload.toString("utf8");
      if (channel !== dataChannel || payload.length === 0 || socket.write(payload)) return;
      remote.pause();
      socket.once("drain", () => remote.resume());
    });
    remote.once("close", (code) => {
      if (socket.destroyed) resolve();
      else if (said !== "") reject(new Error(said.trim()));
      else if (code === abnormalClosure) reject(new Error("the port-forward was cut off"));
      else {
        socket.destroySoon();
        resolve();
      }
    });
    remote.resume();
  });
}
