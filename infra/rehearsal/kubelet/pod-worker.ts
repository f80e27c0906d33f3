import { join } from "node:path";
import type { ApiClient } from "../../cluster/api-client.ts";
import type { Seconds } from "../../core/units.ts";
import { type ContainerView, newView } from "./container-view.ts";
import { ContainerWorker, timeText } from "./container-worker.ts";
import type { KubeletContext } from "./context.ts";
import { type Script, scriptOf, simulated } from "./faults.ts";
import { logLinks } from "./log-files.ts";
import { accessObjects, grantAccess } from "./node-access.ts";
import type { ContainerSpec, KubeCondition, KubePod } from "./pod-types.ts";
import { isEngine } from "./process.ts";
import { areInitsThrough, type PodView, podStatus } from "./status.ts";
import { StatusWriter } from "./status-writer.ts";
import { mountProblems, setUpFailed } from "./volumes.ts";

export interface PodWorkerOptions {
  readonly pod: KubePod;
  readonly api: ApiClient;
  readonly context: KubeletContext;
  /** Aborts when the whole rehearsal ends. */
  readonly signal: AbortSignal;
  /** Plays the fault that the node's kubelet is gone. */
  readonly loseNode: () => void;
}

const firstMountRetry: Seconds = 0.5;
const longestMountRetry: Seconds = 122;

/** Plays one pod on its node, from its binding until it is deleted. */
export class PodWorker {
  readonly #options: PodWorkerOptions;
  readonly #script: Script;
  readonly #writer: StatusWriter;
  readonly #stopping = new AbortController();
  readonly #hurry = new AbortController();
  readonly #inits: readonly ContainerView[];
  readonly #mains: readonly ContainerView[];
  readonly #startTime: string;
  #workers: ContainerWorker[] = [];
  #pod: KubePod;
  #podIP: string | undefined;
  #verdict: PodView["verdict"];
  #grace: Seconds | undefined;
  #isStopped = false;
  #isVanished = false;
  #conditions: readonly KubeCondition[] = [];

  constructor(options: PodWorkerOptions) {
    const { pod, context, api, signal } = options;
    this.#options = options;
    this.#pod = pod;
    this.#script = scriptOf(pod);
    this.#startTime = timeText(context.clock.now());
    const inits = pod.spec.initContainers ?? [];
    const waiting = inits.length > 0 ? "PodInitializing" : "ContainerCreating";
    this.#inits = inits.map((spec) => newView(spec, true, "PodInitializing"));
    this.#mains = pod.spec.containers.map((spec) => newView(spec, false, waiting));
    this.#writer = new StatusWriter({ api, clock: context.clock, pod, status: () => this.#status(), signal });
  }

  get node(): string {
    return this.#pod.spec.nodeName ?? "";
  }

