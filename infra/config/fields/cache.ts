import type { FieldsFor } from "../field.ts";
import type { EngineConfig } from "../stack-config.ts";
import { textRules } from "../text-rules.ts";

/** The record of `engine.cacheVolume`. */
export const cacheVolumeField: FieldsFor<EngineConfig>["cacheVolume"] = {
  kind: "variant",
  isOptional: true,
  sentence:
    "Where kernels that were compiled once are kept, one folder for each image, GPU and arguments; they go with the pod where absent.",
  variants: {
    pvc: {
      claim: {
        kind: "text",
        rule: textRules.objectName,
        isRequired: true,
        sentence: "Name of an existing PersistentVolumeClaim that engines of every node may write at once.",
      },
    },
    hostPath: {
      path: {
        kind: "text",
        rule: textRules.absolutePath,
        isRequired: true,
        sentence: "Folder on every node of the pools, made where it is missing; each node compiles for itself.",
      },
    },
  },
};
