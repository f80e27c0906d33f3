import { createServer, type Server, Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Clock } from "../../core/clock.ts";
import type { Milliseconds } from "../../core/units.ts";

/** Where the processes of one engine on several nodes meet. */
export interface MeetingPlace {
  /** Processes in all, this one included. */
  readonly count: number;
  readonly isLeader: boolean;
  /** What the leader listens on, and the others connect to; undefined while the name of the host is not known. */
  address(): string | undefined;
  readonly port: number;
  /** As the command line names it. */
  readonly host: string;
  readonly clock: Clock;
  /** How long the first meeting waits for those who have not come. */
  readonly patience: Milliseconds;
  /** Aborts when the process ends. */
  readonly life: AbortSignal;
}

const retryEvery: Milliseconds = 100;

/**
 * The other processes of an engine that is spread over nodes, as torch's store and process groups hold them together: all wait
 * for all, and each notices at once when another is gone.
 *
 * The rendezvous of PyTorch 2.9.1 (`torch/distributed/rendezvous.py`), and Gloo's pairs, which SGLang's schedulers hand each
 * request round by (sglang keye-vl-v2-30b-release, `srt/managers/scheduler.py`, `broadcast_pyobj`).
 */
export class Peers {
  readonly #place: MeetingPlace;
  readonly #sockets = new Set<Socket>();
  readonly #lost = Promise.withResolvers<string>();
  #server: Server | undefined;
  /** Others that wait at the meeting that comes next. */
  #waiting = 0;
  #arrival = Promise.withResolvers<void>();

  constructor(place: MeetingPlace) {
    this.#place = place;
    place.life.addEventListener("abort", () => this.#close());
  }

  /** Resolves with `[address]:port` of the first of the others that is gone. */
  get lost(): Promise<string> {
    return this.#lost.promise;
  }

  /** Waits until all have come. Rejects with the error's text where the first meeting takes too long. */
  async join(): Promise<void> {
    const { isLeader, patience, clock, life, count, host, port } = this.#place;
    const done = new AbortController();
    const late = clock.sleep(patience, AbortSignal.any([life, done.signal])).then(() => {
      const seconds = Math.round(patience / 1000);
      throw new Error(
        isLeader
          ? `torch.distributed.DistStoreError: Timed out after ${seconds + 1} seconds waiting for clients. ${1 + this.#sockets.size}/${count} clients joined.`
          : `torch.distributed.DistNetworkError: The client socket has timed out after ${patience}ms while trying to connect to (${host}, ${port}).`,
      );
    });
    try {
      await Promise.race([late, isLeader ? this.#listen() : this.#connect(done.signal)]);
      await Promise.race([late, this.meet()]);
    } finally {
      done.abort(new Error("joined"));
      late.catch(() => undefined);
    }
  }

  /** Waits until all have come to the same point. Never ends where one is gone: `lost` tells of that. */
  async meet(): Promise<void> {
    if (!this.#place.isLeader) for (const socket of this.#sockets) socket.write("here\n");
    while (this.#place.isLeader && this.#waiting < this.#place.count - 1) await this.#nextArrival();
    if (!this.#place.isLeader) return this.#nextArrival();
    this.#waiting -= this.#place.count - 1;
    for (const socket of this.#sockets) socket.write("go\n");
  }

  async #listen(): Promise<void> {
    const server = createServer((socket) => this.#add(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#place.port, this.#place.address(), resolve);
    });
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const { address, port, clock, life } = this.#place;
    while (!signal.aborted) {
      const host = address();
      if (host !== undefined && (await this.#tryConnect(host, port))) return;
      await clock.sleep(retryEvery, AbortSignal.any([life, signal]));
    }
  }

  #tryConnect(host: string, port: number): Promise<boolean> {
    const socket = new Socket();
    return new Promise((resolve) => {
      socket.once("error", () => resolve(false));
      socket.connect(port, host, () => {
        this.#add(socket);
        resolve(true);
      });
    });
  }

  #add(socket: Socket): void {
    const name = `[${socket.remoteAddress}]:${socket.remotePort}`;
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#lost.resolve(name));
    createInterface({ input: socket }).on("line", () => {
      this.#waiting += 1;
      this.#arrival.resolve();
    });
  }

  async #nextArrival(): Promise<void> {
    await this.#arrival.promise;
    this.#arrival = Promise.withResolvers();
  }

  #close(): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
