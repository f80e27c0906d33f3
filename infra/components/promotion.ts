import * as pulumi from "@pulumi/pulumi";
import type { PromotionInputs, PromotionOutputs } from "../core/promotion-inputs.ts";

/**
 * The proof and the switch of one revision: creating or updating it is the promotion. Served by the plugin `rollgate`.
 *
 * It fails without a trace in the state, so that the next update tries again. Whatever must name the revision that serves
 * comes from its outputs: they keep their old values when it fails.
 */
export class Promotion extends pulumi.CustomResource {
  // Declared only: an initialised field would overwrite what the base class has put there.
  declare readonly activeRevision: pulumi.Output<string>;
  declare readonly previousRevision: pulumi.Output<string | null>;
  declare readonly provenAt: pulumi.Output<string>;
  declare readonly evidence: pulumi.Output<PromotionOutputs["evidence"]>;
  declare readonly podUids: pulumi.Output<readonly string[]>;
  declare readonly outageSeconds: pulumi.Output<number | undefined>;

  constructor(name: string, inputs: PromotionInputs, opts?: pulumi.CustomResourceOptions) {
    const outputs: Record<keyof PromotionOutputs, undefined> = {
      activeRevision: undefined,
      previousRevision: undefined,
      provenAt: undefined,
      evidence: undefined,
      podUids: undefined,
      outageSeconds: undefined,
    };
    // What is protected keeps all that it depends on from being deleted; a destroy would end the engines before it fails at
    // the Service. After a failed update this still depends on the revision that serves: its state is then the old one.
    super("rollgate:index:Promotion", name, { ...inputs, ...outputs }, { protect: true, ...opts });
  }
}
