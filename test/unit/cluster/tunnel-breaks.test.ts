import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PodDialer } from "../../../infra/cluster/pod-dialer.ts";
import { openTunnel } from "../../../infra/cluster/tunnel.ts";
import { exchange } from "../../../infra/prober/http.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { until } from "../../support/until.ts";
import { TunnelBench } from "./tunnel-bench.ts";

const never = new AbortController().signal;
const pod = { namespace: "keye", pod: "p1", port: 8000 };

let bench: TunnelBench;
beforeEach(async () => {
  bench = await TunnelBench.open();
});
afterEach(() => bench.close());

/** A probe's request through the tunnel, with a timeout that none of these tests waits for. */
function probe(signal = never) {
  return exchange({ name: "p1", baseUrl: bench.tunnel.baseUrl }, { method: "GET", path: "/", timeout: 60_000 }, signal);
}

/** Lets what is on its way arrive. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** How long something takes, in milliseconds. */
async function timeOf(work: Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work;
  return performance.now() - began;
}

describe("a pod that closes", () => {
  test.each<[string, string]>([
    ["at once", ""],
    ["in the middle of its headers", "HTTP/1.1 200 OK\r\nContent-"],
  ])("%s gives no answer, and nobody waits for one", async (_name, said) => {
    await bench.serveTcp((socket) => void socket.once("data", () => socket.end(said)));
    expect(await probe()).toMatchObject({ kind: "noAnswer", timedOut: false });
  });

  test("before the length that it promised gives half an answer, which is told to be cut", async () => {
    await bench.serveTcp((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
    });
    expect(await probe()).toMatchObject({ kind: "answer", body: "half", cut: expect.any(String) });
  });
});

