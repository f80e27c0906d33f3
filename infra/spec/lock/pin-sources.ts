import type { GitSource, SourceImageConfig } from "../../config/stack-config.ts";
import { parseImageReference } from "../../core/image-reference.ts";
import type { PinnedSource, PinnedSources } from "./build-key.ts";
import { entryOf, imageKey, type Lock, sourceKey } from "./lock.ts";

/** What a source build begins with, by the lock. Undefined where the lock lacks any of it. */
export function pinSources(image: SourceImageConfig, lock: Lock): PinnedSources | undefined {
  const base = pinReference(image.base, lock);
  const sglang = pinSource(image.sources.sglang, lock);
  const deepGemm = pinSource(image.sources.deepGemm, lock);
  const effectiveKernels = pinSource(image.sources.effectiveKernels, lock);
  if (base === undefined || sglang === undefined || deepGemm === undefined || effectiveKernels === undefined) {
    return undefined;
  }
  return { base, sources: { sglang, deepGemm, effectiveKernels } };
}

/** `repository@digest` of an image reference: its own digest, or the one that the lock has for its tag. */
export function pinReference(reference: string, lock: Lock): string | undefined {
  const { repository, tag, digest } = parseImageReference(reference);
  const locked = tag === undefined ? undefined : entryOf(lock.images, imageKey(repository, tag))?.digest;
  const pinned = digest ?? locked;
  return pinned === undefined ? undefined : `${repository}@${pinned}`;
}

function pinSource(source: GitSource, lock: Lock): PinnedSource | undefined {
  const commit = entryOf(lock.sources, sourceKey(source))?.commit;
  return commit === undefined ? undefined : { url: source.url, commit };
}
