import type { FieldsFor } from "../field.ts";
import type { ModelConfig } from "../stack-config.ts";
import { textRules } from "../text-rules.ts";
import { secretRefFields } from "./secret-ref.ts";

type Volume = NonNullable<ModelConfig["volume"]>;

const mountPathField: FieldsFor<Volume>["mountPath"] = {
  kind: "text",
  rule: textRules.absolutePath,
  isRequired: true,
  sentence: "Folder in the container where the weights are mounted, read-only.",
};

/** Settings of `model`. */
export const modelFields: FieldsFor<ModelConfig> = {
  path: {
    kind: "text",
    rule: textRules.modelPath,
    default: "Kwai-Keye/Keye-VL-2.0-30B-A3B",
    sentence: "The weights: a hub id that the engine downloads, or a folder in the container (--model-path).",
  },
  servedName: {
    kind: "text",
    rule: textRules.servedName,
    default: "keye-vl-2.0-30b-a3b",
    sentence: "Model name that clients ask for (--served-model-name).",
    hint: "The server stops at a colon: it splits adapter names there.",
    source: "sglang keye-vl-v2-30b-release, srt/server_args.py, check_server_args",
  },
  revision: {
    kind: "text",
    rule: textRules.commit,
    isOptional: true,
    sentence: "Commit of the weights on the hub (--revision); for a hub id only.",
  },
  volume: {
    kind: "variant",
    isOptional: true,
    sentence: "Where the weights are mounted from; the engine downloads them where absent.",
    variants: {
      pvc: {
        claim: {
          kind: "text",
          rule: textRules.objectName,
          isRequired: true,
          sentence: "Name of an existing PersistentVolumeClaim with the weights (62 GB in bf16).",
        },
        mountPath: mountPathField,
      },
      hostPath: {
        path: {
          kind: "text",
          rule: textRules.absolutePath,
          isRequired: true,
          sentence: "Folder on every node of the pools that holds the weights.",
        },
        mountPath: mountPathField,
      },
    },
  },
  tokenSecret: {
    kind: "group",
    isOptional: true,
    isSensitive: true,
    sentence: "Existing Secret with a hub token, for private weights.",
    hint: "Name a Secret, never the token itself: kubectl create secret generic hub-token --from-file=token=FILE",
    fields: secretRefFields,
  },
};
