import type { FieldsFor } from "../field.ts";
import type { SupplyConfig } from "../stack-config.ts";

/** Settings of `supply`. */
export const supplyFields: FieldsFor<SupplyConfig> = {
  prePull: {
    kind: "boolean",
    default: true,
    sentence: "Whether the image is pulled to every usable node of the pools before a candidate asks for GPUs.",
  },
  parallelism: {
    kind: "integer",
    min: 1,
    max: 64,
    unit: "Jobs",
    default: 4,
    sentence: "Jobs that fetch weights or pull the image at once; registry and hub must bear them.",
  },
  deadlineSeconds: {
    kind: "integer",
    min: 60,
    max: 86_400,
    unit: "seconds",
    default: 3600,
    sentence: "For all that is brought before a promotion, and for each Job; what was loaded by then is kept.",
  },
};
