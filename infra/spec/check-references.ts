import type { StackConfig } from "../config/stack-config.ts";
import { DeployError } from "../core/errors.ts";
import type { FoundClaim, InspectReferencesResult } from "../core/references.ts";

/** A claim that the settings name. */
interface NamedClaim {
  readonly setting: string;
  readonly name: string;
  /** Whether pods write to it. */
  readonly isWritten: boolean;
  /** What to do where there is none; absent where the stack makes it. */
  readonly cure?: string;
}

/** A Secret that the settings name, with the keys that it must have. */
interface NamedSecret {
  readonly setting: string;
  readonly name: string;
  readonly keys: readonly string[];
}

/** The objects that the settings name and the cluster is to have. */
export interface References {
  readonly claims: readonly NamedClaim[];
  readonly secrets: readonly NamedSecret[];
}

/** Everything in the namespace that the settings name. */
export function referencesOf({ model, engine, image }: StackConfig): References {
  const { volume, weights } = model;
  const { cacheVolume } = engine;
  const ofModel = volume?.kind !== "pvc" ? [] : [{ ...modelClaim(volume), isWritten: weights !== undefined }];
  const ofCache = cacheVolume?.kind !== "pvc" ? [] : [cacheClaim(cacheVolume.claim)];
  const bucket = weights?.kind === "s3" ? weights.credentialsSecret : undefined;
  const bucketKeys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
  return {
    claims: [...ofModel, ...ofCache],
    secrets: [
      ...image.pullSecrets.map((name, place) => ({ setting: `image.pullSecrets[${place}]`, name, keys: [] })),
      ...keyOf("model.tokenSecret", model.tokenSecret),
      ...(bucket === undefined ? [] : [{ setting: "model.weights.credentialsSecret", name: bucket, keys: bucketKeys }]),
      ...keyOf("engine.apiKeySecret", engine.apiKeySecret),
    ],
  };
}

function modelClaim({ claim, create }: { readonly claim: string; readonly create?: object }) {
  const named = { setting: "model.volume.claim", name: claim };
  const cure = "Create it, or set model.volume.create and the stack makes it.";
  return create === undefined ? { ...named, cure } : named;
}

function cacheClaim(name: string): NamedClaim {
  const cure = "Create it with access mode ReadWriteMany: engines of every node write to it.";
  return { setting: "engine.cacheVolume.claim", name, isWritten: true, cure };
}

function keyOf(setting: string, secret: StackConfig["model"]["tokenSecret"]): readonly NamedSecret[] {
  return secret === undefined ? [] : [{ setting, name: secret.name, keys: [secret.key] }];
}

/**
 * What the claims lack for the settings, one sentence a problem. `nodeCount` is how many nodes the pods may be on: where that
 * is one, a claim of one node is enough.
 */
export function checkClaims(config: StackConfig, found: InspectReferencesResult, nodeCount: number): readonly string[] {
  return referencesOf(config).claims.flatMap((named) => {
    const claim = found.claims.find(({ name }) => name === named.name);
    if (claim !== undefined) return claimProblems(config, named, { claim, nodeCount });
    if (named.cure === undefined) return [];
    return [
      `${named.setting}: namespace ${config.namespace} has no PersistentVolumeClaim ${named.name}. ${named.cure}`,
    ];
  });
}

interface Seen {
  readonly claim: FoundClaim;
  readonly nodeCount: number;
}

function claimProblems(config: StackConfig, named: NamedClaim, { claim, nodeCount }: Seen): readonly string[] {
  const { name, accessModes } = claim;
  const has = `${named.setting}: claim ${name} has ${accessModes.join(", ") || "no access mode"}`;
  if (accessModes.includes("ReadWriteMany")) return [];
  if (named.isWritten && !accessModes.some((mode) => mode.startsWith("ReadWrite"))) {
    return [`${has}, and pods write to it. Use one with ReadWriteMany.`];
  }
  if (!named.isWritten && accessModes.includes("ReadOnlyMany")) return [];
  const { replicas, rollout } = config;
  if (replicas === 1 && rollout.strategy === "recreate") return [];
  const pods = replicas === 1 ? `${rollout.strategy} may run old and new at once` : `${replicas} replicas are wanted`;
  const choice = "Use one with ReadWriteMany, or kind hostPath, which keeps a copy on each node.";
  if (!accessModes.includes("ReadWriteOnce")) return [`${has}: one pod can mount it at a time, and ${pods}. ${choice}`];
  if (nodeCount <= 1) return [];
  return [`${has}: one node can mount it at a time, and ${pods} on ${nodeCount} nodes. ${choice}`];
}

/** The one error for all problems of {@link checkClaims}: `CLAIM_MISMATCH`. */
export function claimError(problems: readonly string[], namespace: string): DeployError {
  const message = `${problems.join(" ")} Nothing was created.`;
  const hint = `See the claims: kubectl -n ${namespace} get pvc`;
  return new DeployError({ code: "CLAIM_MISMATCH", where: namespace, message, hint });
}

/** Sentences about Secrets that are named and not there, or lack a key: something else may make them in time. */
export function secretWarnings(config: StackConfig, { secrets }: InspectReferencesResult): readonly string[] {
  return referencesOf(config).secrets.flatMap(({ setting, name, keys }) => {
    const found = secrets.find((secret) => secret.name === name);
    if (found === undefined) return [`${setting}: namespace ${config.namespace} has no Secret ${name} yet.`];
    const lacking = keys.filter((key) => found.keys !== undefined && !found.keys.includes(key));
    return lacking.map((key) => `${setting}: Secret ${name} has no key ${key}.`);
  });
}
