import { systemClock } from "../cluster/system-clock.ts";
import { DeployError } from "../core/errors.ts";
import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import { startCluster } from "../rehearsal/cluster.ts";
import { layoutOf } from "../rehearsal/control-plane/layout.ts";
import { launchEngine } from "../rehearsal/engine/process.ts";
import { rehearsalDir, rehearsalEnvironment, toolPath } from "../rehearsal/environment.ts";
import { hasGroupProgram } from "../rehearsal/groups/group-controller.ts";
import { readNodeFile } from "../rehearsal/node-file.ts";
import { defaultNodes } from "../rehearsal/nodes.ts";
import { isAlive, type RehearsalState, readState } from "../rehearsal/state.ts";
import { startDetached, stopRehearsal } from "../rehearsal/supervisor.ts";
import type { Command, CommandWorld } from "./command.ts";
import { parseFlags, usageError } from "./flags.ts";
import { nameOf } from "./rehearse-copy/flags.ts";
import { rehearseFromContext } from "./rehearse-copy/from-context.ts";
import { describeRehearsal } from "./rehearse-text.ts";

const help = `keye rehearse up [--detach] [--name NAME] [--nodes FILE] [--port PORT]
keye rehearse down [--name NAME]
keye rehearse status [--name NAME] [--json]
keye rehearse env [--name NAME]
keye rehearse --from-context CONTEXT --stack-file FILE [--kubeconfig FILE] [--strategy LIST] [--speed N] [--name NAME] [--json]

An embedded Kubernetes cluster: a real control plane, simulated H800 nodes, simulated engines. Everything listens on
loopback addresses and ends with the command, or with "down" where it was detached.

  up      Starts it. Without --detach it runs until Ctrl-C. Groups of pods (LeaderWorkerSets) are served where their
          controller is there, which ./scripts/toolchain --groups builds.
          --nodes FILE  node shapes in YAML (default: two nodes of eight H800, one without GPUs)
          --port PORT   port of the API server on 127.0.0.1 (default: a free one on an address of its own)
  down    Ends it and removes its state folder .rehearsal/NAME but for the logs.
  status  Says where it is, and the address of each Service.
  env     Prints shell lines that point kubectl, pulumi and keye at it: eval "$(keye rehearse env)"

  --name NAME  several can run side by side (default: default; with --from-context: copy)

  --from-context CONTEXT  Rehearses a rollout on a copy of that cluster, which is read and never written to, nor are its Secrets
          read: its nodes, what others hold on them, the namespace's quotas and limits, and as many replicas as serve there. Then
          the program of the stack is run on the copy, once for each strategy, and told: how long each phase took, the verdict, and
          the fewest ready replicas and free GPUs meanwhile. docs/rehearsal.md says what is assumed.
          --stack-file FILE  the settings, such as Pulumi.prod.yaml
          --kubeconfig FILE  (default: KUBECONFIG, then ~/.kube/config)
          --strategy LIST    of blueGreen, canary, recreate, with commas (default: those that the planner calls possible)
          --speed N          simulated seconds in one second while engines start (default: 10)
          --json             the result as JSON

Exit codes: 0 done (--from-context: every rollout passed), 1 --from-context: one did not, or none is possible, 2 bad input,
4 environment (a port that is taken, a folder that cannot be written, a tool that is missing, a target that cannot be read; status
and env: it is not running; up: it runs already), 130 cancelled.
`;

/** `keye rehearse`: starts, ends and describes embedded clusters. */
export const rehearse: Command = {
  help,
  async run(args, world) {
    if (args.some((arg) => /^--from-context(=|$)/.test(arg))) return rehearseFromContext(args, world);
    const { values, positionals } = parseFlags("rehearse", args, {
      detach: { type: "boolean", default: false },
      name: { type: "string", default: "default" },
      nodes: { type: "string" },
      port: { type: "string" },
      json: { type: "boolean", default: false },
    });
    const [word, ...rest] = positionals;
    const name = nameOf(values.name);
    if (rest.length > 0) throw usageError("rehearse", `unexpected ${rest.join(" ")}.`);
    const { nodes } = values;
    if (word === "up") return up({ name, nodes, port: portOf(values.port), isDetached: values.detach }, world);
    if (word === "down") return down(name, world);
    if (word === "status") return status(name, values.json, world);
    if (word === "env") return env(name, world);
    throw usageError("rehearse", word === undefined ? "say up, down, status or env." : `there is no "${word}".`);
  },
};

interface UpOptions {
  readonly name: string;
  readonly nodes: string | undefined;
  readonly port: number | undefined;
  readonly isDetached: boolean;
}

async function up({ name, nodes, port, isDetached }: UpOptions, world: CommandWorld): Promise<ExitCode> {
  const dir = rehearsalDir(name);
  const shapes = nodes === undefined ? defaultNodes : readNodeFile(nodes);
  if (isDetached) {
    const { state, startedIn } = await startDetached({
      name,
      dir,
      ...(nodes === undefined ? {} : { nodes }),
      ...(port === undefined ? {} : { port }),
      env: world.env,
      signal: world.signal,
    });
    world.err(
      `${describeRehearsal(state, world.env)}\nReady in ${seconds(startedIn)}. End it: keye rehearse down --name ${name}`,
    );
    return exitCodes.pass;
  }
  const path = toolPath(world.env.PATH);
  const cluster = await startCluster({
    name,
    dir,
    nodes: shapes,
    ...(port === undefined ? {} : { port }),
    path,
    clock: systemClock,
    launch: launchEngine,
    hasServiceProxies: true,
    hasGroups: hasGroupProgram(path),
    signal: world.signal,
  });
  try {
    world.err(
      `${describeRehearsal(cluster.state, world.env)}\nReady in ${seconds(cluster.startedIn)}. Ctrl-C ends it.`,
    );
    const broken = await Promise.race([aborted(world.signal), cluster.broken]);
    if (broken !== undefined) throw broken;
    return exitCodes.pass;
  } finally {
    await cluster.close();
  }
}

async function down(name: string, world: CommandWorld): Promise<ExitCode> {
  const outcome = await stopRehearsal(layoutOf(rehearsalDir(name)), systemClock);
  const said = {
    stopped: "has ended",
    "was dead": "had died; what it left is removed",
    none: "is not running: nothing to do",
  };
  world.err(`The rehearsal "${name}" ${said[outcome]}.`);
  return exitCodes.pass;
}

function status(name: string, isJson: boolean, world: CommandWorld): ExitCode {
  const state = liveState(name);
  if (isJson) world.out(JSON.stringify(state, null, 2));
  else world.out(describeRehearsal(state, world.env));
  return exitCodes.pass;
}

function env(name: string, world: CommandWorld): ExitCode {
  for (const [key, value] of Object.entries(rehearsalEnvironment(liveState(name), world.env))) {
    world.out(`export ${key}='${value.replaceAll("'", "'\\''")}'`);
  }
  return exitCodes.pass;
}

function liveState(name: string): RehearsalState {
  const dir = rehearsalDir(name);
  const state = readState(layoutOf(dir));
  if (state !== undefined && isAlive(state)) return state;
  throw new DeployError({
    code: "ENV_NOT_RUNNING",
    where: dir,
    message: state === undefined ? `No rehearsal "${name}" runs.` : `The rehearsal "${name}" has died.`,
    hint: `Start it: keye rehearse up --detach --name ${name}`,
  });
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw usageError("rehearse", `--port "${text}" is no port number from 1 to 65535.`);
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }));
}
