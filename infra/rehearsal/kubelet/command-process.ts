import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Bytes } from "../../core/units.ts";
import { kubeconfigText } from "../control-plane/credentials.ts";
import type { EngineExit, EngineProcess } from "../engine/launch.ts";
import { type Mount, onHost } from "./volume-dirs.ts";

/** Where a service account's token is in every container that has one. */
const accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/** What a kubelet reads of a termination message. */
const messageBytes: Bytes = 4096;

const cli = resolve(import.meta.dirname, "../../cli/main.ts");
const shim = resolve(import.meta.dirname, "main.ts");

/** How a container that runs this project's CLI is started. */
export interface CommandLaunch {
  /** The CLI's arguments as the container has them, paths of the container and all. */
  readonly args: readonly string[];
  /** The container's environment, Secrets resolved. */
  readonly env: Readonly<Record<string, string>>;
  readonly podIP: string;
  readonly mounts: readonly Mount[];
  /** The process's home and working folder; files that the container leaves outside its volumes. */
  readonly scratch: string;
  /** The container's `terminationMessagePath`. */
  readonly messagePath: string;
  /** URL of the API server. */
  readonly server: string;
  /** Gets each line of stdout and stderr. */
  readonly log: (line: string) => void;
}

/** A container's process that may have left a word at its end. */
export interface CommandProcess extends EngineProcess {
  /** What is in the file for the termination message; empty where nothing is. */
  message(): string;
}

/** Starts a container that runs the CLI. */
export type RunCommand = (launch: CommandLaunch) => CommandProcess;

/** The CLI's arguments in a command line `keye …`, also behind an init (`tini --`); undefined for any other program. */
export function cliArguments(argv: readonly string[]): readonly string[] | undefined {
  const at = basename(argv[0] ?? "") === "keye" ? 0 : argv.indexOf("--") + 1;
  return basename(argv[at] ?? "") === "keye" ? argv.slice(at + 1) : undefined;
}

/** Runs the CLI of this checkout as a process of its own. It never outlives this one. */
export function runCommand(launch: CommandLaunch): CommandProcess {
  const { args, env, mounts, scratch, messagePath, podIP, log } = launch;
  const message = join(scratch, "termination-log");
  writeFileSync(message, "", { mode: 0o600 });
  const paths = [...mounts, { mountPath: messagePath, path: message }];
  const words = args.map((word) => onHost(word, paths));
  const mapped = Object.entries(env).map(([name, value]) => [name, onHost(value, paths)] as const);
  const child = spawn(process.execPath, [shim, podIP, cli, ...words], {
    cwd: scratch,
    env: { ...baseEnvironment(launch), ...Object.fromEntries(mapped) },
    // The channel tells the child that this process is gone, in whatever way.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // A group of its own: Ctrl-C reaches this process only, which stops containers in good order.
    detached: true,
  });
  const texts = [child.stdout, child.stderr].flatMap((stream) => (stream === null ? [] : [linesOf(stream, log)]));
  return {
    exited: endOf(child, texts),
    kill: (signal) => killGroup(child, signal),
    message: () => readFileSync(message).subarray(0, messageBytes).toString("utf8"),
  };
}

/** What every container finds in its environment, before what its spec says. */
function baseEnvironment({ scratch, server, mounts }: CommandLaunch): Record<string, string> {
  const { hostname, port } = new URL(server);
  const account = mounts.find(({ mountPath }) => mountPath === accountFolder)?.path;
  return {
    PATH: [dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter),
    HOME: scratch,
    TMPDIR: scratch,
    KUBERNETES_SERVICE_HOST: hostname,
    KUBERNETES_SERVICE_PORT: port,
    ...(account !== undefined && hasAccount(account)
      ? { KUBECONFIG: writeKubeconfig(account, { scratch, server }) }
      : {}),
  };
}

function hasAccount(folder: string): boolean {
  return ["ca.crt", "token"].every((name) => existsSync(join(folder, name)));
}

/** Clients look for the account at its path in the container, which no process of this machine has: a kubeconfig says it. */
function writeKubeconfig(account: string, { scratch, server }: { readonly scratch: string; readonly server: string }) {
  const file = join(scratch, "kubeconfig");
  const text = (name: string) => readFileSync(join(account, name), "utf8");
  const parts = { name: "in-cluster", server, certificateAuthority: text("ca.crt"), token: text("token") };
  writeFileSync(file, kubeconfigText(parts), { mode: 0o600 });
  return file;
}

async function linesOf(stream: NodeJS.ReadableStream, log: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) log(line);
}

function endOf(child: ChildProcess, texts: readonly Promise<void>[]): Promise<EngineExit> {
  const { promise, resolve: end } = Promise.withResolvers<EngineExit>();
  child.once("error", () => end({ exitCode: 128 }));
  child.once("exit", async (code, signal) => {
    // Children of its own would keep its pipes open.
    killGroup(child, "SIGKILL");
    await Promise.all(texts);
    if (signal === "SIGKILL") end({ exitCode: 137, signal: 9 });
    else end(signal === null ? { exitCode: code ?? 0 } : { exitCode: 143, signal: 15 });
  });
  return promise;
}

function killGroup({ pid }: ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nothing is left of the group.
  }
}
