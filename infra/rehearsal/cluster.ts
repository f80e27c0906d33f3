import type { ApiClient } from "../cluster/api-client.ts";
import type { Clock } from "../core/clock.ts";
import type { DeployError } from "../core/errors.ts";
import type { Milliseconds } from "../core/units.ts";
import { ClaimVolumes } from "./claim-volumes.ts";
import type { Endpoints } from "./control-plane/arguments.ts";
import { ControlPlane } from "./control-plane/control-plane.ts";
import { layoutOf } from "./control-plane/layout.ts";
import { findTools } from "./control-plane/tools.ts";
import { type GroupController, startGroupController } from "./groups/group-controller.ts";
import { joinNodes } from "./join-nodes.ts";
import type { LaunchEngine } from "./kubelet/context.ts";
import { Kubelet } from "./kubelet/kubelet.ts";
import type { NodeEndpoint, NodeShape } from "./nodes.ts";
import { controlAddress, PodAddresses } from "./pod-address.ts";
import { assertPortFree, claimOctet, freePorts } from "./ports.ts";
import { ServiceProxies } from "./service-proxies.ts";
import { type ServiceProxy, startServiceProxy } from "./service-proxy.ts";
import { clean, markOf, type RehearsalState, takeFolder, writeState } from "./state.ts";

export interface ClusterOptions {
  /** Names the kubeconfig's context. */
  readonly name: string;
  /** State folder; what a dead rehearsal left there is removed. */
  readonly dir: string;
  readonly nodes: readonly NodeShape[];
  /** Port of the API server on 127.0.0.1; a free one on an address of the rehearsal's own where absent. */
  readonly port?: number;
  /** Where the control plane's programs are, in the form of the environment variable. */
  readonly path: string;
  readonly clock: Clock;
  readonly launch: LaunchEngine;
  /** Whether each ClusterIP Service gets a loopback address by itself. */
  readonly hasServiceProxies: boolean;
  /**
   * Whether a node whose lease is not renewed is not taken for lost: kwok renews about ten in a second, too few for more
   * than some hundred nodes. @default false
   */
  readonly areNodesLasting?: boolean;
  /** Whether LeaderWorkerSets are served, by the project's own controller. @default false */
  readonly hasGroups?: boolean;
  /** Cancels the start. */
  readonly signal: AbortSignal;
}

/** Which Service to open a loopback address for. */
export interface ProxyRequest {
  readonly namespace: string;
  readonly service: string;
  /** @default the only port, which has no name */
  readonly portName?: string;
  /** @default a free port on the rehearsal's own address */
  readonly listen?: { readonly host: string; readonly port: number };
}

/** What has been opened, to be closed in the opposite order. */
class Closers {
  readonly #steps: (() => Promise<unknown>)[] = [];
  #closing: Promise<void> | undefined;

  add(step: () => Promise<unknown>): void {
    this.#steps.push(step);
  }

  /** Runs every step, also after one that fails; repeated calls join the first. */
  close(): Promise<void> {
    this.#closing ??= this.#run();
    return this.#closing;
  }

  async #run(): Promise<void> {
    const faults: unknown[] = [];
    for (const step of this.#steps.reverse()) await step().catch((fault: unknown) => faults.push(fault));
    if (faults.length > 0) throw new AggregateError(faults, "the rehearsal could not be closed in good order");
  }
}

/**
 * Starts a control plane with simulated nodes. Resolves when the nodes are ready and the controllers run.
 *
 * Rejects with `ENV_TOOL`, `E_LOCKED`, `ENV_READ_ONLY` or `ENV_PORT_TAKEN`, with nothing left running.
 */
