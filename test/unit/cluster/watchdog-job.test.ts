import { expect, test } from "vitest";
import { watchdogJob } from "../../../infra/cluster/watchdog-job.ts";

const ref = { namespace: "serving", app: "keye", service: "keye-live" };
const plan = {
  image: `registry.example/keye@sha256:${"c".repeat(64)}`,
  stable: "aaaaaaaaaa",
  candidate: "bbbbbbbbbb",
  replicas: 2,
  staleSeconds: 120,
  lifeSeconds: 3600.5,
};

test("the Job of a watchdog runs the command with its orders, without GPUs and tolerations, and comes back by itself", () => {
  const { metadata, spec } = watchdogJob(ref, plan);
  const labels = {
    "keye-stack.dev/watchdog": "keye",
    "app.kubernetes.io/component": "watchdog",
    "app.kubernetes.io/part-of": "keye-stack",
    "app.kubernetes.io/managed-by": "rollgate",
  };
  expect(metadata).toEqual({ generateName: "keye-watchdog-", namespace: "serving", labels });
  expect(spec).toEqual({
    backoffLimit: 100,
    activeDeadlineSeconds: 3601,
    ttlSecondsAfterFinished: 604_800,
    template: {
      // Nothing by which the app's Service, its PodDisruptionBudget or a promotion would find the pod.
      metadata: { labels },
      spec: {
        restartPolicy: "OnFailure",
        serviceAccountName: "keye-watchdog",
        enableServiceLinks: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 1000,
          runAsGroup: 1000,
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: [
          {
            name: "watchdog",
            image: plan.image,
            imagePullPolicy: "IfNotPresent",
            command: ["keye"],
            args: [
              "watchdog",
              "--namespace=serving",
              "--app=keye",
              "--service=keye-live",
              "--stable=aaaaaaaaaa",
              "--candidate=bbbbbbbbbb",
              "--replicas=2",
              "--stale-seconds=120",
            ],
            resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "512Mi" } },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ["ALL"] },
            },
          },
        ],
      },
    },
  });
});
