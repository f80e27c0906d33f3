import type { Bytes } from "../core/units.ts";
import type { BuildPlan } from "../spec/build/build-plan.ts";
import type { BuildResult } from "../spec/build/build-result.ts";
import { withEntries } from "../spec/lock/lock.ts";
import { readLockFile, writeLockFile } from "./lock-file.ts";

/** A build that went well. */
export interface FinishedBuild extends Pick<BuildResult, "digest" | "provenance"> {
  readonly builtAt: Date;
  readonly bytes?: Bytes;
}

/** Puts a build into the lock file as it is now: hours may have passed since it was read. */
export function recordBuild(
  file: string,
  plan: BuildPlan,
  { digest, provenance, builtAt, bytes }: FinishedBuild,
): void {
  const entry = {
    repository: plan.image.repository,
    digest,
    ...(bytes === undefined ? {} : { bytes }),
    builtAt: `${builtAt.toISOString().slice(0, "2026-01-31T12:00:00".length)}Z`,
    provenance,
  };
  writeLockFile(file, withEntries(readLockFile(file), { builds: { [plan.key]: entry } }));
}
