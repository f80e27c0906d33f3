import { createHash } from "node:crypto";
import { copyFileSync, createReadStream, linkSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What a container of an image starts with, in the image specification's words. */
export interface ImageConfig {
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
}

export interface ImageParts {
  /** Such as `localhost/base:1`. */
  readonly name: string;
  /** Tar files, the lowest layer first. */
  readonly layers: readonly string[];
  readonly config: ImageConfig;
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";

/**
 * Writes an image as an OCI layout into an empty folder and returns the digest of its manifest. The same parts give the
 * same digest.
 */
export async function writeImageLayout(dir: string, { name, layers, config }: ImageParts): Promise<string> {
  const blobs = join(dir, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  const put = (mediaType: string, value: unknown) => {
    const text = JSON.stringify(value);
    const hash = createHash("sha256").update(text).digest("hex");
    writeFileSync(join(blobs, hash), text);
    return { mediaType, digest: `sha256:${hash}`, size: Buffer.byteLength(text) };
  };
  const stored = [];
  for (const layer of layers) {
    const hash = await sha256Of(layer);
    link(layer, join(blobs, hash));
    const mediaType = "application/vnd.oci.image.layer.v1.tar";
    stored.push({ mediaType, digest: `sha256:${hash}`, size: statSync(layer).size });
  }
  const configured = put("application/vnd.oci.image.config.v1+json", {
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config,
    rootfs: { type: "layers", diff_ids: stored.map(({ digest }) => digest) },
  });
  const manifest = put(manifestType, { schemaVersion: 2, mediaType: manifestType, config: configured, layers: stored });
  const annotations = { "io.containerd.image.name": name };
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
  writeFileSync(join(dir, "index.json"), JSON.stringify(index));
  writeFileSync(join(dir, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  return manifest.digest;
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  // The stream has no encoding, so its chunks are buffers.
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** Layers are large: shares the file where both places are of one file system. */
function link(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
