import type {
  ImageConfig,
  ModelConfig,
  PrebuiltImageConfig,
  SourceImageConfig,
  StackConfig,
} from "../config/stack-config.ts";
import type { Bytes } from "../core/units.ts";
import { dockerfile } from "./build/dockerfile.ts";
import { buildKey, buildTag } from "./lock/build-key.ts";
import { type Lacking, lackingError, lackingIn } from "./lock/lacking.ts";
import { entryOf, imageKey, type Lock } from "./lock/lock.ts";
import { pinSources } from "./lock/pin-sources.ts";
import { wantedOfImage, wantedOfModel } from "./lock/wanted.ts";
import type { Sha256 } from "./promotion-inputs.ts";
import { pinWeights } from "./weights.ts";

/** The image that the engines run. Whatever it was made from, nodes pull it by its digest. */
export interface PinnedImage extends PrebuiltImageConfig {
  readonly digest: string;
  /** What a node pulls, where the lock knows it. */
  readonly bytes?: Bytes;
}

/**
 * The settings of a stack in which nothing can move any more: what a revision is made from. `model.path` is what the engine
 * gets: with `model.weights`, the folder of the version that `model.revision` names.
 */
export interface PinnedStack extends StackConfig {
  readonly image: PinnedImage;
}

type Pinned<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "lacking"; readonly lacking: readonly Lacking[] };

/** What pinning needs of its caller. */
export interface PinHost {
  /** The file with the settings, for errors. */
  readonly where: string;
  readonly sha256: Sha256;
}

/**
 * Puts what the lock knows into the settings. A digest in the settings needs no lock; a mirror takes the repository's
 * place. Throws `CONFIG_LOCK` with all that the lock lacks and the command to type.
 */
export function pinStack(config: StackConfig, lock: Lock, { where, sha256 }: PinHost): PinnedStack {
  const image = pinImage(config.image, lock, sha256);
  const model = pinModel(config.model, lock, sha256);
  if (image.kind === "lacking" || model.kind === "lacking") {
    const lacking = [image, model].flatMap((one) => (one.kind === "lacking" ? one.lacking : []));
    throw lackingError(lacking, where);
  }
  return { ...config, image: image.value, model: model.value };
}

function pinModel(model: ModelConfig, lock: Lock, sha256: Sha256): Pinned<ModelConfig> {
  const value = pinWeights(model, lock, sha256);
  if (value !== undefined) return { kind: "ok", value };
  return { kind: "lacking", lacking: lackingIn(lock, wantedOfModel(model)) };
}

function pinImage(image: ImageConfig, lock: Lock, sha256: Sha256): Pinned<PinnedImage> {
  switch (image.kind) {
    case "prebuilt":
      return pinPrebuilt(image, lock);
    case "source":
      return pinBuilt(image, lock, sha256);
    default:
      return image satisfies never;
  }
}

function pinPrebuilt({ mirror, ...image }: PrebuiltImageConfig, lock: Lock): Pinned<PinnedImage> {
  const locked = entryOf(lock.images, imageKey(image.repository, image.tag));
  const digest = image.digest ?? locked?.digest;
  if (digest === undefined) return { kind: "lacking", lacking: lackingIn(lock, wantedOfImage(image)) };
  const bytes = locked?.digest === digest ? locked.bytes : undefined;
  const repository = mirror ?? image.repository;
  return { kind: "ok", value: { ...image, repository, digest, ...(bytes === undefined ? {} : { bytes }) } };
}

function pinBuilt(image: SourceImageConfig, lock: Lock, sha256: Sha256): Pinned<PinnedImage> {
  const sources = pinSources(image, lock);
  if (sources === undefined) return { kind: "lacking", lacking: lackingIn(lock, wantedOfImage(image)) };
  const key = buildKey(sources, dockerfile(sources), sha256);
  const build = entryOf(lock.builds, key);
  if (build === undefined || build.repository !== image.repository) {
    return { kind: "lacking", lacking: [{ setting: "image", key, command: "build" }] };
  }
  const { repository, pullPolicy, pullSecrets } = image;
  const { digest, bytes } = build;
  const pulled = { kind: "prebuilt", repository, tag: buildTag(key), digest, pullPolicy, pullSecrets } as const;
  return { kind: "ok", value: bytes === undefined ? pulled : { ...pulled, bytes } };
}
