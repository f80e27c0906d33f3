import type { Bytes } from "../../core/units.ts";
import { fieldsOf, sizeOf } from "../hub/json.ts";

const indexes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];
const images = ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];

/** What is asked for: a registry that is not told gives an old form, with another digest. */
export const acceptedManifests = [...indexes, ...images].join(", ");

/** What a manifest says. */
export type Manifest =
  /** One image. `bytes` is the sum of its compressed layers. */
  | { readonly kind: "image"; readonly bytes: Bytes }
  /** Images of several platforms. */
  | { readonly kind: "index"; readonly platforms: readonly PlatformImage[] }
  | { readonly kind: "unknown"; readonly mediaType: string };

interface PlatformImage {
  /** Such as `linux/amd64`. */
  readonly platform: string;
  readonly digest: string;
}

/** Reads a manifest or an index. The kind is what it says itself, else what came with it, else what it has. */
export function readManifest(value: unknown, contentType: string | undefined): Manifest {
  const manifest = fieldsOf(value);
  const sent = contentType?.split(";")[0]?.trim();
  const mediaType = typeof manifest.mediaType === "string" ? manifest.mediaType : sent;
  if (indexes.includes(mediaType ?? "") && Array.isArray(manifest.manifests)) {
    return { kind: "index", platforms: manifest.manifests.flatMap(platformImage) };
  }
  const sizes = Array.isArray(manifest.layers) ? manifest.layers.map((layer) => sizeOf(fieldsOf(layer).size)) : [];
  const isImage = images.includes(mediaType ?? "") && Array.isArray(manifest.layers);
  if (!isImage || sizes.includes(undefined)) return { kind: "unknown", mediaType: mediaType ?? "none" };
  return { kind: "image", bytes: sizes.reduce<Bytes>((sum, size) => sum + (size ?? 0), 0) };
}

/** Entries that are no image, such as attestations, have the platform `unknown/unknown`. */
function platformImage(value: unknown): readonly PlatformImage[] {
  const { platform, digest } = fieldsOf(value);
  const { os, architecture } = fieldsOf(platform);
  if (typeof digest !== "string" || typeof os !== "string" || typeof architecture !== "string" || os === "unknown")
    return [];
  return [{ platform: `${os}/${architecture}`, digest }];
}
