import type { FieldsFor } from "../field.ts";
import type { ImageConfig } from "../stack-config.ts";
import { textRules } from "../text-rules.ts";

/** Settings of `image`. */
export const imageFields: FieldsFor<ImageConfig> = {
  kind: {
    kind: "choice",
    of: ["prebuilt"],
    default: "prebuilt",
    sentence: "Where the image comes from: prebuilt pulls it from a registry.",
    hint: "This version runs prebuilt images only.",
  },
  repository: {
    kind: "text",
    rule: textRules.repository,
    default: "kwaikeye/kwai-keye-vl",
    sentence: "Repository of the image, with its registry unless that is Docker Hub.",
    hint: "A tag goes to image.tag, a digest to image.digest.",
  },
  tag: {
    kind: "text",
    rule: textRules.imageTag,
    default: "keye_vl_v2_30b_a3b",
    sentence: "Tag of the image, for people to read; the digest decides what runs.",
  },
  digest: {
    kind: "text",
    rule: textRules.digest,
    isRequired: true,
    sentence: "Digest that pins the image: sha256: and 64 hex digits.",
    hint: "Read it: docker buildx imagetools inspect kwaikeye/kwai-keye-vl:keye_vl_v2_30b_a3b",
  },
  pullPolicy: {
    kind: "choice",
    of: ["IfNotPresent", "Always", "Never"],
    default: "IfNotPresent",
    sentence: "When the kubelet pulls the image.",
  },
  pullSecrets: {
    kind: "texts",
    each: textRules.objectName,
    default: [],
    sentence: "Names of existing image pull Secrets in the stack's namespace.",
  },
};
