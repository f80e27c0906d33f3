import { describe, expect, test } from "vitest";
import { hydrateJobs } from "../../../../infra/spec/supply/hydrate.ts";
import { sha256, stackConfig } from "../../../support/stack-config.ts";
import { hydrated, toolsImage, weightsCommit } from "../../../support/weights-settings.ts";

const bucket = { kind: "s3", url: "s3://models/keye" };
const folder = { kind: "hostPath", path: "/data/models", mountPath: "/models" };

function jobs(settings: Readonly<Record<string, unknown>>, nodes: readonly string[] = ["a", "b"]) {
  return hydrateJobs(stackConfig(settings), nodes, sha256);
}

/** The pod that the first Job makes. */
function pod(settings: Readonly<Record<string, unknown>>): Pod {
  const spec = jobs(settings)[0]?.manifest.spec as { readonly template: { readonly spec: Pod } };
  return spec.template.spec;
}

interface Pod {
  readonly affinity?: unknown;
  readonly securityContext?: unknown;
  readonly volumes?: unknown;
  readonly containers: readonly { readonly command: readonly string[]; readonly env: unknown }[];
}

test("weights on a claim are fetched by one Job, which a promotion starts", () => {
  const [planned, ...others] = jobs(hydrated({ tokenSecret: { name: "hub", key: "token" } }));
  const labels = {
    "app.kubernetes.io/component": "hydrate",
    "app.kubernetes.io/managed-by": "keye-stack",
    "app.kubernetes.io/part-of": "keye-stack",
    "keye-stack.dev/supply": "keye",
  };
  expect(others).toEqual([]);
  expect(planned?.job).toEqual({ name: "keye-hydrate-0123456789ab-a8bbffad", kind: "hydrate", bytes: 62e9 });
  expect(planned?.manifest).toEqual({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "keye-hydrate-0123456789ab-a8bbffad", namespace: "keye", labels },
    spec: {
      suspend: true,
      backoffLimit: 6,
      activeDeadlineSeconds: 3600,
      podFailurePolicy: {
        rules: [
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
          { action: "FailJob", onExitCodes: { containerName: "supply", operator: "In", values: [1, 2] } },
        ],
      },
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: "Never",
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          nodeSelector: { "keye-stack.dev/pool": "h800" },
          tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }],
          affinity: {
            podAffinity: {
              preferredDuringSchedulingIgnoredDuringExecution: [
                {
                  weight: 1,
                  podAffinityTerm: {
                    topologyKey: "kubernetes.io/hostname",
                    labelSelector: { matchLabels: { "app.kubernetes.io/instance": "keye" } },
                  },
                },
              ],
            },
          },
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65_532,
            runAsGroup: 65_532,
            fsGroup: 65_532,
            fsGroupChangePolicy: "OnRootMismatch",
            seccompProfile: { type: "RuntimeDefault" },
          },
          volumes: [{ name: "model", persistentVolumeClaim: { claimName: "keye-weights" } }],
          containers: [
            {
              name: "supply",
              image: toolsImage,
              imagePullPolicy: "IfNotPresent",
              command: [
                "keye",
                "hydrate",
                "--source=huggingface:Kwai-Keye/Keye-VL-2.0-30B-A3B",
                `--revision=${weightsCommit}`,
                "--to=/models/0123456789ab",
              ],
              env: [{ name: "HF_TOKEN", valueFrom: { secretKeyRef: { name: "hub", key: "token" } } }],
              resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "4", memory: "2Gi" } },
              terminationMessagePolicy: "FallbackToLogsOnError",
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
              volumeMounts: [{ name: "model", mountPath: "/models" }],
            },
          ],
        },
      },
    },
  });
});

test("weights on each node are fetched by a Job a node, as the user who may write there", () => {
  const settings = hydrated({ volume: folder });
  const planned = jobs(settings);
  expect(planned.map(({ job }) => job.node)).toEqual(["a", "b"]);
  expect(new Set(planned.map(({ job }) => job.name)).size).toBe(2);
  expect(pod(settings)).toMatchObject({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["a"] }] }],
        },
      },
    },
    securityContext: { runAsUser: 0, runAsGroup: 0, seccompProfile: { type: "RuntimeDefault" } },
    volumes: [{ name: "model", hostPath: { path: "/data/models", type: "DirectoryOrCreate" } }],
  });
});

