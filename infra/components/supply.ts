import * as pulumi from "@pulumi/pulumi";
import type { SupplyPlan } from "../spec/supply/plan.ts";
import { registerObject } from "./registered-kinds.ts";
import { unawaited } from "./unawaited.ts";

export interface SupplyArgs {
  readonly plan: SupplyPlan;
  /** A provider that may take over what exists: the claim outlives the stack, and the next one finds it. */
  readonly claimProvider: pulumi.ProviderResource;
}

/**
 * What brings image and weights to the nodes. Every Job is declared suspended and started by the promotion, so that nothing
 * is fetched by a preview, and nothing twice. Jobs that are not wanted any more are deleted; the claim with the weights never
 * is.
 */
export class Supply extends pulumi.ComponentResource {
  constructor(name: string, args: SupplyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("keye-stack:supply:Supply", name, {}, opts);
    const { claim, jobs } = args.plan;
    // A claim is bound by its first pod, and a Job ends when a promotion has started it: neither is waited for here.
    if (claim !== undefined) {
      registerObject(unawaited(claim), { parent: this, provider: args.claimProvider, retainOnDelete: true });
    }
    for (const { manifest } of jobs) {
      registerObject(unawaited(manifest), { parent: this, ignoreChanges: ["spec.suspend"] });
    }
    this.registerOutputs({});
  }
}
