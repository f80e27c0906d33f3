import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { sha256 } from "../../../infra/components/pinned-stack.ts";
import { configError, parseConfig } from "../../../infra/config/parse.ts";
import { engineChart, parseManifests, renderChart } from "../../../infra/process/helm.ts";
import { chartValues } from "../../../infra/spec/chart-values.ts";
import { emptyLock } from "../../../infra/spec/lock/lock.ts";
import { pinStack } from "../../../infra/spec/pinned-stack.ts";

/** Name and label of the Deployment that the tools wait for. */
export const awaited = "engine";

/**
 * A Deployment of one replica with the engine's pod template of a stack file, and the API server's defaults for all else: how
 * long it may take to progress above all.
 */
export async function plainDeployment(stackFile: string, namespace: string): Promise<object> {
  const { config } = parse(readFileSync(stackFile, "utf8"));
  const parsed = parseConfig(config["keye-stack:stack"]);
  if (parsed.kind === "problems") throw configError(parsed.problems, stackFile);
  const stack = pinStack(parsed.config, emptyLock, { where: stackFile, sha256 });
  const values = chartValues(stack, "manifests");
  const manifests = await renderChart({ chartDir: engineChart, release: "keye", namespace, values });
  const found = parseManifests(manifests).find(({ kind }) => kind === "Deployment");
  if (found === undefined) throw new Error("the engine's chart has rendered no Deployment");
  // The chart's own; the fields that are read are those of every Deployment.
  const { template } = found.spec as { readonly template: { readonly metadata: object; readonly spec: object } };
  const labels = { app: awaited };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: awaited, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { ...template.metadata, labels },
        // The account that every namespace has.
        spec: { ...template.spec, serviceAccountName: "default" },
      },
    },
  };
}
