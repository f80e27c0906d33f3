import type { FieldsFor } from "../field.ts";
import type { ClaimConfig, ModelConfig, ModelVolume } from "../stack-config.ts";
import { textRules } from "../text-rules.ts";
import { secretRefFields } from "./secret-ref.ts";
import { weightsField } from "./weights.ts";

const mountPathField: FieldsFor<ModelVolume>["mountPath"] = {
  kind: "text",
  rule: textRules.absolutePath,
  isRequired: true,
  sentence: "Folder in the container where the weights are mounted, read-only.",
};

const claimFields: FieldsFor<ClaimConfig> = {
  storageClass: {
    kind: "text",
    rule: textRules.objectName,
    isOptional: true,
    sentence: "StorageClass of the claim; the cluster's default one where absent.",
  },
  size: {
    kind: "quantity",
    min: "1Gi",
    unit: "bytes",
    default: "150Gi",
    sentence: "Size of the claim: room for the weights that serve and for those that come next.",
  },
  accessMode: {
    kind: "choice",
    of: ["ReadWriteMany", "ReadWriteOnce"],
    default: "ReadWriteMany",
    sentence: "How the claim may be mounted; a rollout mounts it on several nodes at once, and fetching writes to it.",
  },
};

/** Settings of `model`. */
export const modelFields: FieldsFor<ModelConfig> = {
  path: {
    kind: "text",
    rule: textRules.modelPath,
    default: "Kwai-Keye/Keye-VL-2.0-30B-A3B",
    sentence:
      "The weights: a hub id that the engine downloads, or a folder in the container (--model-path); with model.weights, the folder that gets one folder for each version.",
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
    sentence:
      "Commit of the weights on the hub (--revision); for a hub id or model.weights only. A bucket's or server's may be any name: change it when the files changed.",
  },
  size: {
    kind: "quantity",
    min: "1M",
    unit: "bytes",
    default: "62G",
    sentence: "What the weights take on disk, for progress, deadlines and the claim's size; 62 GB in bf16.",
  },
  weights: weightsField,
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
          sentence: "Name of the PersistentVolumeClaim with the weights, which must exist unless create is given.",
        },
        mountPath: mountPathField,
        create: {
          kind: "group",
          isOptional: true,
          sentence: "Makes the claim with the stack; it outlives the stack, with the weights.",
          fields: claimFields,
        },
        readMegabytesPerSecond: readSpeedField(200),
      },
      hostPath: {
        path: {
          kind: "text",
          rule: textRules.absolutePath,
          isRequired: true,
          sentence: "Folder on every node of the pools that holds the weights.",
        },
        mountPath: mountPathField,
        readMegabytesPerSecond: readSpeedField(1000),
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

function readSpeedField(megabytes: number): FieldsFor<ModelVolume>["readMegabytesPerSecond"] {
  return {
    kind: "integer",
    min: 10,
    max: 100_000,
    unit: "MB/s",
    default: megabytes,
    sentence: "How fast one node reads from the volume; how long loading may take follows from it.",
    hint: "Measure it on a node: dd if=FILE of=/dev/null bs=16M iflag=direct",
  };
}
