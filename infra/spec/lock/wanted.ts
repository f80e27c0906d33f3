import type { GitSource, ImageConfig } from "../../config/stack-config.ts";
import { parseImageReference } from "../../core/image-reference.ts";
import { imageKey, sourceKey } from "./lock.ts";

/** Something in the settings that can move, and that the lock must therefore know. */
export type Wanted =
  | {
      readonly kind: "image";
      /** The setting that names it, such as `image.base`. */
      readonly setting: string;
      readonly key: string;
      readonly repository: string;
      readonly tag: string;
      /** Another repository that must have the same image. */
      readonly mirror?: string;
    }
  | {
      readonly kind: "source";
      readonly setting: string;
      readonly key: string;
      readonly source: GitSource;
    };

/** Everything of an image that the lock must know. Empty where the settings say it all. */
export function wantedOfImage(image: ImageConfig): readonly Wanted[] {
  switch (image.kind) {
    case "prebuilt": {
      if (image.digest !== undefined) return [];
      const { repository, tag, mirror } = image;
      const wanted = { kind: "image", setting: "image.tag", key: imageKey(repository, tag), repository, tag } as const;
      return [mirror === undefined ? wanted : { ...wanted, mirror }];
    }
    case "source": {
      const { sglang, deepGemm, effectiveKernels } = image.sources;
      return [
        ...wantedReference("image.base", image.base),
        ...wantedReference("image.build.builderImage", image.build.builderImage),
        wantedSource("image.sources.sglang.branch", sglang),
        wantedSource("image.sources.deepGemm.branch", deepGemm),
        wantedSource("image.sources.effectiveKernels.branch", effectiveKernels),
      ];
    }
    default:
      return image satisfies never;
  }
}

function wantedReference(setting: string, reference: string): readonly Wanted[] {
  const { repository, tag, digest } = parseImageReference(reference);
  if (digest !== undefined || tag === undefined) return [];
  return [{ kind: "image", setting, key: imageKey(repository, tag), repository, tag }];
}

function wantedSource(setting: string, source: GitSource): Wanted {
  return { kind: "source", setting, key: sourceKey(source), source };
}
