import { NodePatch } from "@pulumi/kubernetes/core/v1/nodePatch.js";
import * as pulumi from "@pulumi/pulumi";
import type { NodePoolConfig } from "../config/stack-config.ts";
import type { PoolNode } from "../core/pool-node.ts";
import { nodePatches } from "../spec/node-patches.ts";

export interface NodePoolArgs {
  readonly pool: NodePoolConfig;
  /** The nodes that the pool's selector finds, checked. */
  readonly nodes: readonly PoolNode[];
}

/** Machines of one shape that engines run on: nodes that exist, marked as members of the pool. */
export class NodePool extends pulumi.ComponentResource {
  /** Names of the pool's nodes, in the order in which they were found. */
  readonly nodeNames: readonly string[];

  constructor(name: string, args: NodePoolArgs, opts?: pulumi.ComponentResourceOptions) {
    super("keye-stack:cluster:NodePool", name, {}, opts);
    for (const { name: patchName, patch, isKept } of nodePatches(args.pool, args.nodes)) {
      // Forced: kubelets and people have labelled and tainted the same nodes before us.
      const metadata = { ...patch.metadata, annotations: { "pulumi.com/patchForce": "true" } };
      new NodePatch(patchName, { ...patch, metadata }, { parent: this, retainOnDelete: isKept });
    }
    this.nodeNames = args.nodes.map((node) => node.name);
    this.registerOutputs({ nodeNames: this.nodeNames });
  }
}
