import { createHash, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { type ClusterConnection, connect } from "../cluster/connect.ts";
import { systemClock } from "../cluster/system-clock.ts";
import type { PromotionInputs } from "../core/promotion-inputs.ts";
import type { ClusterPort, ProgressPort } from "../gate/ports.ts";
import { promote } from "../gate/promote.ts";
import type { EngineLog } from "./engine-log.ts";
import { planHeadroom } from "./plan-headroom.ts";
import { TransportProber } from "./prober-port.ts";
import type { ProviderWorld } from "./provider.ts";
import { SharedReading } from "./shared-reading.ts";

/**
 * The provider's world as it is: each call opens a connection to the cluster that its inputs name, and closes it.
 * `kubeconfig` is the environment variable of that name, so that an error can name the file.
 */
export function liveWorld(log: EngineLog, kubeconfig: string | undefined): ProviderWorld {
  const capacities = new SharedReading<Awaited<ReturnType<ClusterPort["capacity"]>>>();
  async function connected<T>(
    { context }: { readonly context?: string },
    use: (connection: ClusterConnection) => Promise<T>,
  ): Promise<T> {
    const connection = connect({ ...(kubeconfig && { kubeconfig }), ...(context !== undefined && { context }) });
    try {
      return await use(connection);
    } finally {
      connection.close();
    }
  }
  return {
    progressOf: (urn) => log.progressOf(urn),
    promote: async (inputs, progress, signal) => {
      try {
        return await connected(inputs, (connection) => promoteOver(connection, { inputs, progress, signal }));
      } finally {
        await log.flush();
      }
    },
    liveTraffic: (inputs, signal) => connected(inputs, (connection) => connection.liveTraffic(inputs, signal)),
    inspectNodes: (args, signal) => connected(args, (connection) => connection.inspectNodes(args, signal)),
    inspectReferences: (args, signal) => connected(args, (connection) => connection.inspectReferences(args, signal)),
    planHeadroom: (args, signal) =>
      connected(args, (connection) => {
        const { cluster } = connection;
        // The first to ask closes its connection only once it has the reading.
        const capacity = () => capacities.join(args.context ?? "", () => cluster.capacity(signal));
        const limits = cluster.limits.bind(cluster);
        return planHeadroom({ ...connection, cluster: { capacity, limits } }, args, signal);
      }),
  };
}

interface Promotion {
  readonly inputs: PromotionInputs;
  readonly progress: ProgressPort;
  readonly signal: AbortSignal;
}

function promoteOver(connection: ClusterConnection, { inputs, progress, signal }: Promotion) {
  const { evidenceDir, namespace, apiKeySecret: place, transport = "port-forward" } = inputs;
  const ports = {
    cluster: connection.cluster,
    supply: connection.supply,
    lease: connection.lease,
    prober: new TransportProber({
      transport: connection.transport(transport),
      inputs,
      apiKey: async (readSignal: AbortSignal) =>
        place === undefined ? undefined : connection.readSecret(namespace, place.name, place.key, readSignal),
      clock: systemClock,
      progress,
    }),
    progress,
    clock: systemClock,
    // Unique to this run: a Lease is never taken for another run's of the same machine.
    holder: `${hostname()}/${process.pid}/${randomBytes(4).toString("hex")}`,
    sha256: (text: string) => createHash("sha256").update(text).digest("hex"),
    ...(evidenceDir === undefined ? {} : { evidenceFile: evidenceWriter(evidenceDir) }),
  };
  return promote(inputs, ports, signal);
}

function evidenceWriter(folder: string) {
  return async (name: string, json: string) => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, name), json);
  };
}
