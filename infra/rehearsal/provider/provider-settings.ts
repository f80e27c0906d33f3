import type { CheckFailure } from "./check.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";
import { isUnknown, plainObject } from "./values.ts";

/** Settings of the provider resource, or of the `kubernetes:` config of the stack. */
export interface ProviderSettings {
  /** Content or path; empty for the usual rules. */
  readonly kubeconfig: string;
  /** Empty for the kubeconfig's current one. */
  readonly context: string;
  /** Of objects that name none; empty for the context's own, then `default`. */
  readonly namespace: string;
  readonly clusterIdentifier: string;
  readonly enablePatchForce: boolean;
  readonly enableConfigMapMutable: boolean;
  readonly enableSecretMutable: boolean;
  readonly upsertExistingObjects: boolean;
}

/** Settings that the offline provider does not honour: it says so instead of doing something else. */
const refused: Readonly<Record<string, string>> = {
  skipUpdateUnreachable: "it would let an update of an unreachable cluster succeed without doing anything",
  deleteUnreachable: "it would drop the objects of an unreachable cluster from the state",
  cluster: "name a context that leads to it instead",
  renderYamlToDirectory: "the offline provider writes to a cluster only; render files with: keye render --to DIR",
};

/** What is wrong with the settings. */
export function settingsProblems(inputs: JsonObject): readonly CheckFailure[] {
  const settings = plainObject(inputs);
  const isSet = (key: string) => isOn(settings[key]) || (typeof settings[key] === "string" && !isOff(settings[key]));
  const problems = Object.entries(refused).flatMap(([key, why]) =>
    isSet(key) ? [{ path: key, reason: `${key} is refused: ${why}` }] : [],
  );
  const isClientSide = settings.enableServerSideApply !== undefined && !isOn(settings.enableServerSideApply);
  if (!isClientSide) return problems;
  return [...problems, { path: "enableServerSideApply", reason: "the offline provider knows server-side apply only" }];
}

/** Reads the settings. Unknown keys are let pass: the official provider has more of them, for Helm and its client. */
export function parseSettings(inputs: JsonObject): ProviderSettings {
  const settings = plainObject(inputs);
  const text = (key: string) => (typeof settings[key] === "string" ? settings[key] : "");
  return {
    kubeconfig: isObject(settings.kubeconfig) ? JSON.stringify(settings.kubeconfig) : text("kubeconfig"),
    context: text("context"),
    namespace: text("namespace"),
    clusterIdentifier: text("clusterIdentifier"),
    enablePatchForce: isOn(settings.enablePatchForce),
    enableConfigMapMutable: isOn(settings.enableConfigMapMutable),
    enableSecretMutable: isOn(settings.enableSecretMutable),
    upsertExistingObjects: isOn(settings.upsertExistingObjects),
  };
}

/**
 * The settings whose change means another cluster, so that all objects are made anew there: `clusterIdentifier`, where
 * both sides set it. Context and kubeconfig tell nothing of the sort: two names may lead to one cluster, and making a live
 * object anew there takes it out of service. A refresh finds what another cluster does not have.
 */
export function movedSettings(olds: JsonObject, news: JsonObject): readonly string[] {
  const from = parseSettings(olds).clusterIdentifier;
  const to = parseSettings(news).clusterIdentifier;
  const isKnown = from !== "" && to !== "" && !isUnknown(to);
  return isKnown && from !== to ? ["clusterIdentifier"] : [];
}

/** The SDK sends booleans as JSON text. */
function isOn(value: Json | undefined): boolean {
  return value === true || (typeof value === "string" && ["true", "1"].includes(value.toLowerCase()));
}

function isOff(text: string): boolean {
  return ["", "false", "0"].includes(text.toLowerCase());
}
