import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as after } from "node:timers/promises";

/** A commit that the fake hub's main branch is at. */
export const fakeCommit = "0123456789abcdef0123456789abcdef01234567";

/** What goes wrong with one request for bytes. */
export type Fault =
  | { readonly kind: "status"; readonly status: number; readonly headers?: Record<string, string> }
  /** Sends so many bytes, then cuts the connection. */
  | { readonly kind: "cut"; readonly bytes: number }
  /** Sends so many bytes, then nothing, with the connection held. */
  | { readonly kind: "stall"; readonly bytes: number }
  /** Turns the last byte over. */
  | { readonly kind: "corrupt" }
  | { readonly kind: "noRanges" }
  /** Gives the range that is asked for, whatever version it is of. */
  | { readonly kind: "noIfRange" }
  /** 64 kB, then a pause, and so on. */
  | { readonly kind: "slow"; readonly pause: number };

/** One request for bytes, as a script sees it. */
export interface BytesRequest {
  readonly path: string;
  readonly start: number;
  /** 1 for the first request of this file. Looks with a range of one byte do not count. */
  readonly attempt: number;
}

/** One request that came to one of the two servers. */
export interface SeenRequest {
  readonly at: "hub" | "cdn";
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
}

/** A hub on the loopback whose files lie at a CDN on another port. */
export interface FakeHub {
  readonly url: string;
  readonly cdnUrl: string;
  readonly seen: SeenRequest[];
  /** Content by path; a test may change it while a download runs. */
  readonly files: Map<string, Buffer>;
  /** What goes wrong; set it to script a test. */
  fault: (request: BytesRequest) => Fault | undefined;
  /** What the hub answers before anything else; undefined for its usual answer. */
  refuse: (path: string, headers: IncomingMessage["headers"]) => RefusalAnswer | undefined;
  close(): Promise<void>;
}

/** A refusal in the hub's own form. */
export interface RefusalAnswer {
  /** 0 for no answer at all. */
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Answers one request of a hub's interface, or says that it is none of its. `give` sends a file's bytes from the CDN. */
export type HubRoutes = (request: {
  readonly url: URL;
  readonly hub: FakeHub;
  readonly response: ServerResponse;
  readonly give: (path: string) => void;
}) => boolean;

/** Starts it. `routes` is which hub it plays: {@link huggingFaceRoutes} if absent. */
export async function startFakeHub(
  files: Readonly<Record<string, Buffer | string>>,
  routes: HubRoutes = huggingFaceRoutes,
): Promise<FakeHub> {
  const attempts = new Map<string, number>();
  const note = (at: SeenRequest["at"], { method = "", url = "", headers }: IncomingMessage) =>
    hub.seen.push({ at, method, url, headers });
  const cdn = await listen((request, response) => {
    note("cdn", request);
    const path = decodeURIComponent(new URL(request.url ?? "", "http://cdn").pathname.slice("/cdn/".length));
    void giveBytes(hub, { path, attempts, request, response });
  });
  const front = await listen((request, response) => {
    note("hub", request);
    const url = new URL(request.url ?? "", hub.url);
    const refusal = hub.refuse(url.pathname, request.headers);
    if (refusal !== undefined) {
      if (refusal.status > 0) response.writeHead(refusal.status, refusal.headers).end(refusal.body ?? "");
      return;
    }
    const give = (path: string) =>
      response.writeHead(302, { location: `${hub.cdnUrl}/cdn/${encodeURIComponent(path)}?X-Signature=signed` }).end();
    if (!routes({ url, hub, response, give })) response.writeHead(404).end();
  });
  const hub: FakeHub = {
    url: front.url,
    cdnUrl: cdn.url,
    seen: [],
    files: new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)])),
    fault: () => undefined,
    refuse: () => undefined,
    async close() {
      await Promise.all([front.close(), cdn.close()]);
    },
  };
  return hub;
}

