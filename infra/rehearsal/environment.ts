import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { findProgram } from "./control-plane/tools.ts";
import type { RehearsalState } from "./state.ts";

const root = resolve(import.meta.dirname, "../..");
const toolchain = join(root, ".toolchain", "bin");
const offlineProvider = join(root, "infra", "rehearsal", "provider");

/** State folder of the rehearsal of this name: in the project, ignored by git. */
export function rehearsalDir(name: string): string {
  return join(root, ".rehearsal", name);
}

/** Where to look for programs: the project's own toolchain, then `path`. */
export function toolPath(path: string | undefined): string {
  return [toolchain, path ?? ""].join(delimiter);
}

/** Which `kubernetes` provider Pulumi will find. */
export type KubernetesProvider = "official" | "offline";

/**
 * The official plugin where Pulumi has it installed or on PATH, else ours.
 *
 * `env` is the environment of the Pulumi CLI; PULUMI_HOME and HOME decide where it keeps plugins.
 */
export function kubernetesProvider(env: Readonly<Record<string, string | undefined>>): KubernetesProvider {
  const home = env.PULUMI_HOME ?? join(env.HOME ?? homedir(), ".pulumi");
  const plugins = join(home, "plugins");
  const isInstalled =
    existsSync(plugins) && readdirSync(plugins).some((name) => /^resource-kubernetes-v[^.]+\.[^.]+\.[^.]+$/.test(name));
  const elsewhere = (env.PATH ?? "").split(delimiter).filter((folder) => resolve(folder) !== offlineProvider);
  const isOnPath = findProgram("pulumi-resource-kubernetes", elsewhere.join(delimiter)) !== undefined;
  return isInstalled || isOnPath ? "official" : "offline";
}

/** What the environment of `pulumi`, `kubectl` and `keye` needs to work with a rehearsal; `env` is the present one. */
export function rehearsalEnvironment(
  state: RehearsalState,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const ours = kubernetesProvider(env) === "offline" ? [toolchain, offlineProvider] : [toolchain];
  const others = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "" && !ours.includes(folder));
  return {
    KUBECONFIG: state.kubeconfig,
    PATH: [...ours, ...others].join(delimiter),
    PULUMI_BACKEND_URL: `file://${state.pulumi}`,
    PULUMI_CONFIG_PASSPHRASE: "",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Each update starts the program and its plugins anew: their compiled code is kept between starts.
    NODE_COMPILE_CACHE: env.NODE_COMPILE_CACHE ?? join(cacheFolder(env), "keye-stack", "node"),
  };
}

function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  return env.XDG_CACHE_HOME ?? join(env.HOME ?? homedir(), ".cache");
}
