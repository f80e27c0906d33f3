import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ApiClient } from "../../cluster/api-client.ts";
import type { Clock } from "../../core/clock.ts";
import { DeployError } from "../../core/errors.ts";
import type { Milliseconds } from "../../core/units.ts";
import { runCommand } from "../../process/command.ts";
import { ChildGroup, type ChildSpec, type LongChild } from "../../process/spawn.ts";
import { findProgram } from "../control-plane/tools.ts";
import { freePorts } from "../ports.ts";
import { waitUntil } from "../wait-until.ts";
import { admitRealPods } from "./admission.ts";
import { realNodeLayout } from "./layout.ts";
import { type Namespaces, Sweeper, startNamespaces, systemPath } from "./namespaces.ts";
import { realNodeManifest, realNodeStatus } from "./node-object.ts";
import { nodeReady } from "./node-ready.ts";
import { makePauseImage } from "./pause-image.ts";
import {
  cniConfig,
  containerdConfig,
  containerdSocket,
  kubeletArguments,
  kubeletConfig,
  type NodeSettings,
} from "./settings.ts";
import { makeTar } from "./tar.ts";
import { type RealNodeProgram, whyNoRealNode } from "./why-not.ts";

export interface RealNodeOptions {
  readonly name: string;
  /** Folder of the node's own; what a dead node left there is removed. Not below /run, /var/lib or /var/log. */
  readonly dir: string;
  /** The administrator's access to the cluster to join. */
  readonly api: ApiClient;
  /** A file with the same access, for the kubelet. */
  readonly kubeconfig: string;
  /** Loopback address of the node, which its pods share: the rehearsal's control address will do. */
  readonly address: string;
  /** Where the programs are, in the form of the environment variable. */
  readonly path: string;
  readonly clock: Clock;
  /** Cancels the start. */
  readonly signal: AbortSignal;
}

const startLimit: Milliseconds = 60_000;
const importLimit: Milliseconds = 300_000;
const stopGrace: Milliseconds = 2_000;
const overlayFileSystem = 0x794c7630;

/**
 * Joins a node with a true kubelet, containerd and runc to a cluster. Resolves when it is ready.
 *
 * Rejects with `ENV_TOOL` where this machine cannot have one, or a program does not come up; nothing is left running then.
 */
export async function startRealNode(options: RealNodeOptions): Promise<RealNode> {
  const reason = whyNoRealNode(options.path);
  if (reason !== undefined) {
    const message = `This machine cannot have a real node: ${reason}.`;
    throw new DeployError({ code: "ENV_TOOL", where: options.name, message });
  }
  const layout = realNodeLayout(options.dir);
  rmSync(layout.dir, { recursive: true, force: true });
  for (const dir of [layout.podLogs, layout.cni]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  const [kubeletPort = 0] = await freePorts(options.address, 1);
  const node = new RealNode(options, {
    layout,
    address: options.address,
    kubeletPort,
    snapshotter: statfsSync(layout.dir).type === overlayFileSystem ? "native" : "overlayfs",
  });
  try {
    await node.start();
    return node;
  } catch (error) {
    await node.close();
    throw error;
  }
}

/** A real node, alive for as long as this process. Made by {@link startRealNode} only. */
export class RealNode {
  readonly name: string;
  /** Logs of its programs and pods. */
  readonly logs: string;
  readonly #options: RealNodeOptions;
  readonly #settings: NodeSettings;
  readonly #group = new ChildGroup();
  readonly #sweeper: Sweeper;
  #namespaces: Namespaces | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: RealNodeOptions, settings: NodeSettings) {
    this.name = options.name;
    this.logs = settings.layout.logs;
    this.#options = options;
    this.#settings = settings;
    this.#sweeper = new Sweeper(settings.layout);
  }

  /** Starts everything; for {@link startRealNode}. */
  async start(): Promise<void> {
    const { api, name, address, kubeconfig, clock, signal } = this.#options;
    const { layout } = this.#settings;
    writeFileSync(layout.containerdConfig, containerdConfig(this.#settings));
    writeFileSync(layout.kubeletConfig, kubeletConfig(this.#settings));
    writeFileSync(join(layout.cni, "10-none.conflist"), cniConfig());
    const wait = { deadline: clock.now() + startLimit, clock, signal };
    this.#namespaces = await startNamespaces(this.#group, { layout, unshare: this.#program("unshare") }, wait);
    const containerd = await this.#spawn("containerd", [`--config=${layout.containerdConfig}`]);
    await waitUntil({ ...wait, what: "containerd to answer", children: [containerd] }, async () => {
      const { exitCode } = await this.#containerd(["version"]);
      return exitCode === 0 || undefined;
    });
    await this.importImage(await makePauseImage(layout.pause, this.#program("busybox")));
    await admitRealPods(api, wait);
    const path = "/api/v1/nodes";
    await api.call({ method: "POST", path, body: realNodeManifest(name) }, signal);
    const body = { status: realNodeStatus(name, address) };
    const contentType = "application/merge-patch+json";
    await api.call({ method: "PATCH", path: `${path}/${name}/status`, body, contentType }, signal);
    const kubelet = await this.#spawn("kubelet", kubeletArguments(layout, name, kubeconfig));
    await nodeReady({ api, name, clock, signal, limit: startLimit, children: [kubelet, containerd] });
  }

  /** Gives the node an image: `layout` is the folder of an OCI layout that names it, as `writeImageLayout` makes it. */
  async importImage(layout: string): Promise<void> {
    const archive = `${layout}.tar`;
    try {
      await makeTar(archive, layout);
      const { exitCode, output } = await this.#containerd(["images", "import", archive]);
      if (exitCode === 0) return;
      throw new DeployError({ code: "ENV_TOOL", where: "ctr images import", message: `${layout}: ${output.trim()}` });
    } finally {
      rmSync(archive, { force: true });
    }
  }

  /**
   * Ends the kubelet, containerd and every container at once, unmounts everything and removes the folder but for the logs.
   * Repeated calls join the first. The Node object goes too, if the cluster still answers.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { api, name } = this.#options;
    await this.#group.close(stopGrace);
    await this.#sweeper.sweep();
    const gone = AbortSignal.timeout(stopGrace);
    await api.call({ method: "DELETE", path: `/api/v1/nodes/${name}` }, gone).catch(() => undefined);
  }

  #containerd(args: readonly string[]) {
    const { path } = this.#options;
    const [command, inside] = this.#inside("ctr", ["--address", containerdSocket, "--namespace=k8s.io", ...args]);
    return runCommand(command, inside, { cwd: "/", env: { PATH: path }, timeout: importLimit });
  }

  #spawn(name: "containerd" | "kubelet", args: readonly string[]): Promise<LongChild> {
    const [command, inside] = this.#inside(name, args);
    const { layout } = this.#settings;
    const env = { PATH: `${this.#options.path}:${systemPath}`, HOME: layout.dir };
    const spec: ChildSpec = { name, command, args: inside, env, logFile: join(layout.logs, `${name}.log`) };
    return this.#group.start(spec);
  }

  /** The command that runs one of the node's programs inside the node. */
  #inside(name: RealNodeProgram, args: readonly string[]): [command: string, args: string[]] {
    const enter = this.#namespaces?.enter ?? [];
    return [this.#program("nsenter"), [...enter, this.#program(name), ...args]];
  }

  #program(name: RealNodeProgram): string {
    const file = findProgram(name, this.#options.path);
    if (file === undefined)
      throw new DeployError({ code: "ENV_TOOL", where: name, message: "It is no longer on PATH." });
    return file;
  }
}
