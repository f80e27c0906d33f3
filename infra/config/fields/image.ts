import type { FieldsFor } from "../field.ts";
import type { BuildConfig, GitSource, PrebuiltImageConfig, SourceImageConfig, StackConfig } from "../stack-config.ts";
import { textRules } from "../text-rules.ts";

type Pulled = Pick<FieldsFor<PrebuiltImageConfig>, "pullPolicy" | "pullSecrets">;

const pulledFields: Pulled = {
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

const prebuiltFields: FieldsFor<Omit<PrebuiltImageConfig, "kind">> = {
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
    sentence:
      "Tag of the image. `keye lock` records the digest that it has; where a digest is given, it is for people to read.",
  },
  digest: {
    kind: "text",
    rule: textRules.digest,
    isOptional: true,
    sentence:
      "Digest that pins the image: sha256: and 64 hex digits. It wins over the one that keye.lock.yaml has for the tag.",
    hint: "Leave it out, and keye lock records the digest of image.tag.",
  },
  mirror: {
    kind: "text",
    rule: textRules.repository,
    isOptional: true,
    sentence: "Another repository with the same image, by the same digest; the pods pull from there.",
    hint: "Tag and digest are those of image.tag and image.digest.",
  },
  ...pulledFields,
};

function sourceFields(defaults: GitSource): FieldsFor<GitSource> {
  return {
    url: {
      kind: "text",
      rule: textRules.gitUrl,
      default: defaults.url,
      sentence: "URL of the Git repository.",
      isSensitive: true,
    },
    branch: {
      kind: "text",
      rule: textRules.gitBranch,
      default: defaults.branch,
      sentence: "Branch whose commit `keye lock` records; HEAD is the repository's own default branch.",
    },
  };
}

const keye = "https://github.com/Kwai-Keye";

const sourcesFields: FieldsFor<SourceImageConfig["sources"]> = {
  sglang: {
    kind: "group",
    sentence: "The engine: the authors' branch of SGLang.",
    fields: sourceFields({ url: `${keye}/sglang.git`, branch: "keye-vl-v2-30b-release" }),
  },
  deepGemm: {
    kind: "group",
    sentence: "The authors' fork of DeepGEMM, which must take the place of the one that SGLang brings.",
    fields: sourceFields({ url: `${keye}/DeepGEMM.git`, branch: "keye_support" }),
  },
  effectiveKernels: {
    kind: "group",
    sentence: "The authors' own kernels.",
    fields: sourceFields({ url: `${keye}/EffectiveKernels.git`, branch: "HEAD" }),
  },
};

const buildFields: FieldsFor<BuildConfig> = {
  builderImage: {
    kind: "text",
    rule: textRules.imageReference,
    default: "moby/buildkit:v0.34.2-rootless",
    sentence: "Image of the builder, a rootless BuildKit; keye.lock.yaml pins its tag.",
  },
  cpu: {
    kind: "quantity",
    min: "1",
    default: "16",
    sentence: "CPU of the build's pod, requested and limited.",
  },
  memory: {
    kind: "quantity",
    min: "4Gi",
    default: "64Gi",
    sentence: "Memory of the build's pod, requested and limited; how many compilers run at once follows from it.",
  },
  ephemeralStorage: {
    kind: "quantity",
    min: "1Gi",
    default: "200Gi",
    sentence: "Local disk for the build's layers, requested and limited.",
  },
  cacheClaim: {
    kind: "text",
    rule: textRules.objectName,
    isOptional: true,
    sentence:
      "Existing PersistentVolumeClaim that keeps the builder's cache between builds; gone with the pod where absent.",
  },
  pushSecret: {
    kind: "text",
    rule: textRules.objectName,
    isOptional: true,
    sentence: "Existing Secret of type kubernetes.io/dockerconfigjson that may push to image.repository.",
  },
  nodeSelector: {
    kind: "map",
    keys: textRules.qualifiedName,
    values: textRules.labelValue,
    default: {},
    sentence: "Labels of the nodes that may build; no GPU is needed.",
  },
  deadlineSeconds: {
    kind: "integer",
    min: 60,
    max: 86_400,
    unit: "seconds",
    default: 10_800,
    sentence: "How long a build may take.",
  },
};

const builtFields: FieldsFor<Omit<SourceImageConfig, "kind">> = {
  repository: {
    kind: "text",
    rule: textRules.repository,
    isRequired: true,
    sentence: "Repository that the built image is pushed to and pulled from.",
    hint: "Such as registry.example.com/keye/engine; the tag is made from what is built.",
  },
  base: {
    kind: "text",
    rule: textRules.imageReference,
    default: "nvidia/cuda:12.9.1-cudnn-devel-ubuntu24.04",
    sentence: "CUDA development image that the build begins with; keye.lock.yaml pins its tag.",
    source: "the base of sglang keye-vl-v2-30b-release, docker/Dockerfile",
  },
  sources: {
    kind: "group",
    sentence: "The three repositories that the image is built from, in this order.",
    fields: sourcesFields,
  },
  build: { kind: "group", sentence: "The Job that builds the image on the cluster.", fields: buildFields },
  ...pulledFields,
};

/** The setting `image`. */
export const imageField: FieldsFor<StackConfig>["image"] = {
  kind: "variant",
  defaultKind: "prebuilt",
  sentence: "The container image of the engine: pulled as the authors publish it, or built from source.",
  variants: { prebuilt: prebuiltFields, source: builtFields },
};
