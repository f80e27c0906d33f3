import type { KubernetesObject } from "../../core/kubernetes-object.ts";
import { supplyContainer, supplyLabel } from "../../core/names.ts";
import { parseQuantity } from "../../core/quantity.ts";
import type { BuildPlan } from "./build-plan.ts";
import { builderStatePath, buildFilesPath, buildScript, buildWorkPath } from "./build-script.ts";

/** The user of the official rootless image; its sub-ids are tied to it. */
const builderUser = 1000;

const dockerConfigPath = "/docker";
const daySeconds = 86_400;

/**
 * Bytes of memory that one compiler may take.
 * @see Dao-AILab/flash-attention setup.py: "each JOB peak memory cost is ~8-9GB"
 */
const bytesPerCompiler = 9 * 2 ** 30;

/** Compilers that may run at once: one for each CPU, but only as many as the memory has room for, and at least one. */
export function maxJobs(cpu: string, memory: string): number {
  // Settings are quantities: the parser has seen to it.
  const cpus = Math.floor(parseQuantity(cpu) ?? 1);
  const fitting = Math.floor((parseQuantity(memory) ?? 0) / bytesPerCompiler);
  return Math.max(1, Math.min(cpus, fitting));
}

/** The Dockerfile and what runs it, for the Job of the same name. */
export function buildConfigMap(plan: BuildPlan): KubernetesObject {
  const { name, namespace } = plan;
  const data = { Dockerfile: plan.dockerfile, "build.sh": buildScript };
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, labels: labelsOf(plan) }, data };
}

/**
 * The Job that builds and pushes one image. CPU-only nodes suffice: no step asks for a GPU.
 *
 * A step that fails, and a compiler that had too little memory, would fail again: the Job ends at the first. A pod that its
 * node lost or drained is tried again, twice; the caches of a claim keep what was done.
 */
export function buildJob(plan: BuildPlan): KubernetesObject {
  const { name, namespace, image } = plan;
  const labels = labelsOf(plan);
  const onExitCodes = { containerName: supplyContainer, operator: "NotIn", values: [0] };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace, labels },
    spec: {
      backoffLimit: 2,
      activeDeadlineSeconds: image.build.deadlineSeconds,
      // The digest is in the lock by then; a failed one has been read, or is built again by the next command.
      ttlSecondsAfterFinished: 7 * daySeconds,
      podFailurePolicy: {
        rules: [
          { action: "Count", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
          { action: "FailJob", onExitCodes },
        ],
      },
      template: { metadata: { labels }, spec: podSpec(plan) },
    },
  };
}

function podSpec(plan: BuildPlan): object {
  const { build, pullSecrets } = plan.image;
  return {
    restartPolicy: "Never",
    // Nothing is worth waiting for: the shell does not hand signals on, and the caches survive a kill.
    terminationGracePeriodSeconds: 5,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(Object.keys(build.nodeSelector).length === 0 ? {} : { nodeSelector: build.nodeSelector }),
    ...(pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets.map((name) => ({ name })) }),
    // Layers belong to many users: a claim is given to the group once, while it is empty.
    securityContext: { fsGroup: builderUser, fsGroupChangePolicy: "OnRootMismatch" },
    containers: [container(plan)],
    volumes: [
      { name: "files", configMap: { name: plan.name } },
      { name: "work", emptyDir: {} },
      { name: "state", ...stateVolume(build.cacheClaim) },
      ...(build.pushSecret === undefined ? [] : [{ name: "docker", ...dockerConfig(build.pushSecret) }]),
    ],
  };
}

/**
 * Rootless, not privileged; but user namespaces and mounts within them are what seccomp's and AppArmor's default profiles
 * forbid, and `newuidmap` gains its right by its file's capability.
 * @see moby/buildkit v0.34 examples/kubernetes/job.rootless.yaml, docs/rootless.md
 */
function container({ builder, target, image }: BuildPlan): object {
  const { cpu, memory, ephemeralStorage, pushSecret } = image.build;
  const resources = { cpu, memory, "ephemeral-storage": ephemeralStorage };
  const docker = pushSecret === undefined ? [] : [{ name: "DOCKER_CONFIG", value: dockerConfigPath }];
  return {
    name: supplyContainer,
    image: builder,
    command: ["sh", `${buildFilesPath}/build.sh`],
    env: [
      { name: "IMAGE", value: target },
      { name: "MAX_JOBS", value: String(maxJobs(cpu, memory)) },
      // The pod may not mount a /proc of its own for each step.
      { name: "BUILDKITD_FLAGS", value: "--oci-worker-no-process-sandbox" },
      // A second or so is short for a daemon that opens a cache of many gigabytes.
      { name: "BUILDCTL_CONNECT_RETRIES_MAX", value: "50" },
      ...docker,
    ],
    resources: { requests: resources, limits: resources },
    securityContext: {
      runAsUser: builderUser,
      runAsGroup: builderUser,
      seccompProfile: { type: "Unconfined" },
      appArmorProfile: { type: "Unconfined" },
    },
    volumeMounts: [
      { name: "files", mountPath: buildFilesPath, readOnly: true },
      { name: "work", mountPath: buildWorkPath },
      { name: "state", mountPath: builderStatePath },
      ...(pushSecret === undefined ? [] : [{ name: "docker", mountPath: dockerConfigPath, readOnly: true }]),
    ],
  };
}

function stateVolume(claim: string | undefined): object {
  return claim === undefined ? { emptyDir: {} } : { persistentVolumeClaim: { claimName: claim } };
}

function dockerConfig(secretName: string): object {
  return { secret: { secretName, items: [{ key: ".dockerconfigjson", path: "config.json" }] } };
}

function labelsOf({ app }: BuildPlan): Readonly<Record<string, string>> {
  return {
    "app.kubernetes.io/component": "build",
    "app.kubernetes.io/managed-by": "keye-stack",
    "app.kubernetes.io/part-of": "keye-stack",
    [supplyLabel]: app,
  };
}
