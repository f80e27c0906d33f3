import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Milliseconds } from "../../infra/core/units.ts";
import { rehearsalEnvironment } from "../../infra/rehearsal/environment.ts";
import type { NodeShape } from "../../infra/rehearsal/nodes.ts";
import { initStack, type PulumiPlace, pulumiUp } from "../../infra/rehearsal/pulumi/pulumi.ts";
import type { RehearsalState } from "../../infra/rehearsal/state.ts";
import { endRehearsal, type RehearsalProcess, startRehearsal } from "../story/rehearsal-process.ts";
import { type Setting, writeStackFile } from "../story/stack-file.ts";

/** An embedded cluster that runs. */
export interface RunningCluster {
  readonly state: RehearsalState;
  /** From the process's start to ready nodes. */
  readonly startedIn: Milliseconds;
  readonly place: PulumiPlace;
}

/** An embedded cluster with the stack in service. */
export interface DeployedCluster extends RunningCluster {
  /** How long the update took that created everything. */
  readonly deployedIn: Milliseconds;
}

/** What a cluster of the bench is. */
export interface BenchClusterOptions {
  /** The project's folder. */
  readonly root: string;
  readonly signal: AbortSignal;
  /** No two run at once under one name. @default "bench" */
  readonly name?: string;
  /** @default those of the rehearsal */
  readonly nodes?: readonly NodeShape[];
}

/** An embedded cluster, for one part of the bench or for several. It starts when the first of them asks for it. */
export class BenchCluster {
  readonly #rehearsal: RehearsalProcess;
  #running: Promise<RunningCluster> | undefined;
  #deployed: Promise<DeployedCluster> | undefined;

  constructor({ root, signal, name = "bench", nodes }: BenchClusterOptions) {
    const file = nodes && nodeFile(root, name, nodes);
    this.#rehearsal = { root, name, signal, ...(file === undefined ? {} : { nodes: file }) };
  }

  /** The cluster, empty or not. */
  running(): Promise<RunningCluster> {
    this.#running ??= this.#start();
    return this.#running;
  }

  /** The cluster with the stack brought up once, by an update of an empty cluster. */
  deployed(): Promise<DeployedCluster> {
    this.#deployed ??= this.#deploy();
    return this.#deployed;
  }

  /** The stack's settings with some changed; returns the file. */
  stackFile({ state }: RunningCluster, changes: readonly Setting[]): string {
    return writeStackFile(this.#rehearsal.root, dirname(state.kubeconfig), changes);
  }

  /** Ends it; fine where no part has asked for it. One that did not start is gone already, or another bench's. */
  async [Symbol.asyncDispose](): Promise<void> {
    const running = await this.#running?.catch(() => undefined);
    if (running !== undefined) await endRehearsal(this.#rehearsal);
  }

  async #start(): Promise<RunningCluster> {
    const { root, signal } = this.#rehearsal;
    const started = performance.now();
    const state = await startRehearsal(this.#rehearsal);
    const startedIn = performance.now() - started;
    const env = rehearsalEnvironment(state, process.env);
    return { state, startedIn, place: { root, env, stack: "rehearsal", signal, say: () => {} } };
  }

  async #deploy(): Promise<DeployedCluster> {
    const running = await this.running();
    await initStack(running.place);
    return { ...running, deployedIn: await timeUp(running.place, this.stackFile(running, [])) };
  }
}

/** Writes the shapes beside the cluster's folder, and returns the path. */
function nodeFile(root: string, name: string, nodes: readonly NodeShape[]): string {
  const file = join(root, ".rehearsal", `${name}-nodes.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ nodes }));
  return file;
}

/** How long `pulumi up` takes. Throws with its output where it fails. */
export async function timeUp(place: PulumiPlace, file: string): Promise<Milliseconds> {
  const result = await pulumiUp(place, file);
  if (result.exitCode !== 0) throw new Error(`pulumi up ended with ${result.exitCode}:\n${result.output}`);
  return result.took;
}
