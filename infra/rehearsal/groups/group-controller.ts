import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { ApiClient } from "../../cluster/api-client.ts";
import type { Clock } from "../../core/clock.ts";
import { DeployError } from "../../core/errors.ts";
import type { Milliseconds } from "../../core/units.ts";
import { ChildGroup, type LongChild } from "../../process/spawn.ts";
import { apiserverCertificate } from "../control-plane/arguments.ts";
import { layoutOf } from "../control-plane/layout.ts";
import { findProgram } from "../control-plane/tools.ts";
import { freePorts } from "../ports.ts";
import type { RehearsalState } from "../state.ts";
import { endedError, waitUntil } from "../wait-until.ts";
import definition from "./leaderworkersets.json" with { type: "json" };
import { webhookConfigurations } from "./webhooks.ts";

/** Name of the controller's program. */
export const groupProgram = "lws-controller";

/** Whether a rehearsal on this machine can keep groups of pods: the program is on `path`. */
export function hasGroupProgram(path: string): boolean {
  return findProgram(groupProgram, path) !== undefined;
}

export interface GroupControllerOptions {
  /** The rehearsal to join. */
  readonly state: RehearsalState;
  /** The administrator's access to it. */
  readonly api: ApiClient;
  /** Where the program is, in the form of the environment variable. */
  readonly path: string;
  readonly clock: Clock;
  /** Cancels the start. */
  readonly signal: AbortSignal;
}

const startLimit: Milliseconds = 60_000;
const stopGrace: Milliseconds = 2_000;

/**
 * Installs LeaderWorkerSets in a rehearsal: their definition, and the project's own controller with its webhooks, as a process
 * of this machine. Resolves when it admits pods.
 *
 * Rejects with `ENV_TOOL` where the program is not on PATH or does not come up; nothing is left running then.
 */
export async function startGroupController(options: GroupControllerOptions): Promise<GroupController> {
  const { state, path } = options;
  const command = findProgram(groupProgram, path);
  if (command === undefined) {
    const hint = "Run ./scripts/toolchain --groups, which puts it into .toolchain/bin, and put that folder on PATH.";
    throw new DeployError({ code: "ENV_TOOL", where: "PATH", message: `${groupProgram} is not on it.`, hint });
  }
  const group = new ChildGroup();
  const dir = layoutOf(state.dir).groups;
  try {
    await define(options);
    const child = await startProgram(options, { group, command, dir });
    return controllerOf(child, () => close(group, dir));
  } catch (error) {
    await close(group, dir);
    throw error;
  }
}

/** A running controller. */
export interface GroupController {
  readonly child: LongChild;
  /** Resolves if it ends by itself: no group of pods is made or admitted then. */
  readonly broken: Promise<DeployError>;
  /** Ends it and removes its files but for the log; what it has made stays. */
  close(): Promise<void>;
}

function controllerOf(child: LongChild, end: () => Promise<void>): GroupController {
  let isEnding = false;
  const broken = Promise.withResolvers<DeployError>();
  void child.exited.then(() => {
    if (!isEnding) broken.resolve(endedError(child, "It ended by itself."));
  });
  const close = () => {
    isEnding = true;
    return end();
  };
  return { child, broken: broken.promise, close };
}

async function define({ api, clock, signal }: GroupControllerOptions): Promise<void> {
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  await api.call({ method: "POST", path, body: definition }, signal);
  const wait = { what: "LeaderWorkerSets to be served", clock, signal, deadline: clock.now() + startLimit };
  await waitUntil({ ...wait, children: [] }, async () => {
    const { status } = await api.send({ method: "GET", path: servedPath }, signal);
    return status === 200 || undefined;
  });
}

const servedPath = `/apis/${definition.spec.group}/v1/${definition.spec.names.plural}`;

interface Program {
  readonly group: ChildGroup;
  readonly command: string;
  readonly dir: string;
}

async function startProgram(
  { state, api, clock, signal }: GroupControllerOptions,
  { group, command, dir }: Program,
): Promise<LongChild> {
  const { hostname } = new URL(state.server);
  const [port = 0] = await freePorts(hostname, 1);
  const layout = layoutOf(state.dir);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  // The API server's own certificate is valid for the address that both listen on.
  const certificate = apiserverCertificate(layout);
  copyFileSync(certificate, join(dir, "tls.crt"));
  copyFileSync(certificate.replace(/\.crt$/, ".key"), join(dir, "tls.key"));
  const config = join(dir, "config.yaml");
  writeFileSync(config, controllerConfig({ host: hostname, port, certDir: dir }));
  const child = await group.start({
    name: groupProgram,
    command,
    args: [`--config=${config}`, `--kubeconfig=${state.kubeconfig}`],
    env: { HOME: state.dir },
    logFile: join(layout.logs, `${groupProgram}.log`),
  });
  const base = `https://${hostname}:${port}`;
  for (const { path, body } of webhookConfigurations(base, readFileSync(certificate, "utf8"))) {
    await api.call({ method: "POST", path, body }, signal);
  }
  const wait = { what: "its webhooks to answer", clock, signal, deadline: clock.now() + startLimit };
  await waitUntil({ ...wait, children: [child] }, async () => {
    const path = "/apis/leaderworkerset.x-k8s.io/v1/namespaces/default/leaderworkersets";
    const { status } = await api.send({ method: "POST", path, query: { dryRun: "All" }, body: trial }, signal);
    return status < 300 || undefined;
  });
  return child;
}

/** What is sent without being kept, to see whether the webhooks answer. */
const trial = {
  apiVersion: "leaderworkerset.x-k8s.io/v1",
  kind: "LeaderWorkerSet",
  metadata: { name: "trial" },
  spec: {
    replicas: 0,
    leaderWorkerTemplate: { size: 2, workerTemplate: { spec: { containers: [{ name: "engine", image: "none" }] } } },
  },
};

function controllerConfig(webhook: { readonly host: string; readonly port: number; readonly certDir: string }): string {
  return stringify({
    apiVersion: "config.lws.x-k8s.io/v1alpha1",
    kind: "Configuration",
    webhook,
    metrics: { bindAddress: "0" },
    health: { healthProbeBindAddress: "0" },
    leaderElection: { leaderElect: false },
    internalCertManagement: { enable: false },
  });
}

async function close(group: ChildGroup, dir: string): Promise<void> {
  await group.close(stopGrace);
  rmSync(dir, { recursive: true, force: true });
}
