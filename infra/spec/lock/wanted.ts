import type { GitSource, ImageConfig, StackConfig } from "../../config/stack-config.ts";
import { parseImageReference } from "../../core/image-reference.ts";
import { askedRevision, wantedWeights, weightsSource } from "../weights.ts";
import { imageKey, type Lock, sourceKey } from "./lock.ts";

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
    }
  | {
      readonly kind: "weights";
      readonly setting: string;
      readonly key: string;
      /** Such as `huggingface:Kwai-Keye/Keye-VL-2.0-30B-A3B`. */
      readonly source: string;
      readonly revision: string;
      readonly endpoint?: string;
    };

/** What an image can ask for. */
type WantedOfImage = Exclude<Wanted, { kind: "weights" }>;

/** Everything that the lock must know. Empty where the settings say it all. */
export function wantedOf({ image, model }: StackConfig): readonly Wanted[] {
  return [...wantedOfImage(image), ...wantedOfModel(model)];
}

/** Whether the lock knows it. */
export function isLocked({ kind, key }: Wanted, { images, sources, weights }: Lock): boolean {
  return Object.hasOwn({ image: images, source: sources, weights }[kind], key);
}

/** Everything of an image that the lock must know. Empty where the settings say it all. */
export function wantedOfImage(image: ImageConfig): readonly WantedOfImage[] {
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

/** Everything of the weights that the lock must know. Empty where they come from no hub, or a commit is given. */
export function wantedOfModel(model: StackConfig["model"]): readonly Wanted[] {
  const key = wantedWeights(model);
  const { weights } = model;
  if (key === undefined || weights === undefined) return [];
  const endpoint = "endpoint" in weights ? weights.endpoint : undefined;
  return [
    {
      kind: "weights",
      setting: "model.weights",
      key,
      source: weightsSource(weights),
      revision: askedRevision(model),
      ...(endpoint === undefined ? {} : { endpoint }),
    },
  ];
}

function wantedReference(setting: string, reference: string): readonly WantedOfImage[] {
  const { repository, tag, digest } = parseImageReference(reference);
  if (digest !== undefined || tag === undefined) return [];
  return [{ kind: "image", setting, key: imageKey(repository, tag), repository, tag }];
}

function wantedSource(setting: string, source: GitSource): WantedOfImage {
  return { kind: "source", setting, key: sourceKey(source), source };
}
