import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import { createServer, type RequestListener, request, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { WebSocket } from "ws";
import { ApiClient } from "../../../infra/cluster/api-client.ts";
import { PodDialer } from "../../../infra/cluster/pod-dialer.ts";
import { readyPods } from "../../../infra/cluster/service-endpoint.ts";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { openTunnel, type Tunnel } from "../../../infra/cluster/tunnel.ts";
import { FakeKubeApi } from "../../support/fake-kube-api.ts";
import { until } from "../../support/until.ts";

const never = new AbortController().signal;

describe("a tunnel to a pod", () => {
  let api: FakeKubeApi;
  let tunnel: Tunnel;
  const engines: { close(): unknown }[] = [];

  beforeEach(async () => {
    api = await new FakeKubeApi().start();
    const dialer = new PodDialer(api.kubeconfig, systemClock);
    tunnel = await openTunnel((signal) => dialer.dial({ namespace: "keye", pod: "p1", port: 8000 }, signal), never);
  });

  afterEach(async () => {
    await tunnel.close();
    for (const engine of engines.splice(0)) engine.close();
    await api.stop();
  });

  async function serve(listener: RequestListener): Promise<Server> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    api.podPorts.set("p1:8000", (server.address() as AddressInfo).port);
    engines.push(server);
    return server;
  }

  /** One exchange on a connection of its own: status, body, and how it ended. */
  function ask(path: string, body?: Buffer): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const options = { agent: false, method: body === undefined ? "GET" : "POST" };
      const outgoing = request(tunnel.baseUrl + path, options, async (response) => {
        try {
          const chunks: Buffer[] = [];
          for await (const chunk of response) chunks.push(chunk);
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
        } catch (error) {
          reject(error);
        }
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  test("carries requests and answers, each connection on a WebSocket of its own", async () => {
    await serve((incoming, response) => response.end(`hello ${incoming.url}`));
    expect(await ask("/a")).toEqual({ status: 200, text: "hello /a" });
    expect(await ask("/b")).toEqual({ status: 200, text: "hello /b" });
    expect(api.requests.map(({ path, query }) => [path, query.get("ports")])).toEqual([
      ["/api/v1/namespaces/keye/pods/p1/portforward", "8000"],
      ["/api/v1/namespaces/keye/pods/p1/portforward", "8000"],
    ]);
    await until(() => api.portForwards.size === 0);
  });

  test("carries a body of 40 MB unharmed", async () => {
    const body = Buffer.alloc(40_000_000, "keye");
    await serve(async (incoming, response) => {
      const hash = createHash("sha256");
      for await (const chunk of incoming) hash.update(chunk);
      response.end(hash.digest("hex"));
    });
    expect((await ask("/", body)).text).toBe(createHash("sha256").update(body).digest("hex"));
  });

  test("a pod that closes after its answer ends the client's connection: HTTP/1.0 bodies are whole", async () => {
    const pod = createTcpServer((socket) => {
      socket.once("data", () => socket.end("HTTP/1.0 200 OK\r\n\r\nto the end"));
    });
    await new Promise<void>((resolve) => pod.listen(0, "127.0.0.1", resolve));
    engines.push(pod);
    api.podPorts.set("p1:8000", (pod.address() as AddressInfo).port);
    expect((await ask("/")).text).toBe("to the end");
    expect(tunnel.failure()).toBeUndefined();
  });

  test("a tunnel that is cut in the middle of an answer resets the client at once: half an answer is never whole", async () => {
    await serve((_incoming, response) => response.write("half"));
    const answer = ask("/");
    await until(() => api.portForwards.size === 1);
    const cut = new Promise<void>((resolve) => {
      setImmediate(() => {
        for (const forward of api.portForwards) forward.terminate();
        resolve();
      });
    });
    await cut;
    await expect(answer).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(tunnel.failure()).toBe("the port-forward was cut off");
  });

  test("what the kubelet says of a port where nothing listens is kept: the client only sees a reset", async () => {
    api.podPorts.set("p1:8000", "an error occurred forwarding 8000: connection refused");
    await expect(ask("/")).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(tunnel.failure()).toBe("an error occurred forwarding 8000: connection refused");
  });

  test.each([
    {
      name: "a port-forward that is forbidden names the missing rules",
      fault: { status: 403, message: "no" },
      text:
        'E_API: keye/pods/p1: The API server answered 403 to a port-forward: no. Give the identity a Role in namespace "keye" with ' +
        '{apiGroups: [""], resources: ["pods/portforward"], verbs: ["get"]} and {apiGroups: [""], resources: ["pods/portforward"], verbs: ["create"]}.',
    },
    {
      name: "a pod that is gone is told",
      fault: { status: 404, message: 'pods "p1" not found' },
      text: 'E_API: keye/pods/p1: The API server answered 404 to a port-forward: pods "p1" not found.',
    },
  ])("$name", async ({ fault, text }) => {
    api.faults.push(fault);
    await expect(ask("/")).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(tunnel.failure()).toBe(text);
  });

  test("an API server that is away for a moment is waited for, within the client's own patience", async () => {
    await serve((_incoming, response) => response.end("late"));
    api.faults.push("reset", { status: 503 });
    expect((await ask("/")).text).toBe("late");
  });

  test("a client that leaves ends the port-forward", async () => {
    await serve(() => undefined);
    const client = connect(Number(new URL(tunnel.baseUrl).port), "127.0.0.1");
    client.write("GET / HTTP/1.1\r\n\r\n");
    await until(() => api.portForwards.size === 1);
    client.destroy();
    await until(() => api.portForwards.size === 0);
  });

  test("closing it ends what is under way, and frees the port", async () => {
    await serve(() => undefined);
    const answer = ask("/");
    await until(() => api.portForwards.size === 1);
    const closed = expect(answer).rejects.toMatchObject({ code: "ECONNRESET" });
    await tunnel.close();
    await closed;
    await until(() => api.portForwards.size === 0);
    await expect(ask("/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("an abort closes it", async () => {
    const stop = new AbortController();
    const other = await openTunnel(() => Promise.reject(new Error("unused")), stop.signal);
    stop.abort();
    await other.close();
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

describe("the pods that a Service leads to", () => {
  const ref = { namespace: "keye", app: "keye", service: "keye" };
  let api: FakeKubeApi;
  let client: ApiClient;

  beforeEach(async () => {
    api = await new FakeKubeApi().start();
    client = new ApiClient(api.kubeconfig, systemClock);
    api.put("/api/v1/namespaces/keye/services/keye", {
      metadata: { name: "keye" },
      spec: {
        ports: [
          { name: "http", port: 80 },
          { name: "metrics", port: 9000 },
        ],
      },
    });
    const endpoint = (pod: string, ready: boolean) => ({
      addresses: ["10.0.0.1"],
      conditions: { ready },
      targetRef: { kind: "Pod", name: pod },
    });
    api.put("/apis/discovery.k8s.io/v1/namespaces/keye/endpointslices/keye-1", {
      metadata: { name: "keye-1", labels: { "kubernetes.io/service-name": "keye" } },
      ports: [
        { name: "metrics", port: 9999 },
        { name: "http", port: 8000 },
      ],
      endpoints: [endpoint("b", true), endpoint("a", true), endpoint("starting", false)],
    });
  });

  afterEach(async () => {
    client.close();
    await api.stop();
  });

  test("are the ready ones, at the port that the slices give for the Service's", async () => {
    const forward = (pod: string, port: number) => ({ namespace: "keye", pod, port });
    expect(await readyPods(client, { ref, port: 80 }, never)).toEqual([forward("a", 8000), forward("b", 8000)]);
    expect(await readyPods(client, { ref, port: 9000 }, never)).toEqual([forward("a", 9999), forward("b", 9999)]);
  });

  test("a port that the Service does not have is told with those it has", async () => {
    await expect(readyPods(client, { ref, port: 81 }, never)).rejects.toMatchObject({
      message: "E_PROBE: keye/services/keye: It has no port 81; its ports are: 80, 9000.",
    });
  });

  test("a Service without ready pods is told", async () => {
    await expect(readyPods(client, { ref: { ...ref, service: "none" }, port: undefined }, never)).rejects.toThrow(
      "E_API: keye/services/none",
    );
    api.put("/apis/discovery.k8s.io/v1/namespaces/keye/endpointslices/keye-1", {
      metadata: { name: "keye-1", labels: { "kubernetes.io/service-name": "keye" } },
      ports: null,
      endpoints: null,
    });
    await expect(readyPods(client, { ref, port: undefined }, never)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^E_PROBE: keye\/services\/keye: Its EndpointSlices list no ready pod\. Read: kubectl/,
      ),
    });
  });
});
