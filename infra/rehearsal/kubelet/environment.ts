import type { ContainerSpec, EnvVar, KeyRef, KubePod } from "./pod-types.ts";
import { quantityValue } from "./quantity.ts";
import type { References } from "./references.ts";

/** What a container's process is started with, or why it cannot be: the text of CreateContainerConfigError. */
export type ContainerConfig =
  | { readonly kind: "ok"; readonly env: Readonly<Record<string, string>>; readonly argv: readonly string[] }
  | { readonly kind: "error"; readonly message: string };

/** A pod whose container is to be started, with the addresses that only the node knows. */
export interface Placement {
  readonly pod: KubePod;
  readonly podIP: string;
  readonly hostIP: string;
}

class ConfigError extends Error {}

/**
 * Resolves a container's environment and command line: `envFrom`, then `env` in order, `$(NAME)` expanded from what came
 * before, missing references reported in the kubelet's words.
 *
 * @see kubernetes 1.36 `pkg/kubelet/kubelet_pods.go`, makeEnvironmentVariables
 */
export async function resolveConfig(
  container: ContainerSpec,
  placement: Placement,
  references: References,
): Promise<ContainerConfig> {
  try {
    const env: Record<string, string> = {};
    for (const source of container.envFrom ?? []) {
      Object.assign(env, await sourced(source, placement.pod.metadata.namespace, references));
    }
    for (const entry of container.env ?? []) {
      const value = await envValue(entry, container, placement, references);
      if (value !== undefined) env[entry.name] = entry.value === undefined ? value : expand(value, env);
    }
    const argv = [...(container.command ?? []), ...(container.args ?? [])].map((word) => expand(word, env));
    return { kind: "ok", env, argv };
  } catch (error) {
    if (error instanceof ConfigError) return { kind: "error", message: error.message };
    throw error;
  }
}

async function sourced(
  source: NonNullable<ContainerSpec["envFrom"]>[number],
  namespace: string,
  references: References,
): Promise<Record<string, string>> {
  const ref = source.configMapRef ?? source.secretRef;
  if (ref === undefined) return {};
  const kind = source.configMapRef === undefined ? "secret" : "configmap";
  const values = await load(kind, namespace, ref.name, references);
  if (values === undefined && ref.optional !== true) throw new ConfigError(`${kind} "${ref.name}" not found`);
  const entries = Object.entries(values ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [`${source.prefix ?? ""}${key}`, value]));
}

async function envValue(
  entry: EnvVar,
  container: ContainerSpec,
  placement: Placement,
  references: References,
): Promise<string | undefined> {
  const from = entry.valueFrom;
  if (from === undefined) return entry.value ?? "";
  const { namespace } = placement.pod.metadata;
  if (from.configMapKeyRef !== undefined) return keyOf("configmap", from.configMapKeyRef, namespace, references);
  if (from.secretKeyRef !== undefined) return keyOf("secret", from.secretKeyRef, namespace, references);
  if (from.fieldRef !== undefined) return fieldOf(from.fieldRef.fieldPath, placement);
  if (from.resourceFieldRef !== undefined) return resourceOf(from.resourceFieldRef, container);
  return "";
}

async function keyOf(
  kind: "configmap" | "secret",
  ref: KeyRef,
  namespace: string,
  references: References,
): Promise<string | undefined> {
  const values = await load(kind, namespace, ref.name, references);
  const value = values?.[ref.key];
  if (value !== undefined || ref.optional === true) return value;
  if (values === undefined) throw new ConfigError(`${kind} "${ref.name}" not found`);
  const title = kind === "secret" ? "Secret" : "ConfigMap";
  throw new ConfigError(`couldn't find key ${ref.key} in ${title} ${namespace}/${ref.name}`);
}

function load(kind: "configmap" | "secret", namespace: string, name: string, references: References) {
  return kind === "secret" ? references.secret(namespace, name) : references.configMap(namespace, name);
}

/** What a pod says of itself at a field path; empty for paths that the rehearsal does not know. */
export function fieldOf(path: string, { pod, podIP, hostIP }: Placement): string {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed?.[1] === "labels") return pod.metadata.labels?.[keyed[2] ?? ""] ?? "";
  if (keyed?.[1] === "annotations") return pod.metadata.annotations?.[keyed[2] ?? ""] ?? "";
  const fields: Readonly<Record<string, string | undefined>> = {
    "metadata.name": pod.metadata.name,
    "metadata.namespace": pod.metadata.namespace,
    "metadata.uid": pod.metadata.uid,
    "spec.nodeName": pod.spec.nodeName,
    "spec.serviceAccountName": pod.spec.serviceAccountName ?? "default",
    "status.podIP": podIP,
    "status.podIPs": podIP,
    "status.hostIP": hostIP,
    "status.hostIPs": hostIP,
  };
  return fields[path] ?? "";
}

function resourceOf(ref: { readonly resource: string; readonly divisor?: string }, container: ContainerSpec): string {
  const [kind = "", name = ""] = ref.resource.split(/\.(.*)/s);
  const quantity = (kind === "limits" ? container.resources?.limits : container.resources?.requests)?.[name] ?? "0";
  const divisor = quantityValue(ref.divisor ?? "1") || 1;
  return String(Math.ceil(quantityValue(quantity) / divisor));
}

/** Replaces `$(NAME)` where NAME is known and `$$` by `$`; an unknown `$(NAME)` stays as it is. */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^()\s]+)\)/g, (whole, name: string | undefined) => {
    if (name === undefined) return "$";
    return env[name] ?? whole;
  });
}
