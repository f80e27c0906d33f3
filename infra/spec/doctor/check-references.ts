import type { StackConfig } from "../../config/stack-config.ts";
import type { DoctorSecret } from "../../core/doctor-facts.ts";
import { referencesOf } from "../check-references.ts";
import type { Finding, Patient } from "./finding.ts";

/** A Secret that the settings name. */
interface NamedSecret {
  readonly setting: string;
  readonly name: string;
  readonly keys: readonly string[];
  /** Types that it may have; any where absent. */
  readonly types?: readonly string[];
}

const pullTypes = ["kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"];

/** Every Secret that the settings name, those of a build too. */
export function secretsOf(config: StackConfig): readonly NamedSecret[] {
  const { image } = config;
  const push = image.kind === "source" ? image.build.pushSecret : undefined;
  return [
    ...referencesOf(config).secrets.map((one) =>
      one.setting.startsWith("image.pullSecrets") ? { ...one, types: pullTypes } : one,
    ),
    ...(push === undefined
      ? []
      : [{ setting: "image.build.pushSecret", name: push, keys: [], types: ["kubernetes.io/dockerconfigjson"] }]),
  ];
}

/** Secrets and the RuntimeClass that the settings name. */
export function checkReferences({ config, facts }: Patient): readonly Finding[] {
  const ofSecrets = secretsOf(config).flatMap((named) => {
    const found = facts.secrets.find(({ name }) => name === named.name)?.found;
    return found?.kind === "seen" ? secretFindings(config, named, found.value) : [];
  });
  return [...ofSecrets, ...runtimeClass({ config, facts })];
}

function secretFindings(
  { namespace }: StackConfig,
  { setting, name, keys, types }: NamedSecret,
  found: DoctorSecret | undefined,
): readonly Finding[] {
  const where = `secret ${name}`;
  if (found === undefined) {
    const what = `${setting} names it, and namespace ${namespace} has none of that name.`;
    // The kubelet pulls without a pull secret that is missing, and the image may be public.
    const severity = setting.startsWith("image.pullSecrets") ? "warning" : "error";
    const files = keys.map((key) => ` --from-file=${key}=FILE`).join("");
    const command = types === undefined ? `generic ${name}${files}` : `docker-registry ${name} …`;
    return [{ id: "secret-missing", severity, where, what, cure: `kubectl -n ${namespace} create secret ${command}` }];
  }
  const lacking = keys
    .filter((key) => !found.keys.includes(key))
    .map((key) => ({
      id: "secret-key-missing" as const,
      severity: "error" as const,
      where,
      what: `${setting} wants its key ${key}; its keys: ${found.keys.join(", ") || "none"}.`,
      cure: "Add the key to the Secret, or name another one in the settings.",
    }));
  if (types === undefined || types.includes(found.type)) return lacking;
  const what = `Its type is ${found.type}; ${setting} wants ${types.join(" or ")}.`;
  const cure = `Make it anew: kubectl -n ${namespace} create secret docker-registry ${name} …`;
  return [...lacking, { id: "secret-type", severity: "error", where, what, cure }];
}

function runtimeClass({ config, facts }: Patient): readonly Finding[] {
  const name = config.engine.runtimeClassName;
  if (name === undefined || facts.runtimeClass?.kind !== "seen" || facts.runtimeClass.value) return [];
  const what =
    "engine.runtimeClassName names it, and the cluster has none of that name: the API server refuses the pods.";
  const cure =
    "Leave the setting out where the nodes' default runtime sees GPUs, or install the class with the GPU operator.";
  return [{ id: "runtime-class-missing", severity: "error", where: `RuntimeClass ${name}`, what, cure }];
}
