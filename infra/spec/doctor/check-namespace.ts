import type { StackConfig } from "../../config/stack-config.ts";
import type { FoundNamespace } from "../../core/doctor-facts.ts";
import { checkLimits } from "./check-limits.ts";
import { checkQuotas } from "./check-quotas.ts";
import type { Finding, Patient } from "./finding.ts";
import { securedPods, securityLevels } from "./pod-security.ts";

/** The stack's namespace: whether it is there, which pods it lets in, and how many. */
export function checkNamespace(patient: Patient): readonly Finding[] {
  const { config, facts } = patient;
  const where = `namespace ${config.namespace}`;
  if (facts.namespace.kind === "refused") return [...checkQuotas(patient), ...checkLimits(patient)];
  const found = facts.namespace.value;
  if (found === undefined) {
    const what = "It is not there: the stack makes it, and Secrets and claims that the settings name must follow.";
    const cure = `To have them there first: kubectl create namespace ${config.namespace}`;
    return [{ id: "namespace-missing", severity: "note", where, what, cure }];
  }
  const terminating: readonly Finding[] = found.isTerminating
    ? [
        {
          id: "namespace-terminating",
          severity: "error",
          where,
          what: "It is being deleted: nothing new is let in.",
          cure: "Wait until it is gone, or find what holds it: kubectl get namespace -o yaml",
        },
      ]
    : [];
  return [...terminating, ...podSecurity(config, found), ...checkQuotas(patient), ...checkLimits(patient)];
}

const enforceLabel = "pod-security.kubernetes.io/enforce";

function podSecurity(config: StackConfig, { labels }: FoundNamespace): readonly Finding[] {
  const enforced = securityLevels.find((level) => level === labels[enforceLabel]);
  if (enforced === undefined) return [];
  return securedPods(config)
    .filter(({ level }) => securityLevels.indexOf(level) > securityLevels.indexOf(enforced))
    .map(({ pods, level, because, isOnTheWay }) => ({
      id: "pod-security" as const,
      severity: isOnTheWay ? ("error" as const) : ("warning" as const),
      where: `namespace ${config.namespace}`,
      what: `It enforces Pod Security "${enforced}"; ${pods} need "${level}": ${because}.`,
      cure: `kubectl label namespace ${config.namespace} ${enforceLabel}=${level} --overwrite${isOnTheWay ? "" : ", while it builds"}`,
    }));
}
