import { openAsBlob, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import { ChildGroup } from "../../infra/process/spawn.ts";
import { findProgram } from "../../infra/rehearsal/control-plane/tools.ts";
import { waitUntil } from "../../infra/rehearsal/wait-until.ts";

/** A registry of this machine, from Debian's `docker-registry`. It speaks plain HTTP, as clients expect of 127.0.0.0/8. */
export interface LocalRegistry {
  /** `host:port`, the first part of a reference. */
  readonly address: string;
  /** Uploads the image of an OCI layout as `address/repository:tag`. Returns the reference with its digest. */
  push(layout: string, repository: string, tag: string): Promise<string>;
  /** The manifest of a tag or digest; undefined where there is none. */
  manifest(repository: string, reference: string): Promise<{ readonly digest: string } | undefined>;
  close(): Promise<void>;
}

interface Descriptor {
  readonly digest: string;
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";

/** Why there can be none, or undefined where there can. */
export function whyNoLocalRegistry(): string | undefined {
  const isThere = findProgram("docker-registry", process.env.PATH ?? "") !== undefined;
  return isThere ? undefined : "docker-registry is not on PATH (Debian's docker-registry)";
}

/** Starts a registry on a free port of `host` that keeps its files in `dir`. */
export async function startLocalRegistry(host: string, dir: string): Promise<LocalRegistry> {
  const settings = join(dir, "registry.yml");
  const storage = { filesystem: { rootdirectory: join(dir, "registry") }, delete: { enabled: true } };
  // JSON is YAML.
  writeFileSync(settings, JSON.stringify({ version: "0.1", storage, http: { addr: `${host}:0` } }));
  const group = new ChildGroup();
  const logFile = join(dir, "registry.log");
  const command = findProgram("docker-registry", process.env.PATH ?? "") ?? "docker-registry";
  const child = await group.start({ name: "docker-registry", command, args: ["serve", settings], env: {}, logFile });
  const wait = { deadline: systemClock.now() + 30_000, clock: systemClock, signal: new AbortController().signal };
  const address = await waitUntil({ ...wait, what: "the registry to listen", children: [child] }, async () => {
    return /listening on ([0-9.]+:[0-9]+)/.exec(readFileSync(logFile, "utf8"))?.[1];
  });
  const base = `http://${address}/v2`;
  return {
    address,
    push: async (layout, repository, tag) => {
      const { manifests } = readJson<{ manifests: readonly [Descriptor] }>(join(layout, "index.json"));
      const file = blobFile(layout, manifests[0].digest);
      const { config, layers } = readJson<{ config: Descriptor; layers: readonly Descriptor[] }>(file);
      for (const { digest } of [config, ...layers]) await pushBlob(`${base}/${repository}`, layout, digest);
      const headers = { "content-type": manifestType };
      await ok(`${base}/${repository}/manifests/${tag}`, { method: "PUT", headers, body: readFileSync(file) });
      return `${address}/${repository}@${manifests[0].digest}`;
    },
    manifest: async (repository, reference) => {
      const headers = { accept: `${manifestType}, application/vnd.oci.image.index.v1+json` };
      const answer = await fetch(`${base}/${repository}/manifests/${reference}`, { method: "HEAD", headers });
      const digest = answer.headers.get("docker-content-digest");
      return answer.ok && digest !== null ? { digest } : undefined;
    },
    close: () => group.close(0),
  };
}

async function pushBlob(repository: string, layout: string, digest: string): Promise<void> {
  const there = await fetch(`${repository}/blobs/${digest}`, { method: "HEAD" });
  if (there.ok) return;
  const { headers } = await ok(`${repository}/blobs/uploads/`, { method: "POST" });
  const upload = new URL(headers.get("location") ?? "", repository);
  upload.searchParams.set("digest", digest);
  const type = { "content-type": "application/octet-stream" };
  await ok(upload, { method: "PUT", headers: type, body: await openAsBlob(blobFile(layout, digest)) });
}

async function ok(url: string | URL, request: RequestInit): Promise<Response> {
  const answer = await fetch(url, request);
  if (!answer.ok) throw new Error(`${request.method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}

function blobFile(layout: string, digest: string): string {
  return join(layout, "blobs", digest.replace(":", "/"));
}

function readJson<T>(file: string): T {
  // Files of an OCI layout, written by `writeImageLayout`.
  return JSON.parse(readFileSync(file, "utf8")) as T;
}
