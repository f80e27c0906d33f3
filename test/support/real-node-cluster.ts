import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import { toolPath } from "../../infra/rehearsal/environment.ts";
import { controlAddress } from "../../infra/rehearsal/pod-address.ts";
import { type RealNode, startRealNode } from "../../infra/rehearsal/real-node/real-node.ts";
import { whyNoRealNode } from "../../infra/rehearsal/real-node/why-not.ts";
import type { Pod } from "../../infra/status/objects.ts";
import { whyNoBaseImage } from "./base-image.ts";
import { type LocalRegistry, startLocalRegistry, whyNoLocalRegistry } from "./local-registry.ts";
import { TestCluster } from "./rehearsal-cluster.ts";

/** Where the programs of real nodes and of BuildKit are looked for. */
export const programPath = toolPath(process.env.PATH);

/** Why true pods with images of our own cannot run here, or undefined where they can: the reason to skip a test with. */
export function whyNoRealPods(): string | undefined {
  return whyNoRealNode(programPath) ?? whyNoUserNamespace() ?? whyNoBaseImage() ?? whyNoLocalRegistry();
}

/** Rootless BuildKit makes one, as a user without rights. */
function whyNoUserNamespace(): string | undefined {
  const { status, stderr } = spawnSync("unshare", ["--user", "true"], { uid: 1000, gid: 1000 });
  return status === 0 ? undefined : `users may not make user namespaces here (${stderr.toString().trim()})`;
}

/** A rehearsal cluster with a real node beside the simulated ones, and a registry. */
export class RealNodeCluster {
  /** For files of the test; removed at the end. */
  readonly dir: string;
  /** Loopback address of the node and of whatever else the test serves to its pods. */
  readonly host: string;
  readonly cluster: TestCluster;
  readonly node: RealNode;
  readonly registry: LocalRegistry;

  private constructor(cluster: TestCluster, parts: Pick<RealNodeCluster, "dir" | "host" | "node" | "registry">) {
    this.cluster = cluster;
    this.dir = parts.dir;
    this.host = parts.host;
    this.node = parts.node;
    this.registry = parts.registry;
  }

  static async start(): Promise<RealNodeCluster> {
    const cluster = await TestCluster.start();
    const dir = mkdtempSync(join(tmpdir(), "keye-real-node-"));
    const { state, api } = cluster.rehearsal;
    const host = controlAddress(state.octet);
    const node = await startRealNode({
      name: "real-0",
      dir: join(dir, "node"),
      api,
      kubeconfig: state.kubeconfig,
      address: host,
      path: programPath,
      clock: systemClock,
      signal: cluster.signal,
    });
    mkdirSync(join(dir, "registry"));
    const registry = await startLocalRegistry(host, join(dir, "registry"));
    return new RealNodeCluster(cluster, { dir, host, node, registry });
  }

  async close(): Promise<void> {
    await this.registry.close();
    await this.node.close();
    await this.cluster.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** The pod once all its containers have ended for good; fails after `seconds`. */
  async ended(namespace: string, name: string, seconds = 60): Promise<Pod> {
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    return this.cluster.until(
      `the end of pod ${name}`,
      async () => {
        const pod = await this.cluster.call<Pod>({ method: "GET", path });
        return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed" ? pod : undefined;
      },
      seconds,
    );
  }
}
