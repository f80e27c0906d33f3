import { expect, test } from "vitest";
import { prePullJobs } from "../../../../infra/spec/supply/pre-pull.ts";
import { sha256, stackConfig, testDigest } from "../../../support/stack-config.ts";

test("the engine's image is pulled to each node by a container that does nothing and takes no GPU", () => {
  const config = stackConfig({
    image: { digest: testDigest, pullSecrets: ["registry"] },
    nodePools: [{ name: "h800", taints: [{ key: "example.com/team", value: "vision", effect: "NoSchedule" }] }],
    supply: { deadlineSeconds: 1200 },
  });
  const [planned, ...others] = prePullJobs(config, ["a", "b"], sha256);
  const labels = {
    "app.kubernetes.io/component": "pre-pull",
    "app.kubernetes.io/managed-by": "keye-stack",
    "app.kubernetes.io/part-of": "keye-stack",
    "keye-stack.dev/supply": "keye",
  };
  expect(others.map(({ job }) => job.node)).toEqual(["b"]);
  const name = "keye-prepull-0f1e2d3c-5cb93595";
  expect(planned?.job).toEqual({ name, kind: "prePull", node: "a" });
  expect(planned?.manifest).toEqual({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace: "keye", labels },
    spec: {
      suspend: true,
      backoffLimit: 2,
      activeDeadlineSeconds: 1200,
      podFailurePolicy: {
        rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
      },
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: "Never",
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          imagePullSecrets: [{ name: "registry" }],
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65_532,
            runAsGroup: 65_532,
            seccompProfile: { type: "RuntimeDefault" },
          },
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["a"] }] }],
              },
            },
          },
          tolerations: [
            { key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" },
            { key: "example.com/team", operator: "Equal", value: "vision", effect: "NoSchedule" },
          ],
          containers: [
            {
              name: "supply",
              image: `kwaikeye/kwai-keye-vl@${testDigest}`,
              imagePullPolicy: "IfNotPresent",
              command: ["true"],
              env: [{ name: "NVIDIA_VISIBLE_DEVICES", value: "void" }],
              resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { cpu: "100m", memory: "64Mi" } },
              terminationMessagePolicy: "FallbackToLogsOnError",
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
            },
          ],
        },
      },
    },
  });
});

test("what the engine's pods say to a mesh, these say too", () => {
  const annotations = { "sidecar.istio.io/inject": "false" };
  const [planned] = prePullJobs(stackConfig({ engine: { podAnnotations: annotations } }), ["a"], sha256);
  expect(planned?.manifest.spec).toMatchObject({ template: { metadata: { annotations } } });
});

test("the size of the image is told where the lock knows it", () => {
  const config = stackConfig();
  const [planned] = prePullJobs({ ...config, image: { ...config.image, bytes: 20e9 } }, ["a"], sha256);
  expect(planned?.job.bytes).toBe(20e9);
});

test.each([
  { what: "where the settings say so", settings: { supply: { prePull: false } } },
  { what: "where pulling is forbidden", settings: { image: { digest: testDigest, pullPolicy: "Never" } } },
])("nothing is pulled $what", ({ settings }) => {
  expect(prePullJobs(stackConfig(settings), ["a"], sha256)).toEqual([]);
});
