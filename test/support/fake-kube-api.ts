import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { KubeConfig } from "@kubernetes/client-node";
import { answerPortForward } from "./fake-port-forward.ts";

/** An object of the fake, by its path. */
export interface FakeObject {
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    resourceVersion?: string;
    uid?: string;
  };
  [field: string]: unknown;
}

/** A request as it came. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** What a fault does to a request instead of answering it. */
export type Fault = { readonly status: number; readonly message?: string } | "reset";

interface PatchOperation {
  readonly op: "test" | "replace";
  readonly path: string;
  readonly value: unknown;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

const collections = new Set([
  "configmaps",
  "deployments",
  "endpointslices",
  "events",
  "leaderworkersets",
  "limitranges",
  "nodes",
  "poddisruptionbudgets",
  "pods",
  "replicasets",
  "resourcequotas",
  "services",
]);

/**
 * A Kubernetes API that keeps objects by path: get, list by labels (`a=b`, `a`, `a in (b,c)`), create, update with resource versions, JSON and
 * merge patches, watches, port-forwards. Knows no kinds and validates nothing.
 */
export class FakeKubeApi {
  readonly requests: SeenRequest[] = [];
  /** Faults for the next requests, in order; `undefined` lets one through. */
  readonly faults: (Fault | undefined)[] = [];
  /** Where port-forwards to `<pod>:<port>` lead: a port of this machine, or a refusal's text. */
  readonly podPorts = new Map<string, number | string>();
  readonly portForwards = new Set<{ terminate(): void }>();
  /** Answers that are no JSON, such as logs, by path. */
  readonly texts = new Map<string, string>();
  readonly #objects = new Map<string, FakeObject>();
  readonly #watches = new Set<{ readonly path: string; readonly response: ServerResponse }>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #version = 100;
  #port = 0;

  constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("upgrade", (request, socket, head) => {
      const fault = this.#nextFault(request, undefined);
      if (fault === "reset") socket.destroy();
      else if (fault !== undefined) socket.end(refusedUpgrade(fault));
      else answerPortForward(this, { request, socket, head });
    });
  }

  /** Starts it, or starts it again on the same port. */
  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
    // A listening TCP server has an address with a port.
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** Stops it and cuts every connection. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A kubeconfig whose only context, `fake`, leads here. */
  get kubeconfig(): KubeConfig {
    const config = new KubeConfig();
    config.loadFromString(this.kubeconfigText);
    return config;
  }

  get kubeconfigText(): string {
    return JSON.stringify({
      clusters: [{ name: "fake", cluster: { server: this.server, "insecure-skip-tls-verify": true } }],
      users: [{ name: "fake", user: { token: "fake" } }],
      contexts: [{ name: "fake", context: { cluster: "fake", user: "fake" } }],
      "current-context": "fake",
    });
  }

