import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { type ApiRequest, targetOf } from "./api-request.ts";

/** Milliseconds for DNS, TCP and TLS together. */
const connectTimeout = 5_000;

/** Opens HTTP exchanges with the API server of one kubeconfig context, with its TLS and its credentials. */
export class HttpDoor {
  readonly server: string;
  readonly #config: KubeConfig;
  readonly #agent: HttpAgent;

  constructor(config: KubeConfig) {
    this.#config = config;
    // `loadKubeconfig` has checked that the context names a cluster with a server.
    this.server = config.getCurrentCluster()?.server.replace(/\/$/, "") ?? "";
    this.#agent = this.#isHttps ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  }

  get #isHttps(): boolean {
    return this.server.startsWith("https:");
  }

  /**
   * Sends a request once and resolves when the response's head has arrived; the caller must consume or destroy it.
   *
   * `idleTimeout` bounds, in milliseconds, the silence of the connection before the head and within the body.
   */
  async open(request: ApiRequest, idleTimeout: number, signal: AbortSignal): Promise<IncomingMessage> {
    signal.throwIfAborted();
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const options = await this.#options(request, body);
    const url = new URL(this.server + targetOf(request));
    return new Promise((resolve, reject) => {
      const send = this.#isHttps ? httpsRequest : httpRequest;
      const outgoing = send(url, { ...options, signal }, resolve);
      outgoing.on("error", (error) => reject(signal.aborted ? signal.reason : error));
      outgoing.on("socket", (socket) => boundConnecting(socket, (error) => outgoing.destroy(error)));
      outgoing.setTimeout(idleTimeout, () => {
        outgoing.destroy(new Error(`no byte came for ${idleTimeout / 1000} s`));
      });
      outgoing.end(body);
    });
  }

  async #options(request: ApiRequest, body: Buffer | undefined): Promise<RequestOptions> {
    const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
    await this.#config.applyToHTTPSOptions(options);
    // The library's agent opens a connection per request; only behind a proxy is it needed.
    if (!this.#config.getCurrentCluster()?.proxyUrl) options.agent = this.#agent;
    options.method = request.method;
    options.headers.Accept = "application/json";
    options.headers["User-Agent"] = "keye-stack";
    if (body !== undefined) {
      options.headers["Content-Type"] = request.contentType ?? "application/json";
      options.headers["Content-Length"] = String(body.length);
    }
    return options;
  }

  close(): void {
    this.#agent.destroy();
  }
}

interface Connecting {
  readonly connecting: boolean;
  readonly encrypted?: boolean;
  once(event: string, listener: () => void): unknown;
}

/** A host that drops packets would otherwise hold the attempt for the kernel's own two minutes. */
function boundConnecting(socket: Connecting, fail: (error: Error) => void): void {
  if (!socket.connecting) return;
  const timer = setTimeout(() => fail(new Error(`no connection within ${connectTimeout / 1000} s`)), connectTimeout);
  const done = () => clearTimeout(timer);
  socket.once(socket.encrypted === true ? "secureConnect" : "connect", done);
  socket.once("close", done);
}
