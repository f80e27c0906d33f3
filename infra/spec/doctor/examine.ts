import { groupKinds } from "../../config/replica-pods.ts";
import type { StackConfig } from "../../config/stack-config.ts";
import type { DoctorQuestions } from "../../core/doctor-facts.ts";
import { referencesOf } from "../check-references.ts";
import { madeKinds } from "../node-pools/made-object.ts";
import { checkAccess, checkLooks } from "./check-access.ts";
import { checkEgress } from "./check-egress.ts";
import { checkGpuMemory, checkGpus } from "./check-gpus.ts";
import { checkNamespace } from "./check-namespace.ts";
import { checkNodes } from "./check-nodes.ts";
import { checkReferences, secretsOf } from "./check-references.ts";
import { checkStorage } from "./check-storage.ts";
import { checkVersions } from "./check-version.ts";
import { type Check, type Finding, findingClasses, findingIds, type Patient, severities } from "./finding.ts";
import { accessQuestions } from "./rights.ts";

const checks: readonly Check[] = [
  checkVersions,
  checkAccess,
  checkLooks,
  checkNamespace,
  checkNodes,
  checkGpus,
  checkGpuMemory,
  checkStorage,
  checkReferences,
  checkEgress,
];

/** What a visit never looks at, in words that follow "Not looked at:". */
export const notLookedAt: readonly string[] = [
  "GPUs that are free now, priorities and preemption (a promotion's own ledger counts them)",
  "whether registry, hub and repositories answer",
  "huge pages, which the engine does not ask for",
];

/** What must be looked up for these settings. */
export function questionsOf(config: StackConfig): DoctorQuestions {
  const { runtimeClassName } = config.engine;
  return {
    namespace: config.namespace,
    claims: unique(referencesOf(config).claims.map(({ name }) => name)),
    secrets: unique(secretsOf(config).map(({ name }) => name)),
    ...(runtimeClassName === undefined ? {} : { runtimeClass: runtimeClassName }),
    kinds: [...madeKinds(config.nodePools), ...groupKinds(config.engine)],
    rights: accessQuestions(config),
  };
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

/** Every finding, the worst first, then in the order of their classes; those of one class in the order of its checks. */
export function examine(patient: Patient): readonly Finding[] {
  const rank = ({ id, severity }: Finding) =>
    severities.indexOf(severity) * findingClasses.length + findingClasses.indexOf(findingIds[id]);
  return checks.flatMap((check) => check(patient)).toSorted((a, b) => rank(a) - rank(b));
}
