import type { ApiClient } from "../../cluster/api-client.ts";
import { followObjects } from "../../cluster/resources.ts";
import type { Clock } from "../../core/clock.ts";
import { placeholderLabel } from "../annotations.ts";
import { simulatedNodeLabel } from "../control-plane/arguments.ts";
import type { PodAddresses } from "../pod-address.ts";
import { runCommand } from "./command-process.ts";
import type { KubeletContext, LaunchEngine, NodeGpus } from "./context.ts";
import { EventRecorder } from "./events.ts";
import { abandonNode } from "./node-access.ts";
import { NodeImages } from "./node-images.ts";
import type { KubeNode, KubePod } from "./pod-types.ts";
import { PodWorker } from "./pod-worker.ts";
import { apiReferences } from "./references.ts";
import { VolumeDirs } from "./volume-dirs.ts";

export interface KubeletOptions {
  readonly api: ApiClient;
  readonly clock: Clock;
  readonly addresses: PodAddresses;
  readonly launch: LaunchEngine;
  readonly podLogs: string;
  /** Folder of what pods mount. */
  readonly volumes: string;
  /** Address of every node. */
  readonly hostIP: string;
}

/** Plays the kubelets of all simulated nodes: each pod that is bound to one of them comes to life here, but for those that only hold a place. */
export class Kubelet {
  readonly #options: KubeletOptions;
  readonly #context: KubeletContext;
  readonly #end = new AbortController();
  readonly #nodes = new Map<string, KubeNode>();
  readonly #workers = new Map<string, { readonly worker: PodWorker; readonly done: Promise<void> }>();
  readonly #lostNodes = new Set<string>();
  #following: Promise<unknown> = Promise.resolve();

  constructor(options: KubeletOptions) {
    this.#options = options;
    const { api, clock, addresses, launch, podLogs, volumes, hostIP } = options;
    const signal = this.#end.signal;
    const events = new EventRecorder(api, clock, signal);
    const references = apiReferences(api, signal);
    this.#context = {
      clock,
      references,
      addresses,
      launch,
      runCommand,
      volumes: new VolumeDirs(volumes, references),
      images: new NodeImages(api, signal),
      podLogs,
      server: api.server,
      hostIP,
      events: (pod, event) => {
        if (!this.#lostNodes.has(pod.spec.nodeName ?? "")) events.record(pod, event);
      },
      gpusOf: (node) => gpusOf(this.#nodes.get(node)),
      addressOf: (name) => this.#addressOf(name),
    };
  }

  /** Starts following nodes and pods. Resolves once the nodes are known. */
  async start(): Promise<void> {
    const { api, clock } = this.#options;
    const signal = this.#end.signal;
    const known = Promise.withResolvers<void>();
    const nodes = followObjects<KubeNode>(api, { path: "/api/v1/nodes", clock, signal }, (change) => {
      if (change.kind === "synced") known.resolve();
      else if (change.kind === "set") this.#nodes.set(change.object.metadata.name, change.object);
      else this.#nodes.delete(change.object.metadata.name);
    });
    await Promise.race([known.promise, nodes]);
    const query = { fieldSelector: "spec.nodeName!=", labelSelector: `!${placeholderLabel}` };
    const pods = followObjects<KubePod>(api, { path: "/api/v1/pods", query, clock, signal }, (change) => {
      if (change.kind === "set") this.#onPod(change.object);
      else if (change.kind === "gone") this.#workers.get(change.object.metadata.uid)?.worker.vanish();
    });
    this.#following = Promise.all([nodes, pods]);
  }

  /** Ends every process at once and stops following. */
  async close(): Promise<void> {
    this.#end.abort();
    for (const { worker } of this.#workers.values()) worker.close();
    await Promise.all([...this.#workers.values()].map(({ done }) => done));
    await this.#following;
  }

  #onPod(pod: KubePod): void {
    const node = pod.spec.nodeName ?? "";
    if (this.#lostNodes.has(node)) return;
    const known = this.#workers.get(pod.metadata.uid);
    if (known !== undefined) {
      known.worker.update(pod);
      return;
    }
    if (!this.#isSimulated(node)) return;
    const { api } = this.#options;
    const signal = this.#end.signal;
    const loseNode = () => this.#loseNode(node);
    const worker = new PodWorker({ pod, api, context: this.#context, signal, loseNode });
    const done = worker.run().finally(() => this.#workers.delete(pod.metadata.uid));
    this.#workers.set(pod.metadata.uid, { worker, done });
  }

  #addressOf(name: string): string | undefined {
    const records = [...this.#workers.values()].flatMap(({ worker }) => (worker.dnsRecord ? [worker.dnsRecord] : []));
    // The newest of a name: of a pod that is made anew the one before may still be ending.
    return records.findLast(([known]) => known === name)?.[1];
  }

  #isSimulated(node: string): boolean {
    const labels = this.#nodes.get(node)?.metadata.labels;
    return labels?.[simulatedNodeLabel.key] === simulatedNodeLabel.value;
  }

  #loseNode(node: string): void {
    this.#lostNodes.add(node);
    for (const { worker } of this.#workers.values()) if (worker.node === node) worker.freeze();
    void abandonNode(this.#options.api, node, this.#end.signal).catch(() => undefined);
  }
}

function gpusOf(node: KubeNode | undefined): NodeGpus {
  const labels = node?.metadata.labels ?? {};
  return {
    product: labels["nvidia.com/gpu.product"] ?? "",
    memoryMiB: Number(labels["nvidia.com/gpu.memory"] ?? 0),
  };
}
