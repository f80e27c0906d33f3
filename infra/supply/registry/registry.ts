import { createHash } from "node:crypto";
import { DeployError } from "../../core/errors.ts";
import { registryOf } from "../../core/image-reference.ts";
import type { Bytes } from "../../core/units.ts";
import type { SmallAnswer } from "../hub/ask.ts";
import { parseJson } from "../hub/json.ts";
import { acceptedManifests, type Manifest, readManifest } from "./manifest.ts";
import { RegistrySession, type RegistryWorld } from "./session.ts";

/** What the nodes of the pools run. */
const platform = "linux/amd64";

/** What a tag stands for. */
export interface ResolvedImage {
  readonly digest: string;
  /** Sum of the compressed layers for linux/amd64: what a node pulls. */
  readonly bytes: Bytes;
}

/**
 * One repository of a registry, asked by the OCI distribution API. Each method throws `E_SUPPLY` for what the registry
 * refuses for good, and `ENV_UNREACHABLE` where it gives no answer in a few attempts.
 * @see opencontainers/distribution-spec v1.1, "Pulling manifests"
 */
export interface Registry {
  /** What a tag stands for now. A tag that is not there is `E_SUPPLY`. */
  resolve(tag: string, signal: AbortSignal): Promise<ResolvedImage>;
  /** Size of an image by digest, checked: what comes is what the digest says. */
  sizeOf(digest: string, signal: AbortSignal): Promise<Bytes>;
  /** Digest of a tag or digest; undefined where the repository has none such. */
  find(reference: string, signal: AbortSignal): Promise<string | undefined>;
}

/** Opens a repository, such as `kwaikeye/kwai-keye-vl`. Asks nothing yet. */
export function openRegistry(repository: string, world: RegistryWorld): Registry {
  const session = new RegistrySession(registryOf(repository), world);

  /** By HEAD, which Docker Hub does not count as a pull; by GET where a registry answers that without a digest. */
  async function find(reference: string, signal: AbortSignal): Promise<string | undefined> {
    const path = `manifests/${reference}`;
    const head = await session.ask({ method: "HEAD", path, accept: acceptedManifests }, signal);
    const sent = digestHeader(head);
    if (head.status === 200 && sent !== undefined) return sent;
    if (head.status === 404) return undefined;
    const got = await session.ask({ method: "GET", path, accept: acceptedManifests }, signal);
    if (got.status === 404) return undefined;
    if (got.status !== 200) throw refused(`${repository}:${reference}`, `The registry answered ${got.status}.`);
    return sha256(got.text);
  }

  async function manifest(digest: string, signal: AbortSignal): Promise<Manifest> {
    const where = `${repository}@${digest}`;
    const got = await session.ask({ method: "GET", path: `manifests/${digest}`, accept: acceptedManifests }, signal);
    if (got.status !== 200) throw refused(where, `The registry answered ${got.status} for a manifest that it names.`);
    const actual = sha256(got.text);
    if (actual !== digest)
      throw refused(where, `The manifest that came is ${actual}.`, "Something between changes it.");
    return readManifest(parseJson(got.text, where), got.headers["content-type"]);
  }

  async function sizeOf(digest: string, signal: AbortSignal): Promise<Bytes> {
    const where = `${repository}@${digest}`;
    const top = await manifest(digest, signal);
    if (top.kind === "image") return top.bytes;
    if (top.kind === "unknown") throw refused(where, `It is no container image, but ${top.mediaType}.`);
    const ours = top.platforms.find((one) => one.platform === platform);
    if (ours === undefined) {
      const there = top.platforms.map((one) => one.platform).join(", ");
      throw refused(where, `It has no image for ${platform}, only for ${there || "nothing"}.`);
    }
    const image = await manifest(ours.digest, signal);
    if (image.kind === "image") return image.bytes;
    throw refused(`${repository}@${ours.digest}`, "It is listed as an image and is none.");
  }

  async function resolve(tag: string, signal: AbortSignal): Promise<ResolvedImage> {
    const digest = await find(tag, signal);
    if (digest === undefined)
      throw refused(`${repository}:${tag}`, "The repository has no such tag.", "Check its name.");
    return { digest, bytes: await sizeOf(digest, signal) };
  }

  return { resolve, sizeOf, find };
}

function digestHeader({ headers }: SmallAnswer): string | undefined {
  const sent = headers["docker-content-digest"];
  return typeof sent === "string" && /^sha256:[0-9a-f]{64}$/.test(sent) ? sent : undefined;
}

function sha256(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

function refused(where: string, message: string, hint?: string): DeployError {
  return new DeployError({ code: "E_SUPPLY", where, message, ...(hint === undefined ? {} : { hint }) });
}
