import type { FieldsFor } from "../field.ts";
import type { GateConfig } from "../stack-config.ts";
import { textRules } from "../text-rules.ts";

const expectFields: FieldsFor<GateConfig["expect"]> = {
  attentionBackend: {
    kind: "text",
    rule: textRules.word,
    isNullable: true,
    default: "keye_sa",
    sentence: "Attention backend that the running engine must report, keye_sa on Hopper; null to not compare.",
    source: "sglang keye-vl-v2-30b-release, srt/server_args.py",
  },
  pageSize: {
    kind: "integer",
    min: 1,
    max: 1024,
    unit: "tokens",
    isNullable: true,
    default: 64,
    sentence: "Page size of the KV cache that the running engine must report; null to not compare.",
  },
  architecture: {
    kind: "text",
    rule: textRules.word,
    isNullable: true,
    default: "KeyeVL2MoeForConditionalGeneration",
    sentence: "Model architecture that the running engine must report; null to not compare.",
  },
};

/** Settings of `gate`. */
export const gateFields: FieldsFor<GateConfig> = {
  profile: {
    kind: "choice",
    of: ["smoke", "gate", "soak"],
    default: "gate",
    sentence: "Which suite of probes every candidate pod must pass.",
  },
  consecutivePasses: {
    kind: "integer",
    min: 1,
    max: 20,
    unit: "passes",
    default: 3,
    sentence: "Passes in a row that each check of an answer needs.",
  },
  expect: {
    kind: "group",
    sentence: "What the running engine must report of itself, beside what the other settings imply.",
    fields: expectFields,
  },
};