export async function startCluster(options: ClusterOptions): Promise<RehearsalCluster> {
  const closers = new Closers();
  try {
    return await start(options, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function start(options: ClusterOptions, closers: Closers): Promise<RehearsalCluster> {
  const { name, dir, clock, signal } = options;
  const startedAt = clock.now();
  const tools = findTools(options.path);
  const layout = layoutOf(dir);
  if (options.port !== undefined) await assertPortFree("127.0.0.1", options.port);
  const claim = await claimOctet();
  closers.add(() => claim.release());
  const at = await endpointsOf(controlAddress(claim.octet), options.port);
  const state: RehearsalState = {
    version: 1,
    name,
    dir,
    startedAt: new Date(startedAt).toISOString(),
    octet: claim.octet,
    server: `https://${at.apiserverHost}:${at.apiserverPort}`,
    kubeconfig: layout.kubeconfig,
    pulumi: layout.pulumi,
    supervisor: markOf("supervisor", process.pid),
    children: [],
    proxies: [],
  };
  takeFolder(layout, state);
  closers.add(async () => clean(layout));
  const { areNodesLasting = false } = options;
  const controlPlane = new ControlPlane({ name, layout, at, tools, clock, areNodesLasting });
  closers.add(() => controlPlane.stop());
  await controlPlane.start(signal);
  const { api } = controlPlane;
  await joinNodes({ api, shapes: options.nodes, at: { address: at.host, port: at.kubeletPort }, clock, signal });
  await controlPlane.waitForControllers(signal);
  const addresses = new PodAddresses(claim.octet);
  const { launch } = options;
  const kubelet = new Kubelet({
    api,
    clock,
    addresses,
    launch,
    podLogs: layout.podLogs,
    volumes: layout.volumes,
    hostIP: at.host,
  });
  closers.add(() => kubelet.close());
  await kubelet.start();
  const volumes = new ClaimVolumes({ api, clock });
  closers.add(() => volumes.close());
  volumes.start();
  const groups = options.hasGroups
    ? await startGroupController({ state, api, path: options.path, clock, signal })
    : undefined;
  if (groups !== undefined) closers.add(() => groups.close());
  const nodesAt = { address: at.host, port: at.kubeletPort };
  return new RehearsalCluster({ options, state, controlPlane, groups, nodesAt, closers, startedAt });
}

interface ClusterParts {
  readonly options: ClusterOptions;
  readonly state: RehearsalState;
  readonly controlPlane: ControlPlane;
  readonly groups: GroupController | undefined;
  readonly nodesAt: NodeEndpoint;
  readonly closers: Closers;
  readonly startedAt: number;
}

/** A running rehearsal cluster, alive for as long as this process. Made by {@link startCluster} only. */
export class RehearsalCluster {
  /** The administrator's access. */
  readonly api: ApiClient;
  /** From the call of `startCluster` until it resolved. */
  readonly startedIn: Milliseconds;
  readonly #parts: ClusterParts;
  #state: RehearsalState;

  constructor(parts: ClusterParts) {
    const { options, controlPlane, closers, state } = parts;
    this.#parts = parts;
    this.#state = state;
    this.api = controlPlane.api;
    this.startedIn = options.clock.now() - parts.startedAt;
    this.#update({});
    if (!options.hasServiceProxies) return;
    const proxies = new ServiceProxies({
      api: this.api,
      clock: options.clock,
      octet: state.octet,
      onChange: (found) => this.#update({ proxies: found }),
    });
    closers.add(() => proxies.close());
    proxies.start();
  }

  get state(): RehearsalState {
    return this.#state;
  }

  /** Where the kubelet API of every simulated node is, also of those that join later. */
  get nodesAt(): NodeEndpoint {
    return this.#parts.nodesAt;
  }

  /** Resolves if a component of the control plane ends by itself: the cluster is of no use then. */
  get broken(): Promise<DeployError> {
    const { controlPlane, groups } = this.#parts;
    return groups === undefined ? controlPlane.broken : Promise.race([controlPlane.broken, groups.broken]);
  }

  async startServiceProxy({ namespace, service, portName = "", listen }: ProxyRequest): Promise<ServiceProxy> {
    const { nodesAt, options, closers } = this.#parts;
    const host = nodesAt.address;
    const [port = 0] = listen === undefined ? await freePorts(host, 1) : [];
    const proxy = await startServiceProxy({
      api: this.api,
      clock: options.clock,
      namespace,
      service,
      portName,
      listen: listen ?? { host, port },
    });
    closers.add(() => proxy.close());
    return proxy;
  }

  /** Takes the API server away, as a crash would. */
  async pauseApiserver(): Promise<void> {
    await this.#parts.controlPlane.pauseApiserver();
  }

  /** Brings the API server back, with the same address, certificate and data. */
  async resumeApiserver(): Promise<void> {
    await this.#parts.controlPlane.resumeApiserver(this.#parts.options.signal);
    this.#update({});
  }

  /** Ends everything and removes the state folder but for the logs. Repeated calls join the first. */
  close(): Promise<void> {
    return this.#parts.closers.close();
  }

  #update(change: Partial<RehearsalState>): void {
    const { controlPlane, groups } = this.#parts;
    const running = [...controlPlane.children, ...(groups === undefined ? [] : [groups.child])];
    const children = running.map(({ name, pid }) => markOf(name, pid));
    this.#state = { ...this.#state, children, ...change };
    writeState(layoutOf(this.#state.dir), this.#state);
  }
}

async function endpointsOf(host: string, asked: number | undefined): Promise<Endpoints> {
  const [etcdPort = 0, etcdPeerPort = 0, kubeletPort = 0, free = 0] = await freePorts(host, 4);
  const apiserver =
    asked === undefined
      ? { apiserverHost: host, apiserverPort: free }
      : { apiserverHost: "127.0.0.1", apiserverPort: asked };
  return { host, etcdPort, etcdPeerPort, kubeletPort, ...apiserver };
}
