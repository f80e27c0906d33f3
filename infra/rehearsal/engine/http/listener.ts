import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Exchange, OnAnswer } from "./exchange.ts";
import { exchangeOf } from "./exchange.ts";

/** An open port. */
export interface Listener {
  readonly port: number;
  /** Closes the port at once. Answers that have not begun become `lastWords` first, where given; streams are cut. */
  close(lastWords?: string): Promise<void>;
}

/** What a listener does with its requests. */
export interface ListenerOptions {
  readonly address: string;
  readonly port: number;
  /** Aborts when the process ends. */
  readonly life: AbortSignal;
  readonly handle: (exchange: Exchange) => Promise<void>;
  /** Gets the client's address as `host:port` beside the exchange. */
  readonly onAnswer: (exchange: Exchange, status: number, peer: string) => void;
}

/** Opens the port. Rejects with Node's error where it is taken. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const open = new Set<Exchange>();
  const server = createServer({ keepAliveTimeout: 5_000 }, (request, response) => {
    const gone = new AbortController();
    const peer = `${request.socket.remoteAddress}:${request.socket.remotePort}`;
    const answered: OnAnswer = (exchange, status) => options.onAnswer(exchange, status, peer);
    const exchange = exchangeOf(request, response, AbortSignal.any([gone.signal, options.life]), answered);
    open.add(exchange);
    response.on("close", () => {
      open.delete(exchange);
      gone.abort(new Error("the client has left"));
    });
    options.handle(exchange).catch(() => exchange.cut());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.address, resolve);
  });
  // A server that listens on a TCP port has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: async (lastWords) => {
      if (lastWords !== undefined) {
        for (const exchange of open) exchange.sendText(500, lastWords, "text/plain; charset=utf-8");
      }
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      if (lastWords !== undefined) await new Promise((resolve) => setImmediate(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
