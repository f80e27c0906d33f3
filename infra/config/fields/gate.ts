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

const latencyFields: FieldsFor<GateConfig["latency"]> = {
  ttftSeconds: {
    kind: "decimal",
    max: 600,
    unit: "seconds",
    isNullable: true,
    default: null,
    sentence:
      "What 95 % of short answers must begin within, at 95 % confidence, as measured where the prober runs; null to measure only.",
  },
  interTokenSeconds: {
    kind: "decimal",
    max: 60,
    unit: "seconds",
    isNullable: true,
    default: null,
    sentence: "What the mean pause between tokens must stay below in 95 % of answers, likewise; null to measure only.",
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
  latency: {
    kind: "group",
    sentence: "How fast the engine must be. A limit makes the sample as large as its claim needs.",
    fields: latencyFields,
  },
  transport: {
    kind: "choice",
    of: ["port-forward", "in-cluster"],
    default: "port-forward",
    sentence:
      "How a promotion reaches the pods: through the API server, or directly where it runs inside the cluster. No reason for a new promotion.",
  },
};
