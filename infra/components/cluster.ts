import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { Provider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { memberLabels, selectorOf } from "../config/pool-labels.ts";
import { groupKinds } from "../config/replica-pods.ts";
import type { StackConfig } from "../config/stack-config.ts";
import { DeployError, textOf } from "../core/errors.ts";
import type { PlanHeadroomArgs, PlanHeadroomResult } from "../core/headroom.ts";
import type { InspectNodesArgs, InspectNodesResult } from "../core/pool-node.ts";
import type { InspectReferencesArgs, InspectReferencesResult } from "../core/references.ts";
import type { InspectRevisionsArgs, InspectRevisionsResult } from "../core/revisions.ts";
import { mayBeWatched } from "../spec/chart-values.ts";
import { referencesOf } from "../spec/check-references.ts";
import { growthInputs } from "../spec/node-pools/growth.ts";
import { madeKinds } from "../spec/node-pools/made-object.ts";

/**
 * Asks the cluster for its identity and for the nodes of every pool. Reads only, and runs in previews too. Throws what the
 * plugin says, by its code: `ENV_KUBECONFIG`, `ENV_UNREACHABLE`, `E_API`.
 */
export async function inspectNodes(config: StackConfig): Promise<InspectNodesResult> {
  const kinds = [...madeKinds(config.nodePools), ...groupKinds(config.engine)];
  const args: InspectNodesArgs = {
    ...contextOf(config),
    pools: config.nodePools.map((pool) => ({
      name: pool.name,
      selector: selectorOf(pool),
      ...(pool.rdma === undefined ? {} : { rdma: pool.rdma.resource }),
    })),
    ...(kinds.length === 0 ? {} : { kinds }),
  };
  return invoke("rollgate:index:inspectNodes", args);
}

/** Looks for the claims and Secrets that the settings name, as {@link inspectNodes} does. Asks nothing where they name none. */
export async function inspectReferences(config: StackConfig): Promise<InspectReferencesResult> {
  const { claims, secrets } = referencesOf(config);
  if (claims.length + secrets.length === 0) return { claims: [], secrets: [] };
  const args: InspectReferencesArgs = {
    ...contextOf(config),
    namespace: config.namespace,
    claims: claims.map(({ name }) => name),
    secrets: secrets.map(({ name }) => name),
  };
  return invoke("rollgate:index:inspectReferences", args);
}

/**
 * The earlier revisions that stay beside `target`, last promoted first, and all sets of groups, as the cluster has them now.
 * Asks nothing where the settings keep none and no watchdog could have to bring one back.
 */
export async function inspectRevisions(config: StackConfig, target: string): Promise<InspectRevisionsResult> {
  const { keepRevisions } = config.rollout;
  if (keepRevisions === 0 && !mayBeWatched(config)) return { promoted: [], groups: [] };
  const { name: app, namespace } = config;
  const args: InspectRevisionsArgs = { ...contextOf(config), namespace, app, target, atMost: keepRevisions };
  return invoke("rollgate:index:inspectRevisions", args);
}

/** Plans the rollout of the stack's pods on the cluster as it is, as {@link inspectNodes} looks at it. */
export async function planHeadroom(
  config: StackConfig,
  candidate: Pick<PlanHeadroomArgs, "revision" | "podSpec">,
): Promise<PlanHeadroomResult> {
  const { name, namespace, replicas, engine, nodePools } = config;
  const growth = growthInputs(config);
  const args: PlanHeadroomArgs = {
    ...contextOf(config),
    namespace,
    app: name,
    service: name,
    replicas,
    ...(engine.nodesPerReplica === 1 ? {} : { podsPerReplica: engine.nodesPerReplica }),
    ...candidate,
    adopted: nodePools.map((pool) => ({ selector: selectorOf(pool), labels: memberLabels(pool) })),
    ...(growth === undefined ? {} : { growth }),
  };
  return invoke("rollgate:index:planHeadroom", args);
}

async function invoke<T>(token: string, args: object): Promise<T> {
  try {
    return await pulumi.runtime.invoke(token, { ...args });
  } catch (error) {
    throw pluginError(error, token);
  }
}

/** The provider of every Kubernetes object, bound to one cluster: another cluster replaces it, another kubeconfig does not. */
export function clusterProvider(config: StackConfig, clusterUid: string): Provider {
  return new Provider("cluster", { ...contextOf(config), ...safeguards, clusterIdentifier: clusterUid });
}

/**
 * The provider of what outlives the stack: made where it is missing, taken over where it is there, and left alone when the
 * stack is destroyed. No other object may have it: it would take over what belongs to somebody else.
 */
export function adoptingProvider(config: StackConfig, clusterUid: string): Provider {
  return new Provider("cluster-namespace", {
    ...contextOf(config),
    ...safeguards,
    clusterIdentifier: clusterUid,
    upsertExistingObjects: true,
  });
}

/** The namespace of the stack, which stays with the evidence in it. `provider` is the {@link adoptingProvider}. */
export function stackNamespace({ namespace: name }: StackConfig, provider: Provider): Namespace {
  return new Namespace(name, { metadata: { name } }, { provider, retainOnDelete: true });
}

/** Said aloud, so that no environment variable decides it. */
const safeguards = { deleteUnreachable: false, skipUpdateUnreachable: false };

function contextOf({ context }: StackConfig): { readonly context?: string } {
  return context === undefined ? {} : { context };
}

/** The plugin's error, without what the engine puts around it. */
function pluginError(thrown: unknown, token: string): DeployError {
  const text = textOf(thrown);
  const [, code, where, message] = /\b(ENV_KUBECONFIG|ENV_UNREACHABLE|E_API): (.+?): ([\s\S]+)$/.exec(text) ?? [];
  if (code === "ENV_KUBECONFIG" || code === "ENV_UNREACHABLE" || code === "E_API") {
    return new DeployError({ code, where: where ?? "", message: message ?? "", cause: thrown });
  }
  return new DeployError({ code: "E_API", where: token, message: text, cause: thrown });
}
