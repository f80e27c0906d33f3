import type { SourceImageConfig, StackConfig } from "../../config/stack-config.ts";
import { DeployError } from "../../core/errors.ts";
import { buildKey, buildTag, type PinnedSources } from "../lock/build-key.ts";
import { lackingError, lackingIn } from "../lock/lacking.ts";
import type { Lock } from "../lock/lock.ts";
import { pinReference, pinSources } from "../lock/pin-sources.ts";
import { wantedOfImage } from "../lock/wanted.ts";
import type { PinHost } from "../pinned-stack.ts";
import { dockerfile } from "./dockerfile.ts";

/** One image to build, with nothing in it that can move. */
export interface BuildPlan {
  readonly key: string;
  /** Of the Job and of the ConfigMap that it reads. */
  readonly name: string;
  readonly namespace: string;
  readonly app: string;
  /** `repository:tag` that is pushed. */
  readonly target: string;
  /** `repository@digest` of the builder's image. */
  readonly builder: string;
  readonly sources: PinnedSources;
  readonly dockerfile: string;
  readonly image: SourceImageConfig;
}

/**
 * The build that the settings ask for, at the lock's commits and digests. Throws `CONFIG_USAGE` where the image is not built
 * from source, `CONFIG_LOCK` with all that the lock lacks and the command to type.
 */
export function planBuild(
  { name: app, namespace, image }: StackConfig,
  lock: Lock,
  { where, sha256 }: PinHost,
): BuildPlan {
  if (image.kind !== "source") {
    throw new DeployError({
      code: "CONFIG_USAGE",
      where,
      message: `image.kind is ${image.kind}: there is nothing to build.`,
      hint: "Set image.kind to source to build the image from the authors' repositories.",
    });
  }
  const sources = pinSources(image, lock);
  const builder = pinReference(image.build.builderImage, lock);
  if (sources === undefined || builder === undefined) {
    throw lackingError(lackingIn(lock, wantedOfImage(image)), where);
  }
  const text = dockerfile(sources);
  const key = buildKey(sources, text, sha256);
  const target = `${image.repository}:${buildTag(key)}`;
  return { key, name: `${app}-build-${key}`, namespace, app, target, builder, sources, dockerfile: text, image };
}
