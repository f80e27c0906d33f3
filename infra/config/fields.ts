import type { Fields, FieldsFor } from "./field.ts";
import { engineFields } from "./fields/engine.ts";
import { gateFields } from "./fields/gate.ts";
import { imageField } from "./fields/image.ts";
import { modelFields } from "./fields/model.ts";
import { nodePoolsField } from "./fields/node-pools.ts";
import { rolloutFields } from "./fields/rollout.ts";
import { supplyFields } from "./fields/supply.ts";
import type { StackConfig } from "./stack-config.ts";
import { atMost, textRules } from "./text-rules.ts";

const table: FieldsFor<StackConfig> = {
  name: {
    kind: "text",
    rule: atMost(40, textRules.dnsName),
    default: "keye",
    sentence: "Begins the name of every object; the limit leaves room for the revision and for what pods get appended.",
  },
  namespace: {
    kind: "text",
    rule: textRules.dnsLabel,
    default: "keye",
    sentence: "Kubernetes namespace of all objects.",
  },
  context: {
    kind: "text",
    rule: textRules.line,
    isOptional: true,
    sentence: "Context of the kubeconfig to deploy to; the current context where absent.",
  },
  nodePools: nodePoolsField,
  image: imageField,
  toolsImage: {
    kind: "text",
    rule: textRules.pinnedImage,
    isOptional: true,
    sentence:
      "Image with this project's keye command, pinned by digest: what the Jobs run that fetch weights, and the watchdog of recreate. Pulled with image.pullSecrets.",
    hint: "The Dockerfile here makes it: push it where the cluster pulls from, and name it by its digest.",
  },
  model: { kind: "group", sentence: "The weights, and the name under which they are served.", fields: modelFields },
  engine: { kind: "group", sentence: "How each SGLang server is started and what its pod gets.", fields: engineFields },
  supply: {
    kind: "group",
    sentence: "What is brought to nodes and volumes before GPUs are taken.",
    fields: supplyFields,
  },
  replicas: {
    kind: "integer",
    min: 1,
    max: 64,
    default: 2,
    sentence: "Copies of the engine that serve; each takes engine.tpSize GPUs.",
  },
  rollout: { kind: "group", sentence: "How a new revision replaces the old one.", fields: rolloutFields },
  gate: { kind: "group", sentence: "What a revision must prove before it may serve.", fields: gateFields },
};

/** The field table: every setting of `keye-stack:stack`. Parser, JSON Schema and docs/settings.md are made from it. */
export const stackFields: Fields = table;