/** The Hugging Face hub's interface: two files a page, files with `.safetensors` in LFS. */
export const huggingFaceRoutes: HubRoutes = ({ url, hub, response, give }) => {
  const [, what, rest = ""] = /^\/api\/models\/[^/]+\/[^/]+\/(revision|tree)\/([^/]+)$/.exec(url.pathname) ?? [];
  if (what === "revision") {
    const isKnown = ["main", fakeCommit].includes(rest);
    if (isKnown) sendJson(response, { sha: fakeCommit, gated: false });
    else response.writeHead(404, { "x-error-code": "RevisionNotFound" }).end();
    return true;
  }
  if (what === "tree") {
    const from = Number(url.searchParams.get("cursor") ?? 0);
    const all = [...hub.files].map(([path, content]) => treeEntry(path, content));
    const next = `<https://hub.example${url.pathname}?recursive=true&cursor=${from + 2}>; rel="next"`;
    sendJson(response, all.slice(from, from + 2), from + 2 < all.length ? { link: next } : {});
    return true;
  }
  const [, path] = /^\/[^/]+\/[^/]+\/resolve\/[^/]+\/(.+)$/.exec(url.pathname) ?? [];
  if (path === undefined) return false;
  give(decodeURIComponent(path));
  return true;
};

function treeEntry(path: string, content: Buffer) {
  const entry = { type: "file", path, size: content.length, oid: gitBlobOf(content) };
  if (!path.endsWith(".safetensors")) return entry;
  return { ...entry, oid: "0".repeat(40), lfs: { oid: sha256Of(content), size: content.length, pointerSize: 134 } };
}

/** Sends JSON. */
export function sendJson(response: ServerResponse, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** The sha256 of some bytes in hex. */
export function sha256Of(content: Buffer | string): string {
  return createHash("sha256").update(content).digest("hex");
}

function gitBlobOf(content: Buffer): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}

interface Giving {
  readonly path: string;
  readonly attempts: Map<string, number>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Sends bytes as a web server does: ranges, If-Range, ETag; and with the fault of the script. */
async function giveBytes(hub: FakeHub, { path, attempts, request, response }: Giving): Promise<void> {
  const whole = hub.files.get(path);
  if (whole === undefined) {
    response.writeHead(404).end();
    return;
  }
  const etag = `"${sha256Of(whole).slice(0, 16)}"`;
  const [, from, to = ""] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const isLook = from === "0" && to === "0";
  const attempt = (attempts.get(path) ?? 0) + (isLook ? 0 : 1);
  attempts.set(path, attempt);
  const fault = isLook ? undefined : hub.fault({ path, start: Number(from ?? 0), attempt });
  if (fault?.kind === "status") {
    response.writeHead(fault.status, fault.headers).end();
    return;
  }
  const ifRange = request.headers["if-range"];
  const isCurrent = ifRange === undefined || ifRange === etag || fault?.kind === "noIfRange";
  const isPart = from !== undefined && fault?.kind !== "noRanges" && isCurrent;
  const start = isPart ? Number(from) : 0;
  const end = isPart && to !== "" ? Number(to) + 1 : whole.length;
  const bytes = Buffer.from(whole.subarray(start, end));
  if (fault?.kind === "corrupt") bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  const range = { "content-range": `bytes ${start}-${end - 1}/${whole.length}` };
  response.writeHead(isPart ? 206 : 200, { "content-length": bytes.length, etag, ...(isPart ? range : {}) });
  if (fault?.kind === "cut") response.write(bytes.subarray(0, fault.bytes), () => response.socket?.end());
  else if (fault?.kind === "stall") response.write(bytes.subarray(0, fault.bytes));
  else if (fault?.kind === "slow") await trickle(response, bytes, fault.pause);
  else response.end(bytes);
}

async function trickle(response: ServerResponse, bytes: Buffer, pause: number): Promise<void> {
  for (let at = 0; at < bytes.length && !response.destroyed; at += 65_536) {
    response.write(bytes.subarray(at, at + 65_536));
    await after(pause);
  }
  response.end();
}

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server: Server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server that listens on an address and a port has one.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
