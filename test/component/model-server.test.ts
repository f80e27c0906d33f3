import { expect, test } from "vitest";
import { ModelServer } from "../../infra/components/model-server.ts";
import type { KubernetesObject } from "../../infra/core/kubernetes-object.ts";
import { recordResources } from "../support/recorded-resources.ts";

const namespace = "keye";
const ofApp = { app: "keye", namespace, kept: [] };
const skipAwait = { annotations: { "pulumi.com/skipAwait": "true" } };
const plain = {
  parent: "keye-stack:serving:ModelServer keye",
  dependsOn: [],
  provider: undefined,
  isProtected: false,
  isKeptOnDelete: false,
  ignoreChanges: [],
};

function manifest(apiVersion: string, kind: string, name: string, rest: object = {}): KubernetesObject {
  return { apiVersion, kind, metadata: { name, namespace }, ...rest };
}

const service = { spec: { selector: { "keye-stack.dev/revision": "none" } } };

const cases: readonly {
  readonly what: string;
  readonly object: KubernetesObject;
  readonly type: string;
  readonly metadata?: object;
  readonly options?: object;
}[] = [
  {
    what: "the live Service is protected, and its selector is the promotion's",
    object: manifest("v1", "Service", "keye", service),
    type: "kubernetes:core/v1:Service",
    metadata: skipAwait,
    options: { isProtected: true, ignoreChanges: ["spec.selector"] },
  },
  {
    what: "the candidate's Service is Pulumi's, selector and all, and waits for no pod",
    object: manifest("v1", "Service", "keye-candidate", service),
    type: "kubernetes:core/v1:Service",
    metadata: skipAwait,
  },
  {
    what: "a Deployment's replicas are the promotion's, who also waits for them; its name is free as soon as it is deleted",
    object: manifest("apps/v1", "Deployment", "keye-1a2b3c4d5e", { spec: { replicas: 0 } }),
    type: "kubernetes:apps/v1:Deployment",
    metadata: {
      annotations: { ...skipAwait.annotations, "pulumi.com/deletionPropagationPolicy": "background" },
    },
    options: { ignoreChanges: ["spec.replicas"] },
  },
  {
    what: "a LeaderWorkerSet is treated as a Deployment is",
    object: manifest("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "keye-1a2b3c4d5e", { spec: { replicas: 0 } }),
    type: "kubernetes:leaderworkerset.x-k8s.io/v1:LeaderWorkerSet",
    metadata: {
      annotations: { ...skipAwait.annotations, "pulumi.com/deletionPropagationPolicy": "background" },
    },
    options: { ignoreChanges: ["spec.replicas"] },
  },
  {
    what: "a ConfigMap is registered as it is",
    object: manifest("v1", "ConfigMap", "keye-1a2b3c4d5e", { immutable: true, data: { "probe.json": "{}" } }),
    type: "kubernetes:core/v1:ConfigMap",
  },
  {
    what: "a ServiceAccount is registered as it is",
    object: manifest("v1", "ServiceAccount", "keye", { automountServiceAccountToken: false }),
    type: "kubernetes:core/v1:ServiceAccount",
  },
  {
    what: "a PodDisruptionBudget is registered as it is",
    object: manifest("policy/v1", "PodDisruptionBudget", "keye-1a2b3c4d5e", { spec: { maxUnavailable: 1 } }),
    type: "kubernetes:policy/v1:PodDisruptionBudget",
  },
  {
    what: "a NetworkPolicy is registered as it is",
    object: manifest("networking.k8s.io/v1", "NetworkPolicy", "keye", { spec: { podSelector: {} } }),
    type: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  },
];

test.each(cases)("$what", async ({ object, type, metadata = {}, options = {} }) => {
  const recording = await recordResources();
  new ModelServer("keye", { ...ofApp, objects: [object] });
  const inputs = { ...object, metadata: { ...object.metadata, ...metadata } };
  expect(await recording.resources()).toEqual([
    { ...plain, type: "keye-stack:serving:ModelServer", name: "keye", parent: undefined, inputs: {} },
    { ...plain, type, name: object.metadata.name, inputs, ...options },
  ]);
  expect(recording.componentOutputs).toEqual(new Map([["keye-stack:serving:ModelServer keye", {}]]));
});

test("an object keeps the annotations that it has", async () => {
  const recording = await recordResources();
  const metadata = { name: "keye", namespace, annotations: { "example.com/team": "vision" } };
  new ModelServer("keye", { ...ofApp, objects: [{ apiVersion: "v1", kind: "Service", metadata, ...service }] });
  const [, live] = await recording.resources();
  expect(live?.inputs.metadata).toEqual({
    ...metadata,
    annotations: { "example.com/team": "vision", "pulumi.com/skipAwait": "true" },
  });
});

test("a kind that nobody registers is named instead of left out", async () => {
  const recording = await recordResources();
  expect(
    () => new ModelServer("keye", { ...ofApp, objects: [manifest("batch/v1", "CronJob", "keye-cleanup")] }),
  ).toThrow(
    expect.objectContaining({
      code: "ENV_HELM",
      message:
        "ENV_HELM: batch/v1/CronJob keye-cleanup: The chart rendered a kind that is not registered; known are apps/v1/Deployment, batch/v1/Job, leaderworkerset.x-k8s.io/v1/LeaderWorkerSet, v1/ConfigMap, v1/PersistentVolumeClaim, v1/Service, v1/ServiceAccount, networking.k8s.io/v1/NetworkPolicy, policy/v1/PodDisruptionBudget, rbac.authorization.k8s.io/v1/Role, rbac.authorization.k8s.io/v1/RoleBinding. Add its class to infra/components/registered-kinds.ts.",
    }),
  );
  await recording.resources();
});

test("what is kept of an earlier revision is the resource that it was, and every setting of it stays", async () => {
  const recording = await recordResources();
  const name = "keye-1a2b3c4d5e";
  const [deployment, configMap] = [
    { apiVersion: "apps/v1", kind: "Deployment", name },
    { apiVersion: "v1", kind: "ConfigMap", name },
  ];
  const kept = [{ revision: "1a2b3c4d5e", objects: [deployment, configMap] }];
  new ModelServer("keye", { ...ofApp, objects: [], kept });
  const [, ...resources] = await recording.resources();
  const frozen = { ...plain, name, ignoreChanges: ["*"] };
  const metadata = { name, namespace };
  expect(resources).toEqual([
    {
      ...frozen,
      type: "kubernetes:apps/v1:Deployment",
      inputs: { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: {} },
    },
    { ...frozen, type: "kubernetes:core/v1:ConfigMap", inputs: { apiVersion: "v1", kind: "ConfigMap", metadata } },
  ]);
});
