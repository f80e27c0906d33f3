import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import { NodePatch } from "@pulumi/kubernetes/core/v1/nodePatch.js";
import * as pulumi from "@pulumi/pulumi";
import type { ExistingPoolConfig, NodePoolConfig } from "../config/node-pool-config.ts";
import type { PoolNode } from "../core/pool-node.ts";
import { nodePatches } from "../spec/node-patches.ts";
import { alicloudNodePool } from "../spec/node-pools/alicloud.ts";
import { madeObject } from "../spec/node-pools/made-object.ts";
import { AlicloudNodePool } from "./alicloud-node-pool.ts";

export interface NodePoolArgs {
  readonly pool: NodePoolConfig;
  /** The nodes that the pool has now, checked. */
  readonly nodes: readonly PoolNode[];
}

/** Machines of one shape that engines run on: nodes that exist, marked as members of the pool, or what makes them. */
export class NodePool extends pulumi.ComponentResource {
  /** Names of the nodes that the pool has now, in the order in which they were found. */
  readonly nodeNames: readonly string[];

  constructor(name: string, { pool, nodes }: NodePoolArgs, opts?: pulumi.ComponentResourceOptions) {
    super("keye-stack:cluster:NodePool", name, {}, opts);
    if (pool.provider === "existing") this.#adopt(pool, nodes);
    if (pool.provider === "alicloud") new AlicloudNodePool(name, alicloudNodePool(pool), { parent: this });
    const object = madeObject(pool);
    if (object !== undefined) new CustomResource(name, object, { parent: this });
    this.nodeNames = nodes.map((node) => node.name);
    this.registerOutputs({ nodeNames: this.nodeNames });
  }

  #adopt(pool: ExistingPoolConfig, nodes: readonly PoolNode[]): void {
    for (const { name, patch, isKept } of nodePatches(pool, nodes)) {
      // Forced: kubelets and people have labelled and tainted the same nodes before us.
      const metadata = { ...patch.metadata, annotations: { "pulumi.com/patchForce": "true" } };
      new NodePatch(name, { ...patch, metadata }, { parent: this, retainOnDelete: isKept });
    }
  }
}
