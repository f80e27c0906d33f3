import { createServer, type RequestListener, request } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { PodDialer } from "../../../infra/cluster/pod-dialer.ts";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { openTunnel, type Tunnel } from "../../../infra/cluster/tunnel.ts";
import { FakeKubeApi } from "../../support/fake-kube-api.ts";

/** The port of the pod `p1` that a bench's tunnel leads to. */
const podPort = 8000;

/** A fake API server, and a tunnel through it to one pod of this machine. */
export class TunnelBench {
  readonly api: FakeKubeApi;
  readonly tunnel: Tunnel;
  readonly #pods: Server[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(api: FakeKubeApi, tunnel: Tunnel) {
    this.api = api;
    this.tunnel = tunnel;
  }

  static async open(signal = new AbortController().signal): Promise<TunnelBench> {
    const api = await new FakeKubeApi().start();
    const dialer = new PodDialer(api.kubeconfig, systemClock);
    const target = { namespace: "keye", pod: "p1", port: podPort };
    return new TunnelBench(api, await openTunnel((cancelled) => dialer.dial(target, cancelled), signal));
  }

  /** Puts an HTTP server into the pod. */
  serve(listener: RequestListener): Promise<void> {
    return this.#listen(createServer(listener));
  }

  /** Puts a server into the pod that talks TCP in its own way. */
  serveTcp(onSocket: (socket: Socket) => void): Promise<void> {
    return this.#listen(createTcpServer(onSocket));
  }

  async #listen(server: Server): Promise<void> {
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // A server that listens on TCP has an AddressInfo.
    this.api.podPorts.set(`p1:${podPort}`, (server.address() as AddressInfo).port);
    this.#pods.push(server);
  }

  /** One exchange through the tunnel on a connection of its own: status and body, or the fault that ended it. */
  ask(path: string, body?: Buffer): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const options = { agent: false, method: body === undefined ? "GET" : "POST" };
      const outgoing = request(this.tunnel.baseUrl + path, options, async (response) => {
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

  async close(): Promise<void> {
    await this.tunnel.close();
    for (const socket of this.#sockets) socket.destroy();
    for (const pod of this.#pods) pod.close();
    await this.api.stop();
  }
}
