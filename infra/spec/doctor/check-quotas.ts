import type { FoundQuota } from "../../core/doctor-facts.ts";
import type { Finding, Patient } from "./finding.ts";
import { revisionNeeds } from "./rollout-needs.ts";
import { amount } from "./sentences.ts";

/** Quotas of the namespace against what a rollout asks for while old and new revision run. */
export function checkQuotas({ config, facts }: Patient): readonly Finding[] {
  if (facts.quotas.kind === "refused") return [];
  const needs = revisionNeeds(config);
  const isSurging = config.rollout.strategy === "blueGreen";
  return facts.quotas.value.flatMap((quota) => {
    if (quota.isScoped) return [scoped(quota)];
    return Object.entries(quota.hard).flatMap(([resource, hard]) => {
      const wanted = needs[resource] ?? 0;
      if (wanted === 0) return [];
      return against({ quota, resource, wanted, hard, used: quota.used[resource] ?? 0, isSurging });
    });
  });
}

interface Line {
  readonly quota: FoundQuota;
  readonly resource: string;
  /** For all replicas of one revision. */
  readonly wanted: number;
  readonly hard: number;
  readonly used: number;
  /** Whether the new revision starts while the old one serves. */
  readonly isSurging: boolean;
}

function against({ quota, resource, wanted, hard, used, isSurging }: Line): readonly Finding[] {
  const where = `quota ${quota.name}`;
  const say = (value: number) => amount(resource, value);
  const cure = "Raise the quota, lower replicas, or choose a strategy that needs no spare.";
  // Without a surge what is used is given back before the new revision asks for it.
  const free = isSurging ? hard - used : hard;
  if (free < wanted) {
    const taken = isSurging ? `, ${say(used)} are used` : "";
    const what = `It allows ${say(hard)} of ${resource}${taken}; a new revision needs ${say(wanted)}${isSurging ? " beside what runs" : ""}.`;
    return [{ id: "quota", severity: "error", where, what, cure }];
  }
  if (!isSurging || hard >= 2 * wanted || used > 0) return [];
  const what = `It allows ${say(hard)} of ${resource}: enough for one revision (${say(wanted)}), and an update by blueGreen needs two at once.`;
  return [{ id: "quota-next-rollout", severity: "warning", where, what, cure }];
}

function scoped({ name }: FoundQuota): Finding {
  const what = "It counts some pods only (scopes): whether the engine's are among them is not looked at.";
  return {
    id: "quota-scoped",
    severity: "note",
    where: `quota ${name}`,
    what,
    cure: `Compare by hand: kubectl describe quota ${name}`,
  };
}
