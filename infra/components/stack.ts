import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { Provider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { canonicalJson } from "../core/canonical-json.ts";
import { DeployError } from "../core/errors.ts";
import type { KubernetesObject } from "../core/kubernetes-object.ts";
import type { InspectNodesResult, PoolNode } from "../core/pool-node.ts";
import type { PromotionOutputs } from "../core/promotion-inputs.ts";
import type { KeptRevision } from "../core/revisions.ts";
import { engineChart, parseManifests, renderChart } from "../process/helm.ts";
import { chartValues, mayBeWatched } from "../spec/chart-values.ts";
import { checkNodePools, mostNodes, poolError, poolNotes, poolWarnings } from "../spec/check-node-pools.ts";
import { checkClaims, claimError, secretWarnings } from "../spec/check-references.ts";
import { planError, planProblems } from "../spec/memory/plan-problems.ts";
import type { PinnedStack } from "../spec/pinned-stack.ts";
import { promotionInputs } from "../spec/promotion-inputs.ts";
import { cacheKeyOf, revisionOf } from "../spec/revision.ts";
import { supplyInputs, supplyPlan } from "../spec/supply/plan.ts";
import {
  adoptingProvider,
  clusterProvider,
  inspectNodes,
  inspectReferences,
  inspectRevisions,
  stackNamespace,
} from "./cluster.ts";
import { withStrategy } from "./headroom.ts";
import { inParallel } from "./in-parallel.ts";
import { ModelServer } from "./model-server.ts";
import { NodePool } from "./node-pool.ts";
import { sha256 } from "./pinned-stack.ts";
import { Promotion } from "./promotion.ts";
import { Supply } from "./supply.ts";

/** What the stack tells the world. */
export interface StackOutputs {
  /** The revision that serves; an update that fails leaves it as it was. */
  readonly activeRevision: pulumi.Output<string>;
  /** Base URL for clients inside the cluster, without `/v1`. */
  readonly endpoint: string;
  readonly evidence: pulumi.Output<PromotionOutputs["evidence"]>;
  /** How long nobody served in the last promotion; undefined where somebody always did. */
  readonly outageSeconds: pulumi.Output<number | undefined>;
  /** The revision that the settings describe, proven or not. */
  readonly revision: string;
}

/**
 * Declares the whole stack. Everything that can be found wrong without a write is found first, so that nothing is
 * registered where the chart does not render or the nodes do not fit; what this machine alone can tell comes before the
 * cluster is asked. Throws `DeployError`.
 */
export async function declareStack(config: PinnedStack): Promise<StackOutputs> {
  const [outputs] = await declareStacks([config]);
  // There is one for each of the settings.
  return outputs as StackOutputs;
}

/**
 * Declares several stacks of one cluster in one program, each as {@link declareStack} does, in their order; nothing is
 * registered unless all of them fit. They have context and node pools in common (else `CONFIG_INVALID`), and names and
 * namespaces of their own.
 */
export async function declareStacks(
  configs: readonly [PinnedStack, ...PinnedStack[]],
): Promise<readonly StackOutputs[]> {
  const [first, ...others] = configs;
  for (const other of others) refuseElsewhere(other, first);
  const rendered = await inParallel(configs, availableParallelism(), renderModel);
  const found = await inspectNodes(first);
  for (const config of configs) await checkFit(config, found);
  const models = await inParallel(rendered, decidedAtOnce, decide);
  const cluster = declareCluster(first, found);
  return models.map((model) => declareModel(model, cluster));
}

/** Each has a connection of its own in the plugin, which makes one plan at a time: of too many, some would wait too long. */
const decidedAtOnce = 8;

function refuseElsewhere(config: PinnedStack, first: PinnedStack): void {
  const placeOf = ({ context = "", nodePools }: PinnedStack) => canonicalJson({ context, nodePools });
  if (placeOf(config) === placeOf(first)) return;
  throw new DeployError({
    code: "CONFIG_INVALID",
    where: config.name,
    message: `Its context or its nodePools are not those of "${first.name}", which is declared in the same program.`,
    hint: "Give both the same, or declare them in programs of their own.",
  });
}

/** Settings that fit their cluster, and the objects of their chart. */
interface Model {
  readonly config: PinnedStack;
  readonly objects: readonly KubernetesObject[];
}

async function renderModel(config: PinnedStack): Promise<Model> {
  return { config, objects: await renderObjects(config) };
}

async function renderObjects(config: PinnedStack, groups?: readonly string[]): Promise<readonly KubernetesObject[]> {
  const { name, namespace } = config;
  const values = chartValues(config, "promotion", groups);
  const manifests = await renderChart({ chartDir: engineChart, release: name, namespace, values });
  return parseManifests(manifests);
}

/** A model for which all has been decided that the cluster decides. */
interface DecidedModel extends Model {
  /** Earlier revisions that stay. */
  readonly kept: readonly KeptRevision[];
}

async function decide({ config, objects }: Model): Promise<DecidedModel> {
  const decided = await withStrategy(config, objects);
  const { promoted, groups } = await inspectRevisions(config, revisionOf(objects));
  // What a watchdog may have to bring back is known only now. It is no part of the revision.
  const isGranted = mayBeWatched(config) && groups.length > 0;
  return { config: decided, objects: isGranted ? await renderObjects(config, groups) : objects, kept: promoted };
}

/** What the stacks of a cluster have in common. */
interface SharedCluster {
  readonly provider: Provider;
  /** See {@link adoptingProvider}. */
  readonly adopting: Provider;
  readonly pools: readonly NodePool[];
  /** Nodes of all pools. */
  readonly nodes: readonly PoolNode[];
}

function declareCluster(config: PinnedStack, found: InspectNodesResult): SharedCluster {
  const provider = clusterProvider(config, found.clusterUid);
  const pools = config.nodePools.map((pool) => {
    const nodes = found.pools.find(({ name }) => name === pool.name)?.nodes ?? [];
    return new NodePool(pool.name, { pool, nodes }, { provider });
  });
  const nodes = found.pools.flatMap((pool) => pool.nodes);
  return { provider, adopting: adoptingProvider(config, found.clusterUid), pools, nodes };
}

function declareModel(
  { config, objects, kept }: DecidedModel,
  { provider, adopting, pools, nodes }: SharedCluster,
): StackOutputs {
  const { name, namespace } = config;
  const revision = revisionOf(objects);
  const home = stackNamespace(config, adopting);
  const plan = supplyPlan(config, nodes, sha256);
  const supply = new Supply(name, { plan, claimProvider: adopting }, { provider, dependsOn: [home] });
  const server = new ModelServer(
    name,
    { app: name, namespace, objects, kept },
    { provider, dependsOn: [home, ...pools] },
  );
  const candidate = { revision, supply: supplyInputs(config, plan), cacheKey: cacheKeyOf(objects) };
  const promotion = new Promotion(name, promotionInputs(config, candidate, host), { dependsOn: [supply, server] });
  return {
    activeRevision: promotion.activeRevision,
    endpoint: `http://${name}.${namespace}.svc:${config.engine.port}`,
    evidence: promotion.evidence,
    outageSeconds: promotion.outageSeconds,
    revision,
  };
}

/** Throws `POOL_MISMATCH`, `CONFIG_INVALID` or `CLAIM_MISMATCH` where the cluster does not fit the settings. */
async function checkFit(config: PinnedStack, found: InspectNodesResult): Promise<void> {
  const ofPools = checkNodePools(config, found);
  if (ofPools.length > 0) throw poolError(ofPools);
  const ofPlan = planProblems(config, found.pools);
  if (ofPlan.refused.length > 0) throw planError(ofPlan.refused);
  for (const note of poolNotes(config, found)) await pulumi.log.info(note);
  for (const warning of [...poolWarnings(config), ...ofPlan.warned]) await pulumi.log.warn(warning);
  const references = await inspectReferences(config);
  const ofClaims = checkClaims(config, references, mostNodes(config, found));
  if (ofClaims.length > 0) throw claimError(ofClaims, config.namespace);
  for (const warning of secretWarnings(config, references)) await pulumi.log.warn(warning);
}

const host = {
  sha256,
  evidenceDir: resolve(import.meta.dirname, "../../.keye/evidence"),
};
