import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { InspectNodesResult } from "../core/pool-node.ts";
import type { PromotionOutputs } from "../core/promotion-inputs.ts";
import { engineChart, parseManifests, renderChart } from "../process/helm.ts";
import { chartValues } from "../spec/chart-values.ts";
import { checkNodePools, mostNodes, poolError, poolNotes, poolWarnings } from "../spec/check-node-pools.ts";
import { checkClaims, claimError, secretWarnings } from "../spec/check-references.ts";
import { planError, planProblems } from "../spec/memory/plan-problems.ts";
import type { PinnedStack } from "../spec/pinned-stack.ts";
import { promotionInputs } from "../spec/promotion-inputs.ts";
import { cacheKeyOf, revisionOf } from "../spec/revision.ts";
import { supplyInputs, supplyPlan } from "../spec/supply/plan.ts";
import { adoptingProvider, clusterProvider, inspectNodes, inspectReferences, stackNamespace } from "./cluster.ts";
import { withStrategy } from "./headroom.ts";
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
  /** The revision that the settings describe, proven or not. */
  readonly revision: string;
}

/**
 * Declares the whole stack. Everything that can be found wrong without a write is found first, so that nothing is
 * registered where the chart does not render or the nodes do not fit; what this machine alone can tell comes before the
 * cluster is asked. Throws `DeployError`.
 */
export async function declareStack(config: PinnedStack): Promise<StackOutputs> {
  const { name, namespace } = config;
  const manifests = await renderChart({
    chartDir: engineChart,
    release: name,
    namespace,
    values: chartValues(config, "promotion"),
  });
  const objects = parseManifests(manifests);
  const revision = revisionOf(objects);
  const cluster = await fittingCluster(config);
  const decided = await withStrategy(config, objects);

  const provider = clusterProvider(config, cluster.clusterUid);
  const claimProvider = adoptingProvider(config, cluster.clusterUid);
  const home = stackNamespace(config, claimProvider);
  const pools = config.nodePools.map((pool) => {
    const nodes = cluster.pools.find((found) => found.name === pool.name)?.nodes ?? [];
    return new NodePool(pool.name, { pool, nodes }, { provider });
  });
  const nodes = cluster.pools.flatMap((pool) => pool.nodes);
  const plan = supplyPlan(config, nodes, sha256);
  const supply = new Supply(name, { plan, claimProvider }, { provider, dependsOn: [home] });
  const server = new ModelServer(name, { app: name, objects }, { provider, dependsOn: [home, ...pools] });
  const candidate = { revision, supply: supplyInputs(config, plan), cacheKey: cacheKeyOf(objects) };
  const promotion = new Promotion(name, promotionInputs(decided, candidate, host), { dependsOn: [supply, server] });

  return {
    activeRevision: promotion.activeRevision,
    endpoint: `http://${name}.${namespace}.svc:${config.engine.port}`,
    evidence: promotion.evidence,
    revision,
  };
}

/** What the cluster has, found to fit the settings. Throws `POOL_MISMATCH`, `CONFIG_INVALID`, `CLAIM_MISMATCH`. */
async function fittingCluster(config: PinnedStack): Promise<InspectNodesResult> {
  const cluster = await inspectNodes(config);
  const ofPools = checkNodePools(config, cluster);
  if (ofPools.length > 0) throw poolError(ofPools);
  const ofPlan = planProblems(config, cluster.pools);
  if (ofPlan.refused.length > 0) throw planError(ofPlan.refused);
  for (const note of poolNotes(config, cluster)) await pulumi.log.info(note);
  for (const warning of [...poolWarnings(config), ...ofPlan.warned]) await pulumi.log.warn(warning);
  const references = await inspectReferences(config);
  const ofClaims = checkClaims(config, references, mostNodes(config, cluster));
  if (ofClaims.length > 0) throw claimError(ofClaims, config.namespace);
  for (const warning of secretWarnings(config, references)) await pulumi.log.warn(warning);
  return cluster;
}

const host = {
  sha256,
  evidenceDir: resolve(import.meta.dirname, "../../.keye/evidence"),
};
