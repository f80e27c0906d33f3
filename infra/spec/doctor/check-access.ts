import type { AccessAnswer, Looked } from "../../core/doctor-facts.ts";
import type { Finding, Patient } from "./finding.ts";

/** What the identity may not do that the stack needs, one finding for each resource. */
export function checkAccess({ facts }: Patient): readonly Finding[] {
  if (facts.access.kind === "refused") return [];
  const refused = facts.access.value.filter(({ isAllowed }) => !isAllowed);
  const byResource = Map.groupBy(refused, (one) => [one.namespace, one.group, one.resource, one.name].join("|"));
  return [...byResource.values()].flatMap((answers) => {
    const [first] = answers;
    return first === undefined ? [] : [missing(first, [...new Set(answers.map(({ verb }) => verb))])];
  });
}

function missing({ group, resource, namespace, name }: AccessAnswer, verbs: readonly string[]): Finding {
  const place = namespace === undefined ? "the whole cluster" : `namespace ${namespace}`;
  const named = name === undefined ? "" : `, resourceNames: ["${name}"]`;
  const rule = `{apiGroups: ["${group}"], resources: ["${resource}"], verbs: [${verbs.map((verb) => `"${verb}"`).join(", ")}]${named}}`;
  const kind = namespace === undefined ? "ClusterRole" : "Role";
  return {
    id: "right-missing",
    severity: "error",
    where: `${resource}${name === undefined ? "" : ` ${name}`} in ${place}`,
    what: `The identity may not ${verbs.join(", ")} them, and a deployment must.`,
    cure: `Give it a ${kind} with ${rule}; docs/rbac.md has all that is needed.`,
  };
}

/** One note for each thing that could not be looked at: nothing is known of it, which is not an error. */
export function checkLooks({ facts }: Patient): readonly Finding[] {
  const { nodes, namespace, quotas, limitRanges, storageClasses, claims, secrets, runtimeClass, access } = facts;
  const looks: readonly (Looked<unknown> | undefined)[] = [
    nodes,
    namespace,
    quotas,
    limitRanges,
    storageClasses,
    ...claims.map(({ found }) => found),
    ...secrets.map(({ found }) => found),
    runtimeClass,
    access,
  ];
  return looks.flatMap((looked) => {
    if (looked?.kind !== "refused") return [];
    const kind = looked.namespace === undefined ? "ClusterRole" : `Role in namespace ${looked.namespace}`;
    return [
      {
        id: "not-looked-at" as const,
        severity: "note" as const,
        where: looked.subject,
        what: "They could not be looked at: the identity may not read them.",
        cure: `To have it checked, give it a ${kind} with ${looked.rule}.`,
      },
    ];
  });
}