  get server(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  /** Stores an object and tells the watches of its collection. */
  put(path: string, object: FakeObject): FakeObject {
    const type = this.#objects.has(path) ? "MODIFIED" : "ADDED";
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } };
    this.#objects.set(path, stored);
    this.tell(path.slice(0, path.lastIndexOf("/")), { type, object: stored });
    return stored;
  }

  get(path: string): FakeObject | undefined {
    return this.#objects.get(path);
  }

  /** Sends a line to every watch of a collection. */
  tell(collection: string, event: unknown): void {
    for (const watch of this.#watches)
      if (watch.path === collection) watch.response.write(`${JSON.stringify(event)}\n`);
  }

  /** Ends every watch, as the API server does after some minutes. */
  endWatches(): void {
    for (const watch of this.#watches) watch.response.end();
  }

  #nextFault(request: IncomingMessage, body: unknown): Fault | undefined {
    const url = new URL(request.url ?? "/", "http://fake");
    this.requests.push({ method: request.method ?? "", path: url.pathname, query: url.searchParams, body });
    return this.faults.shift();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const body = text === "" ? undefined : JSON.parse(text);
    const fault = this.#nextFault(request, body);
    if (fault === "reset") request.socket.destroy();
    else if (fault !== undefined) send(response, { status: fault.status, body: statusObject(fault) });
    else this.#serve(request, response, body);
  }

  #serve(request: IncomingMessage, response: ServerResponse, body: unknown): void {
    const { pathname: path, searchParams: query } = new URL(request.url ?? "/", "http://fake");
    const text = this.texts.get(path);
    if (query.has("watch")) this.#openWatch(path, response);
    else if (text !== undefined) response.writeHead(200, { "Content-Type": "text/plain" }).end(text);
    else send(response, this.#replyTo(request.method, { path, query, body }));
  }

  #replyTo(method: string | undefined, { path, query, body }: { path: string; query: URLSearchParams; body: unknown }) {
    // The client under test sends objects to create, to replace, and to merge.
    const object = body as FakeObject;
    if (method === "GET") return this.#read(path, query);
    if (method === "POST") return this.#create(path, object);
    if (method === "PUT") return this.#update(path, object);
    return this.#patch(path, body);
  }

  #openWatch(path: string, response: ServerResponse): void {
    const watch = { path, response };
    this.#watches.add(watch);
    response.once("close", () => this.#watches.delete(watch));
    response.writeHead(200, { "Content-Type": "application/json" }).flushHeaders();
  }

  #read(path: string, query: URLSearchParams): Reply {
    const object = this.#objects.get(path);
    if (object !== undefined) return { status: 200, body: object };
    if (!collections.has(path.slice(path.lastIndexOf("/") + 1))) return refusal(404, `${path} not found`);
    // A comma within brackets belongs to a set.
    const wanted = (query.get("labelSelector") ?? "").split(/,(?![^(]*\))/).filter((term) => term !== "");
    const matches = ({ metadata: { labels = {} } }: FakeObject) => wanted.every((term) => isMet(term, labels));
    const items = [...this.#objects]
      .filter(([key]) => key.slice(0, key.lastIndexOf("/")) === path)
      .map(([, one]) => one)
      .filter(matches);
    return { status: 200, body: { metadata: { resourceVersion: String(this.#version) }, items } };
  }

  #create(path: string, body: FakeObject): Reply {
    const key = `${path}/${body.metadata.name}`;
    return this.#objects.has(key) ? refusal(409, "already exists") : { status: 201, body: this.put(key, body) };
  }

  #update(path: string, body: FakeObject): Reply {
    const version = this.#objects.get(path)?.metadata.resourceVersion;
    const isStale = body.metadata.resourceVersion !== undefined && body.metadata.resourceVersion !== version;
    return isStale ? refusal(409, "the object has been modified") : { status: 200, body: this.put(path, body) };
  }

  #patch(path: string, body: unknown): Reply {
    const object = this.#objects.get(path);
    if (object === undefined) return refusal(404, `${path} not found`);
    if (!Array.isArray(body)) return { status: 200, body: this.put(path, { ...object, ...(body as FakeObject) }) };
    const changed = structuredClone(object);
    for (const operation of body as PatchOperation[]) {
      const { holder, key } = pointedAt(changed, operation.path);
      if (operation.op === "replace") holder[key] = operation.value;
      else if (!isDeepStrictEqual(holder[key], operation.value)) return refusal(422, "the server rejected our request");
    }
    return { status: 200, body: this.put(path, changed) };
  }
}

function pointedAt(object: FakeObject, pointer: string): { holder: Record<string, unknown>; key: string } {
  const keys = pointer
    .slice(1)
    .split("/")
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  const key = keys.pop() ?? "";
  let holder: Record<string, unknown> = object;
  for (const step of keys) holder = holder[step] as Record<string, unknown>;
  return { holder, key };
}

function statusObject(fault: { readonly status: number; readonly message?: string }) {
  return { kind: "Status", code: fault.status, message: fault.message ?? `fake ${fault.status}` };
}

function refusal(status: number, message: string): Reply {
  return { status, body: statusObject({ status, message }) };
}

function send(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

function refusedUpgrade(fault: { readonly status: number; readonly message?: string }): string {
  const body = JSON.stringify(statusObject(fault));
  return `HTTP/1.1 ${fault.status} Refused\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}

function isMet(term: string, labels: Readonly<Record<string, string>>): boolean {
  const [, key = "", set] = /^(\S+) in \((.*)\)$/.exec(term) ?? [];
  if (set !== undefined) return set.split(",").includes(labels[key] ?? "");
  const [name = "", value] = term.split("=");
  return value === undefined ? name in labels : labels[name] === value;
}
