import type { GitSource } from "../../config/stack-config.ts";
import type { Bytes } from "../../core/units.ts";

/** Name of the lock file. It lies beside `Pulumi.yaml`, belongs to all stacks of the folder and is committed. */
export const lockFile = "keye.lock.yaml";

/**
 * What moving names in the settings stood for when they were looked up. Written by `keye lock` and `keye build`, read by
 * every preview and update, so that what runs changes only by a change of this file.
 */
export interface Lock {
  /** By {@link imageKey}. */
  readonly images: Readonly<Record<string, LockedImage>>;
  /** By {@link sourceKey}. */
  readonly sources: Readonly<Record<string, LockedCommit>>;
  /** By {@link weightsKey}. */
  readonly weights: Readonly<Record<string, LockedCommit>>;
  /** By build key: 10 hex digits of the sha256 of all that decides the built image. */
  readonly builds: Readonly<Record<string, LockedBuild>>;
}

/** What a tag stood for. */
export interface LockedImage {
  readonly digest: string;
  /** Compressed size for linux/amd64: what a node pulls. */
  readonly bytes?: Bytes;
  /** RFC 3339. */
  readonly resolvedAt: string;
}

/** What a branch stood for. */
export interface LockedCommit {
  readonly commit: string;
  /** Size of what the commit holds, where it is known. */
  readonly bytes?: Bytes;
  /** RFC 3339. */
  readonly resolvedAt: string;
}

/** What a source build gave. */
export interface LockedBuild {
  readonly repository: string;
  readonly digest: string;
  /** Compressed size: what a node pulls. */
  readonly bytes?: Bytes;
  /** RFC 3339. */
  readonly builtAt: string;
  readonly provenance: BuildProvenance;
}

/** What went into a build. */
export interface BuildProvenance {
  /** `repository@digest` of the image that it began with. */
  readonly base: string;
  /** Commit by source: `sglang`, `deepGemm`, `effectiveKernels`. */
  readonly sources: Readonly<Record<string, string>>;
  /** Version by package, as the built image reports them. */
  readonly versions: Readonly<Record<string, string>>;
}

/** A lock that knows nothing. */
export const emptyLock: Lock = { images: {}, sources: {}, weights: {}, builds: {} };

/** Key of a tag: `repository:tag`. */
export function imageKey(repository: string, tag: string): string {
  return `${repository}:${tag}`;
}

/** Key of a branch: `url#branch`. */
export function sourceKey({ url, branch }: GitSource): string {
  return `${url}#${branch}`;
}

/** Key of weights on a hub: `huggingface:Kwai-Keye/Keye-VL-2.0-30B-A3B@main`. */
export function weightsKey(hub: string, repository: string, revision: string): string {
  return `${hub}:${repository}@${revision}`;
}

/** The entry of a key; undefined where there is none. */
export function entryOf<T>(entries: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(entries, key) ? entries[key] : undefined;
}

/** What an entry stands for: a digest or a commit. */
export function pinOf(entry: LockedImage | LockedCommit | LockedBuild): string {
  return "digest" in entry ? entry.digest : entry.commit;
}

/** The lock with more entries; one of the same key is replaced. */
export function withEntries(lock: Lock, more: Partial<Lock>): Lock {
  return {
    images: { ...lock.images, ...more.images },
    sources: { ...lock.sources, ...more.sources },
    weights: { ...lock.weights, ...more.weights },
    builds: { ...lock.builds, ...more.builds },
  };
}
