import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const manifestType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";

/** Something that the registry says instead of the truth, once. */
export type Lie =
  | { readonly kind: "status"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** An answer without the header that tells the digest. */
  | { readonly kind: "noDigest" }
  /** Another body than the digest is of. */
  | { readonly kind: "otherBody" };

/** How the registry lets somebody in. */
export interface FakeAccess {
  readonly scheme: "none" | "basic" | "bearer";
  /** Without one everybody gets a token, and basic refuses everybody. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Where a bearer token is fetched; the registry's own `/token` where absent. */
  readonly realm?: string;
}

/** A registry of the OCI distribution API that really listens, on 127.0.0.1: manifests by tag and digest, and who may read them. */
export class FakeRegistry {
  /** `METHOD path` of each request, in order; tokens are asked for at `/token`. */
  readonly asked: string[] = [];
  readonly #server: Server;
  readonly #access: FakeAccess;
  readonly #manifests = new Map<string, { readonly text: string; readonly type: string }>();
  readonly #lies: Lie[] = [];

  private constructor(access: FakeAccess) {
    this.#access = access;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(access: FakeAccess = { scheme: "none" }): Promise<FakeRegistry> {
    const registry = new FakeRegistry(access);
    await new Promise<void>((resolve) => registry.#server.listen(0, "127.0.0.1", resolve));
    return registry;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** `127.0.0.1:PORT`: what repositories begin with. */
  get host(): string {
    // A listening TCP server has such an address.
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Stores an image with layers of these sizes. Returns its digest. */
  pushImage(name: string, tag: string, layers: readonly number[]): string {
    return this.push(name, tag, { mediaType: manifestType, layers: layers.map((size) => ({ size })) }, manifestType);
  }

  /** Stores an index of images by platform, such as `linux/amd64`. Returns its digest. */
  pushIndex(name: string, tag: string, images: Readonly<Record<string, string>>): string {
    const manifests = Object.entries(images).map(([platform, digest]) => {
      const [os, architecture] = platform.split("/");
      return { digest, platform: { os, architecture } };
    });
    return this.push(name, tag, { mediaType: indexType, manifests }, indexType);
  }

  /** Stores any manifest. */
  push(name: string, tag: string, manifest: object, type: string): string {
    const text = JSON.stringify(manifest);
    const digest = digestOf(text);
    for (const reference of [tag, digest]) this.#manifests.set(`${name}/manifests/${reference}`, { text, type });
    return digest;
  }

  /** What the next answers about manifests are, in order, before the truth is told again. */
  lie(...lies: readonly Lie[]): void {
    this.#lies.push(...lies);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", `http://${this.host}`);
    this.asked.push(`${request.method} ${url.pathname}`);
    if (url.pathname === "/token") this.#giveToken(request, url, response);
    else if (this.#mayRead(request)) this.#giveManifest(request, url, response);
    else response.writeHead(401, { "www-authenticate": this.#challenge(url) }).end();
  }

  #giveToken(request: IncomingMessage, url: URL, response: ServerResponse): void {
    const { login } = this.#access;
    if (login !== undefined && request.headers.authorization !== basic(login)) {
      response.writeHead(401).end();
      return;
    }
    const token = `token for ${url.searchParams.get("service")} ${url.searchParams.get("scope")}`;
    response.end(JSON.stringify({ token: Buffer.from(token).toString("base64") }));
  }

  #mayRead(request: IncomingMessage): boolean {
    const { authorization } = request.headers;
    const { scheme, login } = this.#access;
    if (scheme === "none") return true;
    if (scheme === "basic") return login !== undefined && authorization === basic(login);
    const name = /^\/v2\/(.+)\/manifests\//.exec(request.url ?? "")?.[1];
    const token = `token for fake repository:${name}:pull`;
    return authorization === `Bearer ${Buffer.from(token).toString("base64")}`;
  }

  #challenge(url: URL): string {
    if (this.#access.scheme === "basic") return 'Basic realm="fake"';
    const name = /^\/v2\/(.+)\/manifests\//.exec(url.pathname)?.[1];
    const realm = this.#access.realm ?? `http://${this.host}/token`;
    return `Bearer realm="${realm}",service="fake",scope="repository:${name}:pull"`;
  }

  #giveManifest(request: IncomingMessage, url: URL, response: ServerResponse): void {
    const lie = this.#lies.shift();
    const manifest = this.#manifests.get(url.pathname.replace("/v2/", ""));
    if (lie?.kind === "status") response.writeHead(lie.status, lie.headers).end();
    else if (manifest === undefined) response.writeHead(404).end();
    else if (!request.headers.accept?.includes(manifest.type)) response.writeHead(406).end();
    else {
      const headers = lie?.kind === "noDigest" ? {} : { "docker-content-digest": digestOf(manifest.text) };
      const text = lie?.kind === "otherBody" ? `${manifest.text} ` : manifest.text;
      response.writeHead(200, { "content-type": manifest.type, ...headers });
      response.end(request.method === "HEAD" ? undefined : text);
    }
  }
}

function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

function basic({ user, password }: { readonly user: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}
