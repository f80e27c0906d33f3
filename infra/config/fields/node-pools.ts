import type { FieldsFor } from "../field.ts";
import type { ExistingPoolConfig } from "../node-pool-config.ts";
import type { StackConfig } from "../stack-config.ts";
import { textRules } from "../text-rules.ts";
import { commonFields, h800Pool } from "./any-pool.ts";
import { alicloudFields, clusterApiFields, karpenterFields } from "./elastic-pools.ts";

const { name, ...otherFields } = commonFields;

const existingFields: FieldsFor<Omit<ExistingPoolConfig, "provider">> = {
  name,
  selector: {
    kind: "map",
    keys: textRules.qualifiedName,
    values: textRules.labelValue,
    min: 1,
    default: h800Pool.selector,
    sentence: "Labels that find the pool's nodes; a node must have all of them.",
    hint: "An empty selector would adopt every node of the cluster.",
  },
  ...otherFields,
  minNodes: {
    kind: "integer",
    min: 1,
    max: 1000,
    unit: "nodes",
    default: h800Pool.minNodes,
    sentence: "Nodes that the selector must find before anything is created.",
  },
};

/** The record of `nodePools`. */
export const nodePoolsField: FieldsFor<StackConfig>["nodePools"] = {
  kind: "variants",
  entry: "node pool",
  by: "provider",
  variants: {
    existing: existingFields,
    karpenter: karpenterFields,
    clusterApi: clusterApiFields,
    alicloud: alicloudFields,
  },
  defaultVariant: "existing",
  min: 1,
  max: 10,
  default: [h800Pool],
  sentence: "Machines that engines may run on, one entry for each shape.",
};
