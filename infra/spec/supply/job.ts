import { canonicalJson } from "../../core/canonical-json.ts";
import type { KubernetesObject } from "../../core/kubernetes-object.ts";
import { supplyContainer, supplyLabel } from "../../core/names.ts";
import type { SupplyJob } from "../../core/promotion-inputs.ts";
import type { Seconds } from "../../core/units.ts";
import type { PinnedStack } from "../pinned-stack.ts";
import type { Sha256 } from "../promotion-inputs.ts";

/** A Job of the supply: what a promotion must know of it, and the object itself. */
export interface PlannedJob {
  readonly job: SupplyJob;
  readonly manifest: KubernetesObject;
}

/** What one kind of Job adds to what all have. */
export interface JobParts {
  /** What comes between the app and the hash in its name, such as `prepull-0f1e2d3c`. */
  readonly role: string;
  readonly component: "hydrate" | "pre-pull";
  readonly backoffLimit: number;
  readonly deadlineSeconds: Seconds;
  /** Exit codes after which another try would end the same. */
  readonly finalExitCodes: readonly number[];
  /** Beside name and what keeps it from harm. */
  readonly container: Readonly<Record<string, unknown>>;
  /** Beside what every pod of a Job has. */
  readonly pod: Readonly<Record<string, unknown>>;
}

/** Longest name of a Job: its pods carry it as a label. */
const nameLimit = 63;

/**
 * A Job that waits until a promotion lets it run. Its name holds the hash of all that it does: what is to be done otherwise
 * is another Job, and what is to be done again is the same one. It is never cleaned up by time: Pulumi would make it anew.
 */
export function suspendedJob(config: PinnedStack, parts: JobParts, sha256: Sha256): KubernetesObject {
  const labels = {
    "app.kubernetes.io/component": parts.component,
    "app.kubernetes.io/managed-by": "keye-stack",
    "app.kubernetes.io/part-of": "keye-stack",
    [supplyLabel]: config.name,
  };
  const spec = {
    suspend: true,
    backoffLimit: parts.backoffLimit,
    activeDeadlineSeconds: parts.deadlineSeconds,
    podFailurePolicy: { rules: failureRules(parts.finalExitCodes) },
    template: { metadata: podMetadata(labels, config), spec: podSpec(config, parts) },
  };
  const name = jobName(config.name, parts.role, sha256(canonicalJson(spec)).slice(0, 8));
  return { apiVersion: "batch/v1", kind: "Job", metadata: { name, namespace: config.namespace, labels }, spec };
}

/** The engine's annotations too: a mesh that keeps a sidecar out of engines must do so here, or no Job ever ends. */
function podMetadata(labels: object, { engine }: PinnedStack): object {
  const annotations = engine.podAnnotations;
  return Object.keys(annotations).length === 0 ? { labels } : { labels, annotations };
}

/** A lost node or an eviction is nobody's fault and counts as no try. */
function failureRules(finalExitCodes: readonly number[]): readonly object[] {
  const disrupted = { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] };
  const onExitCodes = { containerName: supplyContainer, operator: "In", values: finalExitCodes };
  return finalExitCodes.length === 0 ? [disrupted] : [disrupted, { action: "FailJob", onExitCodes }];
}

function podSpec({ image }: PinnedStack, { container, pod }: JobParts): object {
  const pullSecrets = image.pullSecrets.map((name) => ({ name }));
  return {
    // The Job's rules for failures ask for it.
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets }),
    ...pod,
    containers: [
      {
        name: supplyContainer,
        imagePullPolicy: "IfNotPresent",
        terminationMessagePolicy: "FallbackToLogsOnError",
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        ...container,
      },
    ],
  };
}

function jobName(app: string, role: string, hash: string): string {
  const rest = `-${role}-${hash}`;
  return `${app.slice(0, nameLimit - rest.length).replace(/-+$/, "")}${rest}`;
}

/** The user of Jobs that need no more than any. */
export const nobody = { runAsNonRoot: true, runAsUser: 65_532, runAsGroup: 65_532 } as const;

/** Security of a pod whose processes run as `user`. */
export function podSecurity(user: object): object {
  return { ...user, seccompProfile: { type: "RuntimeDefault" } };
}

/** Keeps a pod on one node, by the scheduler: it counts what the pod asks for, and says why the node does not take it. */
export function onNode(node: string): object {
  const byName = { matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] };
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [byName] } } };
}
