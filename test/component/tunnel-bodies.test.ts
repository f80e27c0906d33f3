import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { WebSocket } from "ws";
import { openTunnel, type Tunnel } from "../../infra/cluster/tunnel.ts";
import { until } from "../support/until.ts";
import { TunnelBench } from "../unit/cluster/tunnel-bench.ts";

const never = new AbortController().signal;

describe("a tunnel that carries much", () => {
  let bench: TunnelBench;

  beforeEach(async () => {
    bench = await TunnelBench.open();
  });

  afterEach(() => bench.close());

  const sha256 = (body: Buffer | string) => createHash("sha256").update(body).digest("hex");

  test("brings a body of 40 MB to the pod unharmed", async () => {
    const body = Buffer.alloc(40_000_000, "keye");
    await bench.serve(async (incoming, response) => {
      const hash = createHash("sha256");
      for await (const chunk of incoming) hash.update(chunk);
      response.end(hash.digest("hex"));
    });
    expect((await bench.ask("/", body)).text).toBe(sha256(body));
  });

  test("brings an answer of 8 MB, the most that a probe reads, back unharmed", async () => {
    const answer = Buffer.alloc(8_000_000, "frames");
    await bench.serve((_incoming, response) => response.end(answer));
    expect(sha256((await bench.ask("/")).text)).toBe(sha256(answer));
  });
});

/** A WebSocket that keeps what it is sent until the test takes it. */
class StuckSocket extends EventEmitter {
  bufferedAmount = 0;
  isPaused = false;
  #sent: (() => void)[] = [];

  send(frame: Buffer, done: () => void): void {
    this.bufferedAmount += frame.length;
    this.#sent.push(() => {
      this.bufferedAmount -= frame.length;
      done();
    });
  }

  take(): void {
    for (const done of this.#sent.splice(0)) done();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(): void {}

  terminate(): void {}
}

describe("a tunnel whose other end is slow", () => {
  const limit = 1_300_000;
  let remote: StuckSocket;
  let tunnel: Tunnel;
  let client: Socket;

  beforeEach(async () => {
    remote = new StuckSocket();
    // The tunnel uses only what StuckSocket has.
    tunnel = await openTunnel(async () => remote as unknown as WebSocket, never);
    client = connect(Number(new URL(tunnel.baseUrl).port), "127.0.0.1");
    client.on("error", () => undefined);
    await until(() => remote.listenerCount("message") > 0);
  });

  afterEach(async () => {
    client.destroy();
    await tunnel.close();
  });

  /** Lets everything happen that can without a further push. */
  async function settle() {
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  test("stops reading the client, and goes on once the pod has taken something", async () => {
    client.write(Buffer.alloc(16_000_000));
    await until(() => remote.bufferedAmount >= 1024 * 1024);
    await settle();
    expect(remote.bufferedAmount).toBeLessThan(limit);
    remote.take();
    await until(() => remote.bufferedAmount >= 1024 * 1024);
    await settle();
    expect(remote.bufferedAmount).toBeLessThan(limit);
  });

  test("stops reading the pod while the client does not read, and goes on when it does", async () => {
    client.pause();
    const frame = Buffer.concat([Buffer.from([0, 0, 0]), Buffer.alloc(1_000_000)]);
    // A loopback connection swallows some megabytes before it is full.
    for (let sent = 0; sent < 100 && !remote.isPaused; sent++) remote.emit("message", frame);
    expect(remote.isPaused).toBe(true);
    client.resume();
    await until(() => !remote.isPaused);
  });
});