  /** Its name and address in the cluster's DNS, from when it has an address. */
  get dnsRecord(): readonly [name: string, podIP: string] | undefined {
    const { hostname, subdomain } = this.#pod.spec;
    if (hostname === undefined || subdomain === undefined || this.#podIP === undefined) return undefined;
    return [`${hostname}.${subdomain}.${this.#pod.metadata.namespace}`, this.#podIP];
  }

  /** Resolves when the pod is over and taken off the API, or the rehearsal has ended. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    try {
      this.update(this.#pod);
      const over = aborted(this.#stopping.signal);
      const life = this.#live().catch((error: unknown) => {
        if (!this.#stopping.signal.aborted) throw error;
      });
      await Promise.race([over, life.then(() => over)]);
      await this.#stopContainers();
      await life;
      this.#isStopped = true;
      if (!signal.aborted && !this.#isVanished) await this.#finish();
    } finally {
      if (this.#podIP !== undefined) this.#options.context.addresses.release(this.#podIP);
      this.#options.context.volumes.release(this.#pod);
    }
  }

  /** Takes a newer version of the pod: its deletion, or a status that somebody else has changed. */
  update(pod: KubePod): void {
    this.#pod = pod;
    const { deletionTimestamp, deletionGracePeriodSeconds: grace = 0 } = pod.metadata;
    if (deletionTimestamp !== undefined) {
      // A second, more urgent deletion: kubectl delete --now.
      if (this.#grace !== undefined && grace < this.#grace) this.#shorten(grace);
      this.#grace = grace;
      this.#stopping.abort();
    }
    const isOurs = (type: string) =>
      statusOf(pod.status?.conditions, type) === statusOf(this.#conditions, type) || this.#conditions.length === 0;
    // The node controller marks the pods of a lost node unready; a kubelet that is back says otherwise.
    if (!isOurs("Ready")) this.#writer.touch();
  }

  /** The pod is gone from the API: there is nothing to write, and no reason to be slow. */
  vanish(): void {
    this.#isVanished = true;
    this.#writer.close();
    this.#hurry.abort();
    this.#stopping.abort();
  }

  /** The node's kubelet is gone: processes go on, nobody tells of them. */
  freeze(): void {
    this.#writer.close();
  }

  /** Ends the pod's processes at once, without a word to the API. */
  close(): void {
    this.#writer.close();
    this.#hurry.abort();
    this.#stopping.abort();
  }

  async #live(): Promise<void> {
    const { context, api, signal } = this.#options;
    this.#writer.touch();
    await this.#mount();
    this.#podIP = context.addresses.take();
    const objects = accessObjects(this.#pod, this.#podIP, (name) => logLinks(this.#logsOf(name)));
    // Refused only where the namespace is going, and the pod with it.
    await grantAccess(api, this.#pod, objects, signal).catch(() => undefined);
    this.#stopping.signal.throwIfAborted();
    this.#writer.touch();
    void this.#playEviction();
    void this.#playLostNode();
    await this.#initialize(this.#podIP);
    for (const main of this.#mains) {
      if (main.state.waiting?.reason === "PodInitializing") main.state = { waiting: { reason: "ContainerCreating" } };
    }
    const podIP = this.#podIP;
    await Promise.all(this.#mains.map((view) => this.#play(view, podIP).run()));
    this.#writer.touch();
  }

  async #mount(): Promise<void> {
    const { context } = this.#options;
    for (let retry = firstMountRetry; ; retry = Math.min(longestMountRetry, retry * 2)) {
      const isScripted = this.#script.kubeletFault?.name === "mount-failed";
      const scripted = setUpFailed(
        this.#pod.spec.volumes?.[0]?.name ?? "none",
        "rpc error: code = Internal desc = failed to mount",
      );
      const problems = isScripted ? [scripted] : await mountProblems(this.#pod, context.references);
      this.#stopping.signal.throwIfAborted();
      if (problems.length === 0) return;
      for (const message of problems) context.events(this.#pod, { type: "Warning", reason: "FailedMount", message });
      await context.clock.sleep(simulated(this.#script, retry), this.#stopping.signal);
    }
  }

  /** Runs init containers one after another; a sidecar lets the next one go as soon as it has started. */
  async #initialize(podIP: string): Promise<void> {
    for (const view of this.#inits) {
      const run = this.#play(view, podIP).run();
      if (view.spec.restartPolicy !== "Always") await run;
      while (!areInitsThrough({ inits: [view] })) {
        await this.#options.context.clock.sleep(50, this.#stopping.signal);
      }
    }
  }

  #play(view: ContainerView, podIP: string): ContainerWorker {
    const target = this.#pod.spec.containers.find(isEngine) ?? this.#pod.spec.containers[0];
    const worker = new ContainerWorker({
      pod: this.#pod,
      podIP,
      view,
      script: this.#script,
      isFaulty: view.spec.name === target?.name,
      context: this.#options.context,
      logs: this.#logsOf(view.spec.name),
      onChange: () => this.#writer.touch(),
      stopping: this.#stopping.signal,
      hurry: this.#hurry.signal,
    });
    this.#workers.push(worker);
    return worker;
  }

  async #stopContainers(): Promise<void> {
    const grace = this.#grace ?? this.#pod.spec.terminationGracePeriodSeconds ?? 30;
    // Sidecars serve the others until these have ended.
    const isSidecar = (worker: ContainerWorker) => worker.view.isInit;
    await Promise.all(this.#workers.filter((worker) => !isSidecar(worker)).map((worker) => worker.stop(grace)));
    await Promise.all(this.#workers.filter(isSidecar).map((worker) => worker.stop(grace)));
  }

  #shorten(graceSeconds: Seconds): void {
    const { clock } = this.#options.context;
    void clock.sleep(graceSeconds * 1000, this.#options.signal).then(
      () => this.#hurry.abort(),
      () => undefined,
    );
  }

  /** Writes the last status. A deleted pod is taken off the API then, as only its kubelet may. */
  async #finish(): Promise<void> {
    const { api, signal, context } = this.#options;
    this.#writer.touch();
    await this.#writer.flush();
    const { namespace, name, uid, deletionTimestamp } = this.#pod.metadata;
    while (deletionTimestamp !== undefined && !signal.aborted) {
      const body = { gracePeriodSeconds: 0, preconditions: { uid } };
      const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
      const answer = await api.send({ method: "DELETE", path, body }, signal).catch(() => undefined);
      if (answer !== undefined) return;
      await context.clock.sleep(1_000, signal).catch(() => undefined);
    }
  }

  async #playEviction(): Promise<void> {
    const fault = this.#script.kubeletFault;
    if (fault?.name !== "evicted" || !(await this.#strikes(fault.afterSeconds))) return;
    const message = "The node was low on resource: ephemeral-storage. ";
    this.#verdict = { reason: "Evicted", message };
    this.#options.context.events(this.#pod, { type: "Warning", reason: "Evicted", message });
    this.#hurry.abort();
    this.#stopping.abort();
  }

  async #playLostNode(): Promise<void> {
    const fault = this.#script.kubeletFault;
    if (fault?.name === "kubelet-gone" && (await this.#strikes(fault.afterSeconds))) this.#options.loseNode();
  }

  /** Waits simulated seconds; false where the pod is being stopped by then. */
  async #strikes(afterSeconds: Seconds): Promise<boolean> {
    const wait = simulated(this.#script, afterSeconds);
    await this.#options.context.clock.sleep(wait, this.#stopping.signal).catch(() => undefined);
    return !this.#stopping.signal.aborted;
  }

  #status(): object {
    const now = timeText(this.#options.context.clock.now());
    const status = podStatus(
      {
        pod: this.#pod,
        hostIP: this.#options.context.hostIP,
        podIP: this.#podIP,
        startTime: this.#startTime,
        isStopped: this.#isStopped,
        ...(this.#verdict === undefined ? {} : { verdict: this.#verdict }),
        inits: this.#inits,
        mains: this.#mains,
      },
      this.#conditions,
      now,
    );
    this.#conditions = status.conditions.map(({ type, status: value, lastTransitionTime }) => ({
      type,
      status: value,
      lastTransitionTime,
    }));
    return status;
  }

  #logsOf(container: ContainerSpec["name"]): string {
    const { namespace, name, uid } = this.#pod.metadata;
    return join(this.#options.context.podLogs, `${namespace}_${name}_${uid}`, container);
  }
}

function statusOf(conditions: readonly KubeCondition[] | undefined, type: string): string | undefined {
  return conditions?.find((condition) => condition.type === type)?.status;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
