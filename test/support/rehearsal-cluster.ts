import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ApiRequest } from "../../infra/cluster/api-request.ts";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import { type RehearsalCluster, startCluster } from "../../infra/rehearsal/cluster.ts";
import { launchEngine } from "../../infra/rehearsal/engine/process.ts";
import { toolPath } from "../../infra/rehearsal/environment.ts";
import type { LaunchEngine } from "../../infra/rehearsal/kubelet/context.ts";
import { defaultNodes, type NodeShape } from "../../infra/rehearsal/nodes.ts";
import type { Event, Pod } from "../../infra/status/objects.ts";

export interface TestClusterOptions {
  readonly nodes?: readonly NodeShape[];
  /** @default the engine simulator */
  readonly launch?: LaunchEngine;
  /** @default a new one, removed at the end with its logs */
  readonly dir?: string;
}

/** One rehearsal cluster for a test file; each test takes a namespace of its own. */
export class TestCluster {
  readonly rehearsal: RehearsalCluster;
  readonly signal = new AbortController().signal;

  constructor(rehearsal: RehearsalCluster) {
    this.rehearsal = rehearsal;
  }

  static async start(options: TestClusterOptions = {}): Promise<TestCluster> {
    const rehearsal = await startCluster({
      name: "test",
      dir: options.dir ?? mkdtempSync(join(tmpdir(), "keye-rehearsal-")),
      nodes: options.nodes ?? defaultNodes,
      path: toolPath(process.env.PATH),
      clock: systemClock,
      launch: options.launch ?? launchEngine,
      hasServiceProxies: false,
      signal: new AbortController().signal,
    });
    return new TestCluster(rehearsal);
  }

  async close(): Promise<void> {
    await this.rehearsal.close();
    rmSync(this.rehearsal.state.dir, { recursive: true, force: true });
  }

  /** The body of a successful answer. */
  call<T>(request: ApiRequest): Promise<T> {
    return this.rehearsal.api.call<T>(request, this.signal);
  }

  /** Creates objects, each in the collection at its path, such as `["/api/v1/namespaces", {…}]`. */
  async create(...objects: readonly (readonly [path: string, body: object])[]): Promise<void> {
    for (const [path, body] of objects) await this.call({ method: "POST", path, body });
  }

  async createNamespace(name: string): Promise<void> {
    await this.create(["/api/v1/namespaces", { metadata: { name } }]);
    // Pods are refused until the namespace has its service account.
    const path = `/api/v1/namespaces/${name}/serviceaccounts/default`;
    await this.until("the service account", () => this.rehearsal.api.find({ method: "GET", path }, this.signal));
  }

  /** Frees the GPUs of what a test has deployed; the namespace goes on its own time. */
  async deleteDeployments(namespace: string): Promise<void> {
    await this.call({ method: "DELETE", path: `/apis/apps/v1/namespaces/${namespace}/deployments` });
  }

  async pods(namespace: string): Promise<readonly Pod[]> {
    return (await this.call<{ items: Pod[] }>({ method: "GET", path: `/api/v1/namespaces/${namespace}/pods` })).items;
  }

  /** `reason: message` of the events of pods, in the order of their creation. */
  async podEvents(namespace: string): Promise<readonly string[]> {
    const path = `/api/v1/namespaces/${namespace}/events`;
    const { items } = await this.call<{ items: Event[] }>({ method: "GET", path });
    return items
      .filter(({ involvedObject }) => involvedObject.kind === "Pod")
      .map(({ reason, message }) => `${reason}: ${message}`);
  }

  async log(namespace: string, pod: string, query: Readonly<Record<string, string | boolean>> = {}): Promise<string> {
    return this.call({ method: "GET", path: `/api/v1/namespaces/${namespace}/pods/${pod}/log`, query });
  }

  /** The first value that `check` gives; fails after `seconds` with what was waited for. */
  async until<T>(what: string, check: () => Promise<T | undefined | false>, seconds = 30): Promise<T> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const value = await check();
      if (value !== undefined && value !== false) return value;
      if (Date.now() > deadline) throw new Error(`timed out after ${seconds} s waiting for ${what}`);
      await systemClock.sleep(100);
    }
  }
}

/** How a test's engine Deployment differs from a plain one. */
export interface EngineDeployment {
  readonly name: string;
  /** @default app, with the name */
  readonly labels?: Readonly<Record<string, string>>;
  readonly replicas?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly env?: readonly object[];
  /** After the usual ones. */
  readonly args?: readonly string[];
  readonly container?: object;
  readonly pod?: object;
}

/** NCCL needs more than the 64 MiB that a container has by itself. */
export const withSharedMemory = {
  container: { volumeMounts: [{ name: "shm", mountPath: "/dev/shm" }] },
  pod: { volumes: [{ name: "shm", emptyDir: { medium: "Memory", sizeLimit: "32Gi" } }] },
} satisfies Partial<EngineDeployment>;

/** A Deployment of the engine with the command line and probes that a small test needs. */
export function engineDeployment(different: EngineDeployment): object {
  const { name, labels = { app: name }, replicas = 1, annotations, env = [], args = [], container, pod } = different;
  return {
    metadata: { name, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations: { "rehearsal.keye-stack.dev/speed": "100", ...annotations } },
        spec: {
          shareProcessNamespace: true,
          terminationGracePeriodSeconds: 10,
          tolerations: [{ key: "nvidia.com/gpu", operator: "Exists" }],
          containers: [
            {
              name: "engine",
              image: `kwaikeye/kwai-keye-vl@sha256:${"a".repeat(64)}`,
              command: ["python3", "-m", "sglang.launch_server"],
              args: [
                "--model-path=Kwai-Keye/Keye-VL-2.0-30B-A3B",
                "--tp-size=2",
                "--trust-remote-code",
                "--mem-fraction-static=0.8",
                "--host=0.0.0.0",
                "--port=8000",
                ...args,
              ],
              env,
              ports: [{ name: "http", containerPort: 8000 }],
              resources: { limits: { "nvidia.com/gpu": "2" } },
              startupProbe: { httpGet: { path: "/health", port: "http" }, periodSeconds: 1, timeoutSeconds: 22 },
              readinessProbe: { httpGet: { path: "/health", port: "http" }, periodSeconds: 2, timeoutSeconds: 22 },
              ...container,
            },
          ],
          ...pod,
        },
      },
    },
  };
}
