import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { request as send } from "node:https";
import type { AddressInfo } from "node:net";
import { loadKubeconfig } from "../../infra/cluster/kubeconfig.ts";

/** Stands before an API server, passes reads on to it, keeps the line of every request, and lets nothing else through. */
export class RecordingProxy {
  /** `GET /api/v1/nodes`, without queries, in the order in which they came. */
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #target: { readonly url: string; readonly ca: Buffer; readonly token: string };

  private constructor(kubeconfig: string) {
    const config = loadKubeconfig({ kubeconfig });
    const cluster = config.getCurrentCluster();
    const ca = Buffer.from(cluster?.caData ?? "", "base64");
    this.#target = { url: cluster?.server ?? "", ca, token: config.getCurrentUser()?.token ?? "" };
    this.#server = createServer((request, response) => this.#pass(request, response));
  }

  /** `kubeconfig` leads to the API server, with a token. */
  static async start(kubeconfig: string): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(kubeconfig);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** A kubeconfig whose only context, `target`, leads here. */
  get kubeconfig(): string {
    // A listening TCP server has an address with a port.
    const { port } = this.#server.address() as AddressInfo;
    return JSON.stringify({
      clusters: [{ name: "target", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } }],
      users: [{ name: "target", user: {} }],
      contexts: [{ name: "target", context: { cluster: "target", user: "target" } }],
      "current-context": "target",
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url = "/" } = request;
    this.requests.push(`${method} ${url.split("?")[0]}`);
    if (method !== "GET") return void response.writeHead(405).end();
    const { ca, token } = this.#target;
    const headers = { accept: "application/json", authorization: `Bearer ${token}` };
    const onward = send(new URL(url, this.#target.url), { ca, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, { "content-type": answer.headers["content-type"] ?? "text/plain" });
      answer.pipe(response);
    });
    onward.once("error", () => response.destroy());
    onward.end();
  }
}
