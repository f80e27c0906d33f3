import { canonicalJson } from "../../core/canonical-json.ts";
import type { Sha256 } from "../promotion-inputs.ts";

/** A source at one commit. */
export interface PinnedSource {
  readonly url: string;
  /** 40 hex digits. */
  readonly commit: string;
}

/** All that a source build begins with, none of it able to move. */
export interface PinnedSources {
  /** `repository@digest`. */
  readonly base: string;
  readonly sources: {
    readonly sglang: PinnedSource;
    readonly deepGemm: PinnedSource;
    readonly effectiveKernels: PinnedSource;
  };
}

/**
 * First 10 hex digits of the sha256 of all that decides the built image: the same key is the same image, and nothing is
 * built twice. The Dockerfile's text counts, so that another way of building gives another image.
 */
export function buildKey({ base, sources }: PinnedSources, dockerfile: string, sha256: Sha256): string {
  return sha256(canonicalJson({ base, sources, dockerfile })).slice(0, 10);
}

/** Tag under which the image of a build key is pushed. */
export function buildTag(key: string): string {
  return `build-${key}`;
}
