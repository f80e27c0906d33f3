import { type ClusterConnection, connect } from "../cluster/connect.ts";
import type { ClusterPort } from "../gate/ports.ts";
import type { EngineLog } from "./engine-log.ts";
import { planHeadroom } from "./plan-headroom.ts";
import { promoteOver } from "./promote-over.ts";
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
    inspectRevisions: (args, signal) => connected(args, (connection) => connection.inspectRevisions(args, signal)),
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