test("with several pools the Job may run in any of them, and in no other place", () => {
  const nodePools = [
    { name: "old", selector: { rack: "1" } },
    { name: "new", selector: { rack: "2" } },
  ];
  expect(pod({ ...hydrated(), nodePools }).affinity).toMatchObject({
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: "keye-stack.dev/pool", operator: "In", values: ["old", "new"] }] },
        ],
      },
    },
    podAffinity: {},
  });
});

describe("what is fetched from where", () => {
  const name = "bucket";
  const reference = (key: string, more: object = {}) => ({ secretKeyRef: { name, key, ...more } });

  test.each<{
    readonly what: string;
    readonly model: object;
    readonly words: readonly string[];
    readonly env: unknown;
  }>([
    {
      what: "a mirror of Hugging Face",
      model: { weights: { kind: "huggingface", repo: "a/b", endpoint: "https://hub.example.com" } },
      words: ["--source=huggingface:a/b", "--endpoint=https://hub.example.com"],
      env: [],
    },
    {
      what: "ModelScope with a token",
      model: { weights: { kind: "modelscope", repo: "a/b" }, tokenSecret: { name: "hub", key: "token" } },
      words: ["--source=modelscope:a/b"],
      env: [{ name: "MODELSCOPE_TOKEN", valueFrom: { secretKeyRef: { name: "hub", key: "token" } } }],
    },
    {
      what: "a closed bucket",
      model: { weights: { ...bucket, endpoint: "http://minio:9000", region: "eu-1", credentialsSecret: name } },
      words: ["--source=s3://models/keye", "--endpoint=http://minio:9000", "--region=eu-1"],
      env: [
        { name: "AWS_ACCESS_KEY_ID", valueFrom: reference("AWS_ACCESS_KEY_ID") },
        { name: "AWS_SECRET_ACCESS_KEY", valueFrom: reference("AWS_SECRET_ACCESS_KEY") },
        { name: "AWS_SESSION_TOKEN", valueFrom: reference("AWS_SESSION_TOKEN", { optional: true }) },
      ],
    },
    { what: "an open bucket", model: { weights: bucket }, words: ["--source=s3://models/keye"], env: [] },
    {
      what: "a web server",
      model: { weights: { kind: "http", url: "https://files.example.com/keye" } },
      words: ["--source=https://files.example.com/keye"],
      env: [],
    },
  ])("$what", ({ model, words, env }) => {
    const [container] = pod(hydrated(model)).containers;
    expect(container?.command).toEqual(expect.arrayContaining([...words]));
    expect(container?.env).toEqual(env);
  });
});

describe("nothing is fetched", () => {
  test.each([
    { what: "where the engine downloads the weights itself", settings: {} },
    {
      what: "where they are on the volume already",
      settings: { model: { path: "/models/keye", volume: { ...folder } } },
    },
  ])("$what", ({ settings }) => {
    expect(jobs(settings)).toEqual([]);
  });
});

describe("the name of a Job", () => {
  const nameOf = (settings: Readonly<Record<string, unknown>>) => jobs(settings)[0]?.job.name;

  test("is the same for the same work", () => {
    expect(nameOf(hydrated())).toBe(nameOf({ ...hydrated(), replicas: 7 }));
  });

  test.each([
    { what: "the commit", settings: hydrated({ revision: "fe".repeat(20) }) },
    { what: "the tools", settings: { ...hydrated(), toolsImage: toolsImage.replace("0a1b", "1a1b") } },
    { what: "the token", settings: hydrated({ tokenSecret: { name: "hub", key: "token" } }) },
  ])("changes with $what, because a Job cannot be edited", ({ settings }) => {
    expect(nameOf(settings)).not.toBe(nameOf(hydrated()));
  });

  test("fits into a label, however long the app's is, and tells apps apart", () => {
    const [one, other] = ["a".repeat(40), `${"a".repeat(39)}b`].map((name) => nameOf({ ...hydrated(), name }));
    expect(one).toMatch(/^a{33}-hydrate-0123456789ab-[0-9a-f]{8}$/);
    expect(other).not.toBe(one);
  });

  test("has no dash twice where the app's name is cut", () => {
    expect(nameOf({ ...hydrated(), name: `${"a".repeat(32)}-${"b".repeat(7)}` })).toMatch(/^a{32}-hydrate-/);
  });
});
