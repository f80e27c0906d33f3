import type { StackConfig } from "../../config/stack-config.ts";
import type { FoundLimits } from "../../core/doctor-facts.ts";
import { parseQuantity } from "../../core/quantity.ts";
import type { Finding, Patient } from "./finding.ts";
import { enginePodNeeds } from "./rollout-needs.ts";
import { amount } from "./sentences.ts";

/** LimitRanges of the namespace against an engine's pod, and against the claim that the stack makes. */
export function checkLimits({ config, facts }: Patient): readonly Finding[] {
  if (facts.limitRanges.kind === "refused") return [];
  return facts.limitRanges.value.flatMap((limits) => {
    const needs = needsOf(config, limits.type);
    return Object.entries(needs).flatMap(([resource, wanted]) => against(limits, resource, wanted));
  });
}

function needsOf(config: StackConfig, type: string): Readonly<Record<string, number>> {
  // An engine's pod has one container.
  if (type === "Container" || type === "Pod") return enginePodNeeds(config);
  const { volume } = config.model;
  if (type !== "PersistentVolumeClaim" || volume?.kind !== "pvc" || volume.create === undefined) return {};
  return { storage: parseQuantity(volume.create.size) ?? 0 };
}

function against({ name, type, max, min }: FoundLimits, resource: string, wanted: number): readonly Finding[] {
  const [least = 0, most = Number.POSITIVE_INFINITY] = [min[resource], max[resource]];
  if (wanted >= least && wanted <= most) return [];
  const bound = wanted > most ? `at most ${amount(resource, most)}` : `at least ${amount(resource, least)}`;
  const whose = type === "PersistentVolumeClaim" ? "model.volume.create asks for" : "an engine asks for";
  const what = `A ${type} may have ${bound} of ${resource}; ${whose} ${amount(resource, wanted)}.`;
  const cure = "Change the LimitRange, or the setting.";
  return [{ id: "limit-range", severity: "error", where: `limits ${name}`, what, cure }];
}
