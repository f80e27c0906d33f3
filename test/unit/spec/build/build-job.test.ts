import { describe, expect, test } from "vitest";
import { buildConfigMap, buildJob, maxJobs } from "../../../../infra/spec/build/build-job.ts";
import { planBuild } from "../../../../infra/spec/build/build-plan.ts";
import { emptyLock, withEntries } from "../../../../infra/spec/lock/lock.ts";
import { buildPlan, sourceConfig, sourceLock } from "../../../support/build-plan.ts";
import { sha256, stackConfig } from "../../../support/stack-config.ts";

const host = { where: "Pulumi.test.yaml", sha256 };

test.each([
  { cpu: "16", memory: "64Gi", jobs: 7, why: "memory has room for seven" },
  { cpu: "4", memory: "64Gi", jobs: 4, why: "there are four CPUs" },
  { cpu: "1500m", memory: "64Gi", jobs: 1, why: "half a CPU is none" },
  { cpu: "16", memory: "4Gi", jobs: 1, why: "one always runs" },
  { cpu: "64", memory: "100G", jobs: 10, why: "decimal quantities are understood" },
])("$jobs compilers run at once with $cpu CPU and $memory: $why", ({ cpu, memory, jobs }) => {
  expect(maxJobs(cpu, memory)).toBe(jobs);
});

describe("the plan", () => {
  test("everything is named by the key", () => {
    const { key, name, target, builder } = buildPlan();
    expect(key).toMatch(/^[0-9a-f]{10}$/);
    expect({ name, target }).toEqual({
      name: `keye-build-${key}`,
      target: `registry.example.com/keye/engine:build-${key}`,
    });
    expect(builder).toMatch(/^moby\/buildkit@sha256:/);
  });

  test("another commit is another key; more memory is not", () => {
    const url = "https://github.com/Kwai-Keye/DeepGEMM.git#keye_support";
    const moved = { [url]: { commit: "4".repeat(40), resolvedAt: "2026-11-25T10:00:00Z" } };
    const lock = withEntries(sourceLock, { sources: moved });
    expect(planBuild(sourceConfig(), lock, host).key).not.toBe(buildPlan().key);
    expect(buildPlan({ memory: "512Gi" }).key).toBe(buildPlan().key);
  });

  test("what the lock lacks is told at once, with the command", () => {
    const { "moby/buildkit:v0.34.2-rootless": _, ...images } = sourceLock.images;
    const { "https://github.com/Kwai-Keye/sglang.git#keye-vl-v2-30b-release": __, ...sources } = sourceLock.sources;
    expect(() => planBuild(sourceConfig(), withEntries(emptyLock, { images, sources }), host)).toThrow(
      "CONFIG_LOCK: Pulumi.test.yaml: image.build.builderImage: moby/buildkit:v0.34.2-rootless is not in keye.lock.yaml; " +
        "image.sources.sglang.branch: https://github.com/Kwai-Keye/sglang.git#keye-vl-v2-30b-release is not in keye.lock.yaml. " +
        "Run keye lock --stack-file Pulumi.test.yaml, and commit keye.lock.yaml.",
    );
  });

  test("a prebuilt image is not built", () => {
    expect(() => planBuild(stackConfig(), emptyLock, host)).toThrow(
      "CONFIG_USAGE: Pulumi.test.yaml: image.kind is prebuilt: there is nothing to build.",
    );
  });
});

describe("the Job", () => {
  const spec = (build = {}) => Object(buildJob(buildPlan(build)).spec);

  test("a step that fails ends it; a node that is lost does not", () => {
    expect(spec()).toMatchObject({
      backoffLimit: 2,
      podFailurePolicy: {
        rules: [
          { action: "Count", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
          { action: "FailJob", onExitCodes: { containerName: "supply", operator: "NotIn", values: [0] } },
        ],
      },
      template: { spec: { restartPolicy: "Never" } },
    });
  });

  test("it asks for no GPU, no privilege and no token of the cluster", () => {
    const text = JSON.stringify(buildJob(buildPlan()));
    expect(text).not.toMatch(/nvidia\.com\/gpu|privileged|hostPath|hostNetwork/);
    expect(text).toContain('"automountServiceAccountToken":false');
  });

  test("layers are kept in the claim where there is one", () => {
    const volumes = (build = {}) => spec(build).template.spec.volumes;
    expect(volumes()).toContainEqual({ name: "state", emptyDir: {} });
    expect(volumes({ cacheClaim: "cache" })).toContainEqual({
      name: "state",
      persistentVolumeClaim: { claimName: "cache" },
    });
  });

  test("the push Secret becomes the builder's Docker configuration, and is not named elsewhere", () => {
    const { containers, volumes } = spec({ pushSecret: "push" }).template.spec;
    const items = [{ key: ".dockerconfigjson", path: "config.json" }];
    expect(volumes).toContainEqual({ name: "docker", secret: { secretName: "push", items } });
    expect(containers[0].env).toContainEqual({ name: "DOCKER_CONFIG", value: "/docker" });
    expect(containers[0].volumeMounts).toContainEqual({ name: "docker", mountPath: "/docker", readOnly: true });
  });

  test("the files it reads are in the ConfigMap of its name", () => {
    const plan = buildPlan();
    const configMap = buildConfigMap(plan);
    expect(configMap.metadata.name).toBe(buildJob(plan).metadata.name);
    expect(Object.keys(Object(configMap.data))).toEqual(["Dockerfile", "build.sh"]);
  });
});