describe("a tunnel that is cut", () => {
  const cuts: readonly [string, () => unknown][] = [
    ["the port-forward is killed", () => bench.api.portForwards.forEach((forward) => void forward.terminate())],
    ["the API server ends", () => bench.api.stop()],
  ];

  test.each(cuts)("in the middle of an answer, since %s, resets the client at once", async (_name, cut) => {
    // Only the close says where such a body ends: a cut must not look like one.
    await bench.serveTcp((socket) => void socket.once("data", () => socket.write("HTTP/1.0 200 OK\r\n\r\nhalf")));
    const client = connect(Number(new URL(bench.tunnel.baseUrl).port), "127.0.0.1");
    let received = "";
    client.on("data", (chunk) => {
      received += chunk.toString();
    });
    const ended = new Promise((resolve) => client.once("error", resolve));
    client.write("GET / HTTP/1.1\r\nHost: p1\r\n\r\n");
    await until(() => received.endsWith("half"));
    await cut();
    expect(await ended).toMatchObject({ code: "ECONNRESET" });
    await until(() => bench.tunnel.failure() !== undefined);
    expect(bench.tunnel.failure()).toBe("the port-forward was cut off");
  });

  test.each(
    cuts.flatMap(([why, cut]) => [
      { why, cut, answer: "a stream", said: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n" },
      { why, cut, answer: "an HTTP/1.0 answer", said: "HTTP/1.0 200 OK\r\n\r\nhalf" },
    ]),
  )("in the middle of $answer, since $why, never gives a probe a whole one", async ({ cut, said }) => {
    const begun = Promise.withResolvers<void>();
    await bench.serveTcp((socket) => void socket.once("data", () => socket.write(said, () => begun.resolve())));
    const answer = probe();
    await begun.promise;
    await settled();
    await cut();
    const found = await answer;
    // Whether the first bytes were faster than the cut is up to the machine.
    if (found.kind === "answer") expect(found).toMatchObject({ body: "half", cut: expect.any(String) });
    else expect(found.timedOut).toBe(false);
  });

  test("by what the kubelet says of a port where nothing listens keeps the words: the client only sees a reset", async () => {
    bench.api.podPorts.set("p1:8000", "an error occurred forwarding 8000: connection refused");
    await expect(bench.ask("/")).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(bench.tunnel.failure()).toBe("an error occurred forwarding 8000: connection refused");
  });
});

describe("an API server that refuses the upgrade", () => {
  test.each([
    {
      name: "with 403 is told with the missing rules",
      fault: { status: 403, message: "no" },
      text:
        'E_API: keye/pods/p1: The API server answered 403 to a port-forward: no. Give the identity a Role in namespace "keye" with ' +
        '{apiGroups: [""], resources: ["pods/portforward"], verbs: ["get"]} and {apiGroups: [""], resources: ["pods/portforward"], verbs: ["create"]}.',
    },
    {
      name: "since the pod is gone is told",
      fault: { status: 404, message: 'pods "p1" not found' },
      text: 'E_API: keye/pods/p1: The API server answered 404 to a port-forward: pods "p1" not found.',
    },
    {
      name: "since a proxy before it knows no WebSockets is told",
      fault: { status: 200, message: "welcome" },
      text: "E_API: keye/pods/p1: The API server answered 200 to a port-forward: welcome.",
    },
  ])("$name", async ({ fault, text }) => {
    bench.api.faults.push(fault);
    await expect(bench.ask("/")).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(bench.tunnel.failure()).toBe(text);
  });

  test("for a moment is asked again, within the client's own patience", async () => {
    await bench.serve((_incoming, response) => response.end("late"));
    bench.api.faults.push("reset");
    expect((await bench.ask("/")).text).toBe("late");
  });

  test.each([
    { name: "with 503 for ten seconds", fault: { status: 503 }, code: "E_API", leastMs: 8_000, mostMs: 10_000 },
    { name: "by being away for ninety", fault: "reset", code: "ENV_UNREACHABLE", leastMs: 88_000, mostMs: 90_000 },
  ] as const)("$name is given up", async ({ fault, code, leastMs, mostMs }) => {
    const clock = new ManualClock();
    const start = clock.now();
    bench.api.faults.push(...Array.from({ length: 200 }, () => fault));
    let failure: unknown;
    const dialled = new PodDialer(bench.api.kubeconfig, clock).dial(pod, never).catch((error: unknown) => {
      failure = error;
    });
    while (failure === undefined) {
      await until(() => failure !== undefined || clock.sleeping === 1);
      if (failure === undefined) await clock.advance(2_000);
    }
    await dialled;
    expect(failure).toMatchObject({ code });
    expect(clock.now() - start).toBeGreaterThanOrEqual(leastMs);
    expect(clock.now() - start).toBeLessThanOrEqual(mostMs + 2_000);
  });
});

describe("a cancel ends within a second", () => {
  test("a stream under way, and its port-forward with it", async () => {
    await bench.serve((_incoming, response) => void response.write("data: 1\n\n"));
    const stop = new AbortController();
    const answer = probe(stop.signal);
    await until(() => bench.api.portForwards.size === 1);
    stop.abort(new Error("cancelled"));
    expect(await timeOf(expect(answer).rejects.toThrow("cancelled"))).toBeLessThan(1000);
    expect(await timeOf(until(() => bench.api.portForwards.size === 0))).toBeLessThan(1000);
  });

  test("a tunnel that is closed, with all that goes through it", async () => {
    await bench.serve(() => undefined);
    const answer = expect(bench.ask("/")).rejects.toMatchObject({ code: "ECONNRESET" });
    await until(() => bench.api.portForwards.size === 1);
    expect(await timeOf(bench.tunnel.close())).toBeLessThan(1000);
    await answer;
    await until(() => bench.api.portForwards.size === 0);
  });

  test("a tunnel whose run is cancelled", async () => {
    const stop = new AbortController();
    const dialing = Promise.withResolvers<AbortSignal>();
    const tunnel = await openTunnel((signal) => {
      dialing.resolve(signal);
      return new Promise(() => undefined);
    }, stop.signal);
    const client = connect(Number(new URL(tunnel.baseUrl).port), "127.0.0.1");
    const closed = new Promise((resolve) => client.once("close", resolve));
    const signal = await dialing.promise;
    stop.abort(new Error("cancelled"));
    expect(await timeOf(closed)).toBeLessThan(1000);
    expect(signal.aborted).toBe(true);
  });

  test("an upgrade that the API server never answers", async () => {
    const silent = await listening(createServer((socket) => void socket.on("error", () => undefined)));
    try {
      const stop = new AbortController();
      const dialled = new PodDialer(kubeconfigFor(silent), new ManualClock()).dial(pod, stop.signal);
      await new Promise((resolve) => silent.once("connection", resolve));
      stop.abort(new Error("cancelled"));
      expect(await timeOf(expect(dialled).rejects.toThrow("cancelled"))).toBeLessThan(1000);
    } finally {
      silent.close();
    }
  });

  test("a wait for an API server that is away", async () => {
    const stop = new AbortController();
    const clock = new ManualClock();
    bench.api.faults.push("reset");
    const dialled = new PodDialer(bench.api.kubeconfig, clock).dial(pod, stop.signal);
    await until(() => clock.sleeping === 1);
    stop.abort(new Error("cancelled"));
    await expect(dialled).rejects.toThrow("cancelled");
  });
});

test("a client that leaves ends its port-forward", async () => {
  await bench.serve(() => undefined);
  const client = connect(Number(new URL(bench.tunnel.baseUrl).port), "127.0.0.1");
  client.write("GET / HTTP/1.1\r\n\r\n");
  await until(() => bench.api.portForwards.size === 1);
  client.destroy();
  await until(() => bench.api.portForwards.size === 0);
});

async function listening(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

function kubeconfigFor(server: Server): KubeConfig {
  const config = new KubeConfig();
  // A server that listens on TCP has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  config.loadFromClusterAndUser(
    { name: "silent", server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: "tester", token: "fake" },
  );
  return config;
}
