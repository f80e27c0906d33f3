import type { PromotionDeadlines } from "../../core/promotion-inputs.ts";
import type { FieldsFor } from "../field.ts";
import type { RolloutConfig } from "../stack-config.ts";
import { textRules } from "../text-rules.ts";

const unit = "seconds";

const deadlineFields: FieldsFor<PromotionDeadlines> = {
  readySeconds: {
    kind: "integer",
    min: 10,
    max: 86_400,
    unit,
    isOptional: true,
    computed: "scheduling, the image if it is not pre-pulled, and engine.startupSeconds",
    sentence: "From scaling the candidate until all its pods are ready.",
  },
  probeSeconds: {
    kind: "integer",
    min: 10,
    max: 86_400,
    unit,
    default: 600,
    sentence: "For all probes of all pods.",
  },
  verifySeconds: {
    kind: "integer",
    min: 5,
    max: 3600,
    unit,
    default: 120,
    sentence: "From the switch until the Service answers as the candidate, from exactly the proven pods.",
  },
  soakSeconds: {
    kind: "integer",
    min: 0,
    max: 86_400,
    unit,
    default: 60,
    sentence: "How long the candidate must serve well before the old revision is retired.",
  },
  drainSeconds: {
    kind: "integer",
    min: 0,
    max: 3600,
    unit,
    default: 60,
    sentence: "From when a pod is no endpoint until it may go, at the earliest; proxies need seconds to see that.",
  },
  drainLimitSeconds: {
    kind: "integer",
    min: 0,
    max: 86_400,
    unit,
    default: 1800,
    sentence: "The same at the latest: requests that still run then are cut. The authors' client waits 1800 s.",
  },
  totalSeconds: {
    kind: "integer",
    min: 30,
    max: 172_800,
    unit,
    isOptional: true,
    computed: "the sum of the others, supply.deadlineSeconds and five minutes",
    sentence: "For the whole promotion; at least the sum of the others.",
  },
};

/** Settings of `rollout`. */
export const rolloutFields: FieldsFor<RolloutConfig> = {
  strategy: {
    kind: "choice",
    of: ["blueGreen", "canary", "recreate", "auto"],
    default: "blueGreen",
    sentence:
      "How the candidate replaces the stable revision. blueGreen runs both at once; canary replaces replica by replica; recreate takes the old one away first, and nobody serves meanwhile. auto is the first of them that the GPUs suffice for.",
  },
  deadlines: { kind: "group", sentence: "Deadline of each phase of a promotion.", fields: deadlineFields },
  watchdogSeconds: {
    kind: "integer",
    min: 15,
    max: 3600,
    unit,
    default: 120,
    sentence:
      "With recreate and toolsImage: how long nobody must have renewed the Lease before the watchdog brings the old revision back. The Lease is renewed every 10 s.",
  },
  cooldownSeconds: {
    kind: "integer",
    min: 0,
    max: 604_800,
    unit,
    default: 1800,
    sentence: "How long a rejected revision is refused at once, without new probes; 0 turns it off.",
  },
  keepRevisions: {
    kind: "integer",
    min: 0,
    max: 5,
    default: 1,
    sentence:
      "How many promoted earlier revisions stay, without pods, for a rollback: no GPUs, a Deployment and a ConfigMap each.",
  },
  retryNonce: {
    kind: "text",
    rule: textRules.line,
    isOptional: true,
    sentence: "Any text; change it to try a rejected revision again before the cool-down ends.",
  },
};
