import { nearest } from "../config/suggest.ts";
import type { Clock } from "../core/clock.ts";
import { DeployError } from "../core/errors.ts";
import { readBranches } from "../process/git.ts";
import type { Found } from "../spec/lock/merge.ts";
import type { Wanted } from "../spec/lock/wanted.ts";
import type { HubCredentials } from "../supply/hub/credentials.ts";
import { weightsRevision } from "../supply/hub/weights-revision.ts";
import { openRegistry } from "../supply/registry/registry.ts";
import type { RegistryWorld } from "../supply/registry/session.ts";

/** What looking names up needs of the world. */
export interface ResolveWorld extends Pick<RegistryWorld, "loginFor"> {
  readonly clock: Clock;
  readonly credentials: HubCredentials;
  readonly signal: AbortSignal;
}

type WantedOf<K extends Wanted["kind"]> = Extract<Wanted, { kind: K }>;

/** Looks up what a name stands for now. Throws what registry, git and hub throw: `E_SUPPLY`, `ENV_UNREACHABLE`, `ENV_TOOL`. */
export async function resolveWanted(wanted: Wanted, world: ResolveWorld): Promise<Found> {
  const resolvedAt = `${new Date(world.clock.now()).toISOString().slice(0, "2026-01-31T12:00:00".length)}Z`;
  const { key } = wanted;
  switch (wanted.kind) {
    case "image":
      return { section: "images", key, entry: { ...(await resolveImage(wanted, world)), resolvedAt } };
    case "source":
      return { section: "sources", key, entry: { commit: await resolveSource(wanted, world.signal), resolvedAt } };
    case "weights":
      return { section: "weights", key, entry: { commit: await resolveWeights(wanted, world), resolvedAt } };
    default:
      return wanted satisfies never;
  }
}

async function resolveImage({ repository, tag, mirror }: WantedOf<"image">, world: ResolveWorld) {
  const { signal } = world;
  const resolved = await openRegistry(repository, world).resolve(tag, signal);
  if (mirror === undefined) return resolved;
  if ((await openRegistry(mirror, world).find(resolved.digest, signal)) !== undefined) return resolved;
  throw new DeployError({
    code: "E_SUPPLY",
    where: mirror,
    message: `The mirror has not ${resolved.digest}, which ${repository}:${tag} stands for now.`,
    hint: `Copy it: skopeo copy --all docker://${repository}:${tag} docker://${mirror}:${tag}`,
  });
}

async function resolveSource({ source: { url, branch }, setting }: WantedOf<"source">, signal: AbortSignal) {
  const branches = await readBranches(url, signal);
  const commit = branches.get(branch);
  if (commit !== undefined) return commit;
  const names = [...branches.keys()].filter((name) => name !== "HEAD");
  const meant = nearest(branch, names);
  const some = `${names.slice(0, 5).join(", ")}${names.length > 5 ? ", …" : ""}`;
  throw new DeployError({
    code: "E_SUPPLY",
    where: url,
    message: `It has no branch "${branch}", which ${setting} asks for.`,
    hint: meant === undefined ? `Its branches: ${some || "none"}.` : `Did you mean ${meant}?`,
  });
}

function resolveWeights({ source, revision, endpoint }: WantedOf<"weights">, world: ResolveWorld): Promise<string> {
  const { credentials, clock, signal } = world;
  return weightsRevision(source, revision, {
    credentials,
    clock,
    signal,
    ...(endpoint === undefined ? {} : { endpoint }),
  });
}
