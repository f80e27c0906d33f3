import type { FieldsFor } from "../field.ts";
import type { HubRepository, ModelConfig } from "../stack-config.ts";
import { textRules } from "../text-rules.ts";

const secretHint = "It goes to Git: name a Secret instead, under model.tokenSecret or credentialsSecret.";

function hubFields(hub: string): FieldsFor<HubRepository> {
  return {
    repo: {
      kind: "text",
      rule: textRules.hubRepo,
      isRequired: true,
      sentence: `Owner and name of the repository on ${hub}.`,
      hint: "The authors publish Kwai-Keye/Keye-VL-2.0-30B-A3B.",
    },
    endpoint: {
      kind: "text",
      rule: textRules.webUrl,
      isOptional: true,
      isSensitive: true,
      sentence: `Address of a mirror to use instead of ${hub}.`,
      hint: secretHint,
    },
  };
}

/** The record of `model.weights`. */
export const weightsField: FieldsFor<ModelConfig>["weights"] = {
  kind: "variant",
  isOptional: true,
  sentence: "Where a Job fetches the weights from, onto model.volume; they are there already where absent.",
  variants: {
    huggingface: hubFields("Hugging Face"),
    modelscope: hubFields("ModelScope"),
    s3: {
      url: {
        kind: "text",
        rule: textRules.bucketUrl,
        isRequired: true,
        sentence: "Bucket and folder that hold the weights: s3://bucket/folder.",
      },
      endpoint: {
        kind: "text",
        rule: textRules.storeUrl,
        isOptional: true,
        isSensitive: true,
        sentence:
          "Address of an S3-compatible server, with {bucket} in it where the bucket is part of the host; that of AWS where absent.",
        hint: secretHint,
      },
      region: { kind: "text", rule: textRules.word, isOptional: true, sentence: "Region of the bucket." },
      credentialsSecret: {
        kind: "text",
        rule: textRules.objectName,
        isOptional: true,
        isSensitive: true,
        sentence:
          "Name of an existing Secret with the keys AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; the bucket is public where absent.",
        hint: "Name a Secret, never a key itself: kubectl create secret generic bucket --from-env-file=FILE",
      },
    },
    http: {
      url: {
        kind: "text",
        rule: textRules.webUrl,
        isRequired: true,
        isSensitive: true,
        sentence: "Address of the folder that holds the weights.",
        hint: secretHint,
      },
    },
  },
};
