import type { DoctorFacts, DoctorNode } from "../../../../infra/core/doctor-facts.ts";
import { examine, questionsOf } from "../../../../infra/spec/doctor/examine.ts";
import type { Finding, Patient } from "../../../../infra/spec/doctor/finding.ts";
import { h800Labels } from "../../../support/pool-node.ts";
import { stackConfig, testDigest } from "../../../support/stack-config.ts";

const gib = 2 ** 30;

/** A ready H800 node that has all that the default settings want. */
export function doctorNode(fields: Partial<DoctorNode> = {}): DoctorNode {
  return {
    name: "h800-0",
    labels: { ...h800Labels, "nvidia.com/cuda.driver.major": "575" },
    taints: [],
    allocatable: { cpu: 192, memory: 2000 * gib, "ephemeral-storage": 3500 * gib, "nvidia.com/gpu": 8 },
    isReady: true,
    isUnschedulable: false,
    pressures: [],
    kubeletVersion: "v1.36.3",
    images: [],
    ...fields,
  };
}

/** A node with more labels, or others in place of its own; undefined takes one away. */
export function labelled(labels: Readonly<Record<string, string | undefined>>): DoctorNode {
  const all = Object.entries({ ...doctorNode().labels, ...labels });
  return doctorNode({ labels: Object.fromEntries(all.flatMap(([key, value]) => (value ? [[key, value]] : []))) });
}

/** A node that offers other amounts. */
export function offering(amounts: Readonly<Record<string, number>>): DoctorNode {
  return doctorNode({ allocatable: { ...doctorNode().allocatable, ...amounts } });
}

/** What was looked up and seen. */
export function seen<T>(value: T): { readonly kind: "seen"; readonly value: T } {
  return { kind: "seen", value };
}

/** What the identity may not read. */
export const refused = {
  kind: "refused",
  subject: "things",
  rule: '{resources: ["things"], verbs: ["list"]}',
} as const;

/** Settings on a cluster where nothing is wrong; `facts` go over what is there. */
export function patient(
  settings: Readonly<Record<string, unknown>> = {},
  facts: Partial<DoctorFacts> = {},
  more: Partial<Patient> = { image: { digest: testDigest, bytes: 15e9 } },
): Patient {
  const config = stackConfig(settings);
  const { rights } = questionsOf(config);
  return {
    config,
    facts: {
      server: "https://10.0.0.1:6443",
      serverVersion: "v1.36.3",
      nodes: seen([doctorNode()]),
      namespace: seen({ labels: {}, isTerminating: false }),
      quotas: seen([]),
      limitRanges: seen([]),
      storageClasses: seen([]),
      claims: [],
      secrets: [],
      missingKinds: [],
      access: seen(rights.map((right) => ({ ...right, isAllowed: true }))),
      ...facts,
    },
    ...more,
  };
}

/** `severity id where: what` of all findings but the ways out, which there always are. */
export function linesOf(found: readonly Finding[]): readonly string[] {
  return found.filter(({ id }) => id !== "egress").map((one) => `${one.severity} ${one.id} ${one.where}: ${one.what}`);
}

/** {@link linesOf} a whole visit. */
export function visit(...args: Parameters<typeof patient>): readonly string[] {
  return linesOf(examine(patient(...args)));
}
