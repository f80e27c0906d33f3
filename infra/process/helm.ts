import { resolve } from "node:path";
import { type ExecaError, execa } from "execa";
import { parseAllDocuments } from "yaml";
import { DeployError } from "../core/errors.ts";
import type { KubernetesObject } from "../core/kubernetes-object.ts";

/** The chart of the engine and its Services. */
export const engineChart = resolve(import.meta.dirname, "../../charts/keye-sglang");

/** What to render. */
export interface RenderRequest {
  readonly chartDir: string;
  readonly release: string;
  readonly namespace: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Renders a chart without asking a cluster. Throws `ENV_HELM`: where helm is not on PATH, and with helm's own words where
 * it refuses the values or the templates.
 */
export async function renderChart(request: RenderRequest): Promise<string> {
  const { chartDir, release, namespace, values } = request;
  const args = ["template", release, chartDir, "--namespace", namespace, "--values", "-"];
  try {
    const { stdout } = await execa("helm", args, { input: JSON.stringify(values), timeout: 60_000 });
    return stdout;
  } catch (error) {
    // execa rejects with nothing else.
    throw helmError(chartDir, error as ExecaError);
  }
}

function helmError(chartDir: string, cause: ExecaError): DeployError {
  if (cause.code === "ENOENT") {
    return new DeployError({
      code: "ENV_HELM",
      where: "helm",
      message: "helm is not on PATH; wanted version 4.",
      hint: "Run ./scripts/toolchain and put .toolchain/bin on PATH, or install helm.",
      cause,
    });
  }
  const said = String(cause.stderr ?? "")
    .replace(/\n*Use --debug flag to render out invalid YAML\s*$/, "")
    .trim();
  return new DeployError({
    code: "ENV_HELM",
    where: chartDir,
    message: cause.timedOut
      ? "helm gave no answer in 60 s."
      : `helm refused to render it: ${said || cause.shortMessage}`,
    cause,
  });
}

/**
 * The objects of a multi-document text, sorted by kind, then name: the same objects in the same order however the
 * templates are laid out. Throws `ENV_HELM` for text that is no YAML, and for a document that is no Kubernetes object.
 */
export function parseManifests(text: string): KubernetesObject[] {
  const objects: KubernetesObject[] = [];
  for (const document of parseAllDocuments(text)) {
    const problem = document.errors[0];
    if (problem !== undefined) throw manifestError(problem.message);
    const value: unknown = document.toJS();
    if (value === null) continue;
    if (!isObject(value))
      throw manifestError(`not an object with apiVersion, kind and metadata.name: ${JSON.stringify(value)}`);
    objects.push(value);
  }
  return objects.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

function isObject(value: unknown): value is KubernetesObject {
  if (typeof value !== "object" || value === null) return false;
  if (!("apiVersion" in value) || !("kind" in value) || !("metadata" in value)) return false;
  return typeof value.metadata === "object" && value.metadata !== null && "name" in value.metadata;
}

function sortKey(object: KubernetesObject): string {
  return `${object.kind}/${object.metadata.name}`;
}

function manifestError(message: string): DeployError {
  return new DeployError({ code: "ENV_HELM", where: "rendered manifests", message: `${message}.` });
}
