import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../infra/rehearsal/provider/json.ts";
import { secret } from "../../../infra/rehearsal/provider/values.ts";
import { type DiffOptions, diffOf, objectOf, shownChanges } from "../../support/object-diff.ts";

interface Case {
  readonly name: string;
  readonly type: string;
  readonly olds: JsonObject;
  readonly news: JsonObject;
  readonly options?: DiffOptions;
  readonly changes: readonly string[];
}

const template = (image: string) => ({ template: { spec: { containers: [{ name: "c", image }] } } });

/** `~~`, `++` and `--` make the object anew. */
const cases: readonly Case[] = [
  { name: "another name", type: "v1/X", olds: {}, news: { metadata: { name: "b" } }, changes: ["~~ metadata.name"] },
  {
    name: "another namespace",
    type: "v1/X",
    olds: {},
    news: { metadata: { namespace: "other" } },
    changes: ["~~ metadata.namespace"],
  },
  { name: "another group", type: "a.io/v1/X", olds: {}, news: { apiVersion: "b.io/v1" }, changes: ["~~ apiVersion"] },
  {
    name: "another version of the same group",
    type: "a.io/v1/X",
    olds: {},
    news: { apiVersion: "a.io/v2" },
    changes: ["~ apiVersion"],
  },
  { name: "another kind", type: "a.io/v1/X", olds: {}, news: { kind: "Y" }, changes: ["~~ kind"] },

  {
    name: "a Deployment's selector",
    type: "apps/v1/Deployment",
    olds: { spec: { selector: { matchLabels: { a: "b" } } } },
    news: { spec: { selector: { matchLabels: { a: "c" } } } },
    changes: ["~~ spec.selector.matchLabels.a"],
  },
  {
    name: "a DaemonSet's selector",
    type: "apps/v1/DaemonSet",
    olds: { spec: { selector: {} } },
    news: { spec: { selector: { matchLabels: {} } } },
    changes: ["++ spec.selector.matchLabels"],
  },
  {
    name: "a spec that appears as a whole, selector and all",
    type: "apps/v1/Deployment",
    olds: {},
    news: { spec: { selector: {} } },
    changes: ["++ spec"],
  },
  {
    name: "a spec that appears without a selector",
    type: "apps/v1/Deployment",
    olds: {},
    news: { spec: { replicas: 1 } },
    changes: ["+ spec"],
  },
  {
    name: "a StatefulSet's service, and its replicas",
    type: "apps/v1/StatefulSet",
    olds: { spec: { serviceName: "a", replicas: 1 } },
    news: { spec: { serviceName: "b", replicas: 2 } },
    changes: ["~~ spec.serviceName", "~ spec.replicas"],
  },
  {
    name: "a Job's template",
    type: "batch/v1/Job",
    olds: { spec: template("i:1") },
    news: { spec: template("i:2") },
    changes: ["~~ spec.template.spec.containers[0].image"],
  },
  {
    name: "a Job's completions and time to live",
    type: "batch/v1/Job",
    olds: { spec: { completions: 1, ttlSecondsAfterFinished: 1 } },
    news: { spec: { completions: 2, ttlSecondsAfterFinished: 2 } },
    changes: ["~~ spec.completions", "~ spec.ttlSecondsAfterFinished"],
  },
  {
    name: "a Pod's image and tolerations",
    type: "v1/Pod",
    olds: { spec: { nodeName: "a", tolerations: [] } },
    news: { spec: { nodeName: "b", tolerations: [{}] } },
    changes: ["~~ spec.nodeName", "+ spec.tolerations[0]"],
  },
  {
    name: "a Service's cluster address, and its selector",
    type: "v1/Service",
    olds: { spec: { clusterIP: "a", selector: { r: "a" } } },
    news: { spec: { clusterIP: "b", selector: { r: "b" } } },
    changes: ["~~ spec.clusterIP", "~ spec.selector.r"],
  },
  {
    name: "a claim's class",
    type: "v1/PersistentVolumeClaim",
    olds: { spec: { storageClassName: "a" } },
    news: { spec: { storageClassName: "b" } },
    changes: ["~~ spec.storageClassName"],
  },
  {
    name: "a claim's size grows in place",
    type: "v1/PersistentVolumeClaim",
    olds: { spec: { resources: { requests: { storage: "1Gi" } } } },
    news: { spec: { resources: { requests: { storage: "2Gi" } } } },
    changes: ["~ spec.resources.requests.storage"],
  },
  {
    name: "a volume's source, and its capacity",
    type: "v1/PersistentVolume",
    olds: { spec: { nfs: { path: "/a" }, capacity: { storage: "1Gi" } } },
    news: { spec: { nfs: { path: "/b" }, capacity: { storage: "2Gi" } } },
    changes: ["~~ spec.nfs.path", "~ spec.capacity.storage"],
  },
  {
    name: "a ConfigMap's data",
    type: "v1/ConfigMap",
    olds: { data: { a: "b" } },
    news: { data: { a: "c" } },
    changes: ["~~ data.a"],
  },
  {
    name: "a ConfigMap's data where it is mutable",
    type: "v1/ConfigMap",
    olds: { data: { a: "b" } },
    news: { data: { a: "c" } },
    options: { mutable: { configMaps: true, secrets: false } },
    changes: ["~ data.a"],
  },
  {
    name: "an immutable ConfigMap's data where others are mutable",
    type: "v1/ConfigMap",
    olds: { immutable: true, data: { a: "b" } },
    news: { immutable: true, data: { a: "c" } },
    options: { mutable: { configMaps: true, secrets: false } },
    changes: ["~~ data.a"],
  },
  {
    name: "a Secret's data",
    type: "v1/Secret",
    olds: { stringData: { a: "b" } },
    news: { stringData: { a: secret("c") } },
    changes: ["~~ stringData.a"],
  },
  {
    name: "a binding's role, and its subjects",
    type: "rbac.authorization.k8s.io/v1/RoleBinding",
    olds: { roleRef: { name: "a" }, subjects: [] },
    news: { roleRef: { name: "b" }, subjects: [{}] },
    changes: ["~~ roleRef.name", "+ subjects[0]"],
  },
  {
    name: "a StorageClass's provisioner",
    type: "storage.k8s.io/v1/StorageClass",
    olds: { provisioner: "a" },
    news: { provisioner: "b" },
    changes: ["~~ provisioner"],
  },
  {
    name: "a disruption budget",
    type: "policy/v1/PodDisruptionBudget",
    olds: { spec: { minAvailable: 1 } },
    news: { spec: { minAvailable: 2 } },
    changes: ["~ spec.minAvailable"],
  },
  {
    name: "a Lease",
    type: "coordination.k8s.io/v1/Lease",
    olds: { spec: { holderIdentity: "a" } },
    news: { spec: { holderIdentity: "b" } },
    changes: ["~ spec.holderIdentity"],
  },
  {
    name: "data of a custom kind named ConfigMap",
    type: "example.com/v1/ConfigMap",
    olds: { data: { a: "b" } },
    news: { data: { a: "c" } },
    changes: ["~ data.a"],
  },

  {
    name: "a patch of a field that would replace the object",
    type: "apps/v1/Deployment",
    olds: { spec: { selector: { a: "b" } } },
    news: { spec: { selector: { a: "c" } } },
    options: { isPatch: true },
    changes: ["~ spec.selector.a"],
  },
  {
    name: "a patch of another object",
    type: "v1/Node",
    olds: {},
    news: { metadata: { name: "b" } },
    options: { isPatch: true },
    changes: ["~~ metadata.name"],
  },
];

describe("what is made anew for a change of", () => {
  test.each(cases)("$type: $name", ({ type, olds, news, options, changes }) => {
    expect(shownChanges(diffOf(objectOf(type, olds), objectOf(type, news), options))).toEqual(changes);
  });
});
