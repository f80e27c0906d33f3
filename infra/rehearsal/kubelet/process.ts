import { basename } from "node:path";
import { gpuResource } from "../../core/names.ts";
import type { EngineExit, EngineLaunch, EngineProcess } from "../engine/launch.ts";
import { loopbackOf } from "../pod-address.ts";
import { cliArguments } from "./command-process.ts";
import type { KubeletContext } from "./context.ts";
import type { Script } from "./faults.ts";
import type { ContainerSpec, KubePod } from "./pod-types.ts";
import { type Mount, onHost } from "./volume-dirs.ts";
import { shmBytes } from "./volumes.ts";

/** Programs that run as PID 1 in the engine's stead, hand signals on and collect exit codes. */
const inits = ["tini", "tini-static", "dumb-init", "catatonit", "docker-init"];

/** Whether a container runs the SGLang server, by its command line. */
export function isEngine(container: ContainerSpec): boolean {
  return [...(container.command ?? []), ...(container.args ?? [])].some((word) =>
    word.includes("sglang.launch_server"),
  );
}

/** Whether the engine is the first process of its PID namespace. */
export function isPidOne(pod: KubePod, argv: readonly string[]): boolean {
  return pod.spec.shareProcessNamespace !== true && !inits.includes(basename(argv[0] ?? ""));
}

export interface ProcessStart {
  readonly pod: KubePod;
  readonly podIP: string;
  readonly container: ContainerSpec;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where the container's volumes are; read for the CLI and the engine. */
  readonly mounts: readonly Mount[];
  readonly script: Script;
  /** An init container that is no sidecar: its work is over when it ends. */
  readonly isOneShot: boolean;
  readonly log: (line: string) => void;
}

/** A container's process; `message` reads what it has left for its termination message. */
export interface ContainerProcess extends EngineProcess {
  message?(): string;
}

/**
 * Starts an engine, or this project's CLI. The rehearsal runs no other programs: an init container and one that runs `true`
 * end well at once, any other container does nothing until it is stopped.
 */
export function startProcess(start: ProcessStart, context: KubeletContext): ContainerProcess {
  if (isEngine(start.container)) return context.launch(launchOf(start, context));
  const args = cliArguments(start.argv);
  if (args !== undefined) return startCommand(start, args, context);
  start.log(`rehearsal: stands in for: ${start.argv.join(" ")}`);
  const process = idleProcess();
  if (start.isOneShot || basename(start.argv[0] ?? "") === "true") process.kill("SIGTERM");
  return process;
}

function startCommand(
  { pod, podIP, container, env, mounts, log }: ProcessStart,
  args: readonly string[],
  context: KubeletContext,
): ContainerProcess {
  const { volumes, server } = context;
  return context.runCommand({
    args,
    env,
    podIP,
    mounts,
    scratch: volumes.scratch(pod, container.name),
    messagePath: container.terminationMessagePath ?? "/dev/termination-log",
    server,
    log,
  });
}

function launchOf(
  { pod, podIP, container, argv, env, mounts, script, log }: ProcessStart,
  context: KubeletContext,
): EngineLaunch {
  const gpus = context.gpusOf(pod.spec.nodeName ?? "");
  return {
    argv,
    env,
    address: loopbackOf(podIP),
    gpus: { count: Number(container.resources?.limits?.[gpuResource] ?? 0), ...gpus },
    shmBytes: shmBytes(container, pod.spec.volumes ?? []),
    isPidOne: isPidOne(pod, argv),
    speed: script.speed,
    compileSeconds: script.compileSeconds,
    onDisk(path) {
      const real = onHost(path, mounts);
      return real === path ? undefined : real;
    },
    resolve(host) {
      const found = context.addressOf(host);
      return found === undefined ? undefined : loopbackOf(found);
    },
    ...(script.engineFault === undefined ? {} : { fault: script.engineFault }),
    clock: context.clock,
    log,
  };
}

function idleProcess(): EngineProcess {
  const { promise, resolve } = Promise.withResolvers<EngineExit>();
  return {
    exited: promise,
    kill: (signal) => resolve(signal === "SIGTERM" ? { exitCode: 0 } : { exitCode: 137, signal: 9 }),
  };
}
