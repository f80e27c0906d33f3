import type { KubernetesObject } from "../core/kubernetes-object.ts";
import { watchdogLabel, watchdogName } from "../core/names.ts";
import type { AppRef, WatchdogPlan } from "../gate/ports.ts";

/** How long a Job that has ended can be read. */
const keptSeconds = 7 * 86_400;

/** Restarts that its pod may need: each is cheap, and the rollout may be in danger. */
const restarts = 100;

/** What the API makes a Job of; it gives the name. */
export type WatchdogJob = Omit<KubernetesObject, "metadata"> & { readonly metadata: object; readonly spec: object };

/**
 * The Job of a watchdog. It asks for no GPU and tolerates no taint, so that it never runs on a node that the promotion is
 * about to empty, nor takes a place there. Its account, which also has the Secrets to pull with, is the chart's.
 */
export function watchdogJob({ namespace, app, service }: AppRef, plan: WatchdogPlan): WatchdogJob {
  const labels = {
    [watchdogLabel]: app,
    "app.kubernetes.io/component": "watchdog",
    "app.kubernetes.io/part-of": "keye-stack",
    "app.kubernetes.io/managed-by": "rollgate",
  };
  const args = [
    "watchdog",
    `--namespace=${namespace}`,
    `--app=${app}`,
    `--service=${service}`,
    `--stable=${plan.stable}`,
    `--candidate=${plan.candidate}`,
    `--replicas=${plan.replicas}`,
    `--stale-seconds=${plan.staleSeconds}`,
  ];
  const container = {
    name: "watchdog",
    image: plan.image,
    imagePullPolicy: "IfNotPresent",
    command: ["keye"],
    args,
    resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "512Mi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
  };
  const pod = {
    // The container comes back in its place; where the node is gone, the Job makes another pod.
    restartPolicy: "OnFailure",
    serviceAccountName: watchdogName(app),
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [container],
  };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { generateName: `${watchdogName(app)}-`, namespace, labels },
    spec: {
      backoffLimit: restarts,
      activeDeadlineSeconds: Math.ceil(plan.lifeSeconds),
      ttlSecondsAfterFinished: keptSeconds,
      template: { metadata: { labels }, spec: pod },
    },
  };
}
