import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ApiClient } from "../../cluster/api-client.ts";
import { loadKubeconfig } from "../../cluster/kubeconfig.ts";
import type { Clock } from "../../core/clock.ts";
import type { DeployError } from "../../core/errors.ts";
import type { Milliseconds } from "../../core/units.ts";
import { ChildGroup, type LongChild } from "../../process/spawn.ts";
import { endedError, waitUntil } from "../wait-until.ts";
import {
  apiserverArguments,
  apiserverCertificate,
  controllerManagerArguments,
  type Endpoints,
  etcdArguments,
  kwokArguments,
  schedulerArguments,
} from "./arguments.ts";
import { auditPolicy } from "./audit-policy.ts";
import {
  type Identity,
  identities,
  kubeconfigText,
  newServiceAccountKey,
  newTokens,
  tokenFile,
} from "./credentials.ts";
import { kwokConfig, kwokResourceDefinitions } from "./kwok-objects.ts";
import type { Layout } from "./layout.ts";
import type { ToolName } from "./tools.ts";

export interface ControlPlaneOptions {
  /** Names the kubeconfig's context. */
  readonly name: string;
  readonly layout: Layout;
  readonly at: Endpoints;
  readonly tools: Readonly<Record<ToolName, string>>;
  readonly clock: Clock;
  /** Whether a node whose lease is not renewed is not taken for lost. @default false */
  readonly areNodesLasting?: boolean;
}

/** Time that each step of the start may take. */
const startLimit: Milliseconds = 60_000;
const stopGrace: Milliseconds = 2_000;

/** etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok, as children of this process. */
export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  readonly #group = new ChildGroup();
  readonly #tokens = newTokens();
  readonly #children = new Map<ToolName, LongChild>();
  readonly #broken = Promise.withResolvers<DeployError>();
  #api: ApiClient | undefined;
  #isEnding = false;

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
  }

  /** Resolves if a component ends without having been told to. */
  get broken(): Promise<DeployError> {
    return this.#broken.promise;
  }

  /** Every component that runs, in the order of their start. */
  get children(): readonly LongChild[] {
    return [...this.#children.values()].filter((child) => child.exit === undefined);
  }

  /** The administrator's access. */
  get api(): ApiClient {
    if (this.#api === undefined) throw new Error("the control plane has not been started");
    return this.#api;
  }

  /** Starts everything. Rejects with `ENV_TOOL` and the end of the log where a component does not come up. */
  async start(signal: AbortSignal): Promise<void> {
    const { layout, at, areNodesLasting = false } = this.#options;
    for (const dir of [layout.logs, layout.podLogs, layout.certificates, layout.pulumi])
      mkdirSync(dir, { recursive: true });
    writeFileSync(layout.tokens, tokenFile(this.#tokens), { mode: 0o600 });
    writeFileSync(layout.serviceAccountKey, newServiceAccountKey(), { mode: 0o600 });
    writeFileSync(layout.kwokConfig, kwokConfig());
    writeFileSync(layout.auditPolicy, auditPolicy());
    await this.#spawn("etcd", etcdArguments(layout, at));
    await this.#startApiserver(signal);
    const kubeconfig = (identity: Identity) => join(layout.componentKubeconfigs, `${identity}.kubeconfig`);
    const ofManager = controllerManagerArguments(layout, kubeconfig("controller-manager"), areNodesLasting);
    await this.#spawn("kube-controller-manager", ofManager);
    await this.#spawn("kube-scheduler", schedulerArguments(kubeconfig("scheduler")));
    for (const body of kwokResourceDefinitions) {
      const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
      await this.api.call({ method: "POST", path, body }, signal);
    }
    await this.#waitForServed("/apis/kwok.x-k8s.io/v1alpha1", signal);
    await this.#spawn("kwok", kwokArguments(layout, at, kubeconfig("kwok")));
  }

  /** Resolves once the default service account exists: the controllers run. */
  async waitForControllers(signal: AbortSignal): Promise<void> {
    await this.#waitForServed("/api/v1/namespaces/default/serviceaccounts/default", signal);
  }

  /** Takes the API server away, as a crash would. Everything else goes on. */
  async pauseApiserver(): Promise<void> {
    const child = this.#children.get("kube-apiserver");
    this.#children.delete("kube-apiserver");
    await child?.stop(0);
  }

  /** Brings the API server back, on the same port with the same certificate and data. */
  async resumeApiserver(signal: AbortSignal): Promise<void> {
    await this.#startApiserver(signal);
  }

  /** Ends all components and waits until they are gone. */
  async stop(): Promise<void> {
    this.#isEnding = true;
    this.#api?.close();
    // The API server waits for its watchers to leave; there is nothing to finish once the cluster ends.
    await this.#children.get("kube-apiserver")?.stop(0);
    await this.#group.close(stopGrace);
  }

  async #startApiserver(signal: AbortSignal): Promise<void> {
    const { layout, at } = this.#options;
    await this.#spawn("kube-apiserver", apiserverArguments(layout, at));
    await waitUntil(this.#waiting("the API server's certificate", signal), async () =>
      existing(apiserverCertificate(layout)),
    );
    if (this.#api === undefined) this.#connect();
    await this.#waitForServed("/readyz", signal);
  }

  #connect(): void {
    const { layout, at, name, clock } = this.#options;
    const server = `https://${at.apiserverHost}:${at.apiserverPort}`;
    const certificateAuthority = readFileSync(apiserverCertificate(layout), "utf8");
    for (const identity of Object.keys(identities)) {
      // The keys are the identities.
      const token = this.#tokens[identity as Identity];
      const isAdmin = identity === "admin";
      const file = isAdmin ? layout.kubeconfig : join(layout.componentKubeconfigs, `${identity}.kubeconfig`);
      writeFileSync(file, kubeconfigText({ name, server, certificateAuthority, token }), { mode: 0o600 });
    }
    this.#api = new ApiClient(loadKubeconfig({ kubeconfig: layout.kubeconfig }), clock, {
      firstContact: 0,
      established: 120_000,
    });
  }

  async #waitForServed(path: string, signal: AbortSignal): Promise<void> {
    await waitUntil(this.#waiting(`${path} to be served`, signal), async () => {
      try {
        const { status } = await this.api.send({ method: "GET", path }, signal);
        return status === 200 ? true : undefined;
      } catch {
        return undefined;
      }
    });
  }

  #waiting(what: string, signal: AbortSignal) {
    const { clock } = this.#options;
    return {
      what,
      clock,
      signal,
      deadline: clock.now() + startLimit,
      children: [...this.#children.values()].reverse(),
    };
  }

  async #spawn(name: ToolName, args: readonly string[]): Promise<void> {
    const { layout, tools } = this.#options;
    const logFile = join(layout.logs, `${name}.log`);
    const child = await this.#group.start({ name, command: tools[name], args, env: { HOME: layout.dir }, logFile });
    this.#children.set(name, child);
    void child.exited.then(() => {
      const isExpected = this.#isEnding || this.#children.get(name) !== child;
      if (!isExpected) this.#broken.resolve(endedError(child, "It ended by itself."));
    });
  }
}

function existing(file: string): true | undefined {
  try {
    readFileSync(file);
    return true;
  } catch {
    return undefined;
  }
}
