import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { DeployError, faultLine } from "../core/errors.ts";

/** Which kubeconfig and which of its contexts. */
export interface KubeconfigOptions {
  /**
   * Files to merge, in the form of the environment variable; or a kubeconfig itself, known by its line breaks or braces.
   * @default `KUBECONFIG`, then `~/.kube/config`, then the pod's own account
   */
  readonly kubeconfig?: string;
  /** @default the kubeconfig's current context */
  readonly context?: string;
}

const inClusterToken = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** Loads the kubeconfig by the usual rules and selects the context. Rejects with `ENV_KUBECONFIG` naming what was looked at. */
export function loadKubeconfig(options: KubeconfigOptions): KubeConfig {
  const config = new KubeConfig();
  const where = sourceOf(options.kubeconfig);
  try {
    if (options.kubeconfig === undefined) config.loadFromDefault();
    else if (isContent(options.kubeconfig)) config.loadFromString(options.kubeconfig);
    else loadFiles(config, options.kubeconfig);
  } catch (error) {
    throw new DeployError({
      code: "ENV_KUBECONFIG",
      where,
      message: `Cannot read the kubeconfig: ${faultLine(error)}.`,
      hint: "Correct the file, or point the environment variable KUBECONFIG at another one.",
      cause: error,
    });
  }
  if (options.kubeconfig === undefined && isBuiltInDefault(config)) throw noKubeconfig();
  if (config.getContexts().length === 0) {
    throw new DeployError({
      code: "ENV_KUBECONFIG",
      where,
      message: "It holds no contexts, so it names no cluster.",
      hint: "Point the environment variable KUBECONFIG at a kubeconfig: kubectl config get-contexts lists those of one.",
    });
  }
  selectContext(config, options.context);
  return config;
}

/** What is read, in words that are safe to show. */
function sourceOf(kubeconfig: string | undefined): string {
  return kubeconfig === undefined || isContent(kubeconfig) ? "kubeconfig" : kubeconfig;
}

/** Content may hold credentials: it never gets into a message. */
function isContent(kubeconfig: string): boolean {
  return /\n|^\s*\{/.test(kubeconfig);
}

function loadFiles(config: KubeConfig, list: string): void {
  const [first, ...others] = list.split(delimiter).filter((file) => file !== "");
  if (first === undefined) throw new Error("the list of files is empty");
  config.loadFromFile(first);
  for (const file of others) {
    const more = new KubeConfig();
    more.loadFromFile(file);
    config.mergeConfig(more);
  }
}

/** client-node falls back to an unauthenticated `localhost:8080` where it finds nothing: never what is meant. */
function isBuiltInDefault(config: KubeConfig): boolean {
  return (
    config.getCurrentContext() === "loaded-context" && config.getCurrentCluster()?.server === "http://localhost:8080"
  );
}

function noKubeconfig(): DeployError {
  const file = join(homedir(), ".kube", "config");
  return new DeployError({
    code: "ENV_KUBECONFIG",
    where: file,
    message: `No kubeconfig: the environment variable KUBECONFIG is not set, ${file} does not exist, and this is no pod (${inClusterToken} does not exist).`,
    hint: "Set KUBECONFIG to a kubeconfig file, or start a rehearsal cluster with ./scripts/rehearse --keep.",
  });
}

function selectContext(config: KubeConfig, wanted: string | undefined): void {
  const names = config.getContexts().map((context) => context.name);
  const name = wanted ?? config.getCurrentContext();
  const known = names.join(", ");
  if (!names.includes(name)) {
    throw new DeployError({
      code: "ENV_KUBECONFIG",
      where: wanted === undefined ? "current-context" : `context "${wanted}"`,
      message: name
        ? `The kubeconfig has no context "${name}"; it has: ${known}.`
        : `The kubeconfig sets none; it has: ${known}.`,
      hint: "Name one of them in the setting context of Pulumi.<stack>.yaml, or run: kubectl config use-context NAME.",
    });
  }
  config.setCurrentContext(name);
  const cluster = config.getCurrentCluster();
  if (cluster === null || !cluster.server) {
    throw new DeployError({
      code: "ENV_KUBECONFIG",
      where: `context "${name}"`,
      message: `It names the cluster "${config.getContextObject(name)?.cluster}", which the kubeconfig does not describe.`,
    });
  }
  if (!URL.canParse(cluster.server)) {
    throw new DeployError({
      code: "ENV_KUBECONFIG",
      where: `context "${name}"`,
      message: `Its server "${cluster.server}" is no URL, such as https://10.0.0.1:6443.`,
    });
  }
  const caFile = cluster.caFile;
  if (caFile && !existsSync(caFile)) {
    throw new DeployError({
      code: "ENV_KUBECONFIG",
      where: `context "${name}"`,
      message: `Its certificate authority ${caFile} does not exist.`,
    });
  }
}
