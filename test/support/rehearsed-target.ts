import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rehearse } from "../../infra/cli/rehearse.ts";
import { RecordingProxy } from "./recording-proxy.ts";
import { TestCluster, type TestClusterOptions } from "./rehearsal-cluster.ts";

/** A pod that holds GPUs of a node. */
export interface Held {
  readonly on: string;
  readonly gpus: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What `keye rehearse` ended with and said. */
export interface Told {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** A cluster that stands for a user's own, which rollouts are rehearsed from; only reads reach it. */
export class RehearsedTarget {
  readonly cluster: TestCluster;
  readonly proxy: RecordingProxy;
  /** A folder for files of the test. */
  readonly dir: string;

  private constructor(cluster: TestCluster, proxy: RecordingProxy, dir: string) {
    this.cluster = cluster;
    this.proxy = proxy;
    this.dir = dir;
  }

  static async start(options: TestClusterOptions = {}): Promise<RehearsedTarget> {
    const dir = mkdtempSync(join(tmpdir(), "rehearsed-target-"));
    const cluster = await TestCluster.start(options);
    const proxy = await RecordingProxy.start(cluster.rehearsal.state.kubeconfig);
    writeFileSync(join(dir, "kubeconfig"), proxy.kubeconfig);
    return new RehearsedTarget(cluster, proxy, dir);
  }

  async close(): Promise<void> {
    await this.proxy.close();
    await this.cluster.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Makes the live Service, which selects these pods. */
  async serve(selector: Readonly<Record<string, string>>): Promise<void> {
    const spec = { selector, ports: [{ name: "http", port: 8000 }] };
    await this.cluster.create(["/api/v1/namespaces/keye/services", { metadata: { name: "keye" }, spec }]);
  }

  async hold(namespace: string, pod: string, held: Held): Promise<void> {
    const { on, gpus, labels = { owner: "alice" }, annotations = {} } = held;
    const resources = { requests: { cpu: "8", memory: "64Gi" }, limits: { "nvidia.com/gpu": String(gpus) } };
    const containers = [{ name: "engine", image: "registry.example.com/falcon:1", resources }];
    const spec = { nodeName: on, tolerations: [{ operator: "Exists" }], terminationGracePeriodSeconds: 0, containers };
    const metadata = { name: pod, labels, annotations };
    await this.cluster.create([`/api/v1/namespaces/${namespace}/pods`, { metadata, spec }]);
  }

  /** Runs `keye rehearse --from-context` with the settings of this file. */
  async rehearsed(stackFile: string, ...args: readonly string[]): Promise<Told> {
    const out: string[] = [];
    const err: string[] = [];
    const world = {
      out: (text: string) => out.push(text),
      err: (text: string) => err.push(text),
      env: { ...process.env, PULUMI_HOME: join(this.dir, "home") },
      signal: this.cluster.signal,
    };
    const kubeconfig = join(this.dir, "kubeconfig");
    const given = ["--kubeconfig", kubeconfig, "--stack-file", stackFile, "--name", `test-${process.pid}`];
    const exitCode = await rehearse.run(["--from-context", "target", ...given, ...args], world);
    return { exitCode, out: out.join("\n"), err: err.join("\n") };
  }
}
