import { afterEach, beforeEach, expect, test } from "vitest";
import { ApiClient } from "../../../infra/cluster/api-client.ts";
import { doctorFacts } from "../../../infra/cluster/doctor-facts.ts";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import type { DoctorQuestions } from "../../../infra/core/doctor-facts.ts";
import { FakeKubeApi } from "../../support/fake-kube-api.ts";

const never = new AbortController().signal;
const nothing: DoctorQuestions = { namespace: "keye", claims: [], secrets: [], kinds: [], rights: [] };
let api: FakeKubeApi;
let client: ApiClient;

beforeEach(async () => {
  api = await new FakeKubeApi().start();
  client = new ApiClient(api.kubeconfig, systemClock);
  api.put("/version", { metadata: { name: "version" }, gitVersion: "v1.33.1" });
  for (const path of ["/api/v1/namespaces/keye/resourcequotas", "/api/v1/namespaces/keye/limitranges"]) empty(path);
  empty("/apis/storage.k8s.io/v1/storageclasses");
});

afterEach(async () => {
  client.close();
  await api.stop();
});

/** The fake knows no such collection: what stands at its path is the list. */
function empty(path: string): void {
  list(path, []);
}

function list(path: string, items: readonly object[]): void {
  api.put(path, { metadata: { name: "list" }, items });
}

test("a node is read with its amounts in base units and its true pressures", async () => {
  const condition = (type: string, status: string) => ({ type, status });
  api.put("/api/v1/nodes/a", {
    metadata: { name: "a", labels: { x: "y" } },
    spec: { unschedulable: true },
    status: {
      allocatable: { cpu: "500m", memory: "1Ki", "nvidia.com/gpu": "8" },
      conditions: [condition("Ready", "True"), condition("DiskPressure", "True"), condition("PIDPressure", "False")],
      images: [{ names: ["repo@sha256:1", "repo:tag"] }, {}],
      nodeInfo: { kubeletVersion: "v1.32.0" },
    },
  });
  const { nodes, serverVersion } = await doctorFacts(client, nothing, never);
  expect(serverVersion).toBe("v1.33.1");
  expect(nodes).toEqual({
    kind: "seen",
    value: [
      {
        name: "a",
        labels: { x: "y" },
        taints: [],
        allocatable: { cpu: 0.5, memory: 1024, "nvidia.com/gpu": 8 },
        isReady: true,
        isUnschedulable: true,
        pressures: ["DiskPressure"],
        kubeletVersion: "v1.32.0",
        images: ["repo@sha256:1", "repo:tag"],
      },
    ],
  });
});

test("quotas, limits, classes, claims and Secrets are read; of a Secret no value", async () => {
  const core = "/api/v1/namespaces/keye";
  list(`${core}/resourcequotas`, [
    {
      metadata: { name: "q" },
      spec: { hard: { cpu: "2" }, scopes: ["NotTerminating"] },
      status: { used: { cpu: "1" } },
    },
  ]);
  list(`${core}/limitranges`, [{ metadata: { name: "l" }, spec: { limits: [{ type: "Pod", max: { cpu: "4" } }] } }]);
  const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
  list("/apis/storage.k8s.io/v1/storageclasses", [{ metadata: { name: "s", annotations }, provisioner: "p" }]);
  api.put(`${core}/persistentvolumeclaims/w`, {
    metadata: { name: "w" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    status: { phase: "Bound", accessModes: ["ReadWriteMany"], capacity: { storage: "2Gi" } },
  });
  api.put(`${core}/secrets/t`, { metadata: { name: "t" }, type: "Opaque", data: { token: "ZG8tbm90LXByaW50LW1l" } });
  api.put(core, { metadata: { name: "keye" }, status: { phase: "Terminating" } });
  const questions = { ...nothing, claims: ["w", "gone"], secrets: ["t"], runtimeClass: "nvidia" };
  const facts = await doctorFacts(client, questions, never);
  expect(facts).toMatchObject({
    namespace: { kind: "seen", value: { labels: {}, isTerminating: true } },
    quotas: { kind: "seen", value: [{ name: "q", isScoped: true, hard: { cpu: 2 }, used: { cpu: 1 } }] },
    limitRanges: { kind: "seen", value: [{ name: "l", type: "Pod", max: { cpu: 4 }, min: {} }] },
    storageClasses: { kind: "seen", value: [{ name: "s", provisioner: "p", isDefault: true }] },
    claims: [
      {
        name: "w",
        found: { kind: "seen", value: { phase: "Bound", accessModes: ["ReadWriteMany"], size: 2 * 2 ** 30 } },
      },
      { name: "gone", found: { kind: "seen", value: undefined } },
    ],
    secrets: [{ name: "t", found: { kind: "seen", value: { type: "Opaque", keys: ["token"] } } }],
    runtimeClass: { kind: "seen", value: false },
  });
  expect(JSON.stringify(facts)).not.toContain("ZG8tbm90");
});

test("a read that is refused is told with the right that is missing, and the others go on", async () => {
  const forbidden = { status: 403, message: "forbidden" };
  // The version is asked for first, the nodes next.
  api.faults.push(undefined, forbidden);
  const { nodes, namespace } = await doctorFacts(client, nothing, never);
  expect(nodes).toEqual({
    kind: "refused",
    subject: "nodes",
    rule: '{apiGroups: [""], resources: ["nodes"], verbs: ["list"]}',
  });
  expect(namespace).toEqual({ kind: "seen", value: undefined });
});

test("an answer that is neither a success nor a missing right is an error", async () => {
  api.faults.push({ status: 401, message: "Unauthorized" });
  await expect(doctorFacts(client, nothing, never)).rejects.toThrow(/^E_API: .*: The API server answered 401/);
});

test("rights are reviewed, subresources apart; without a clear yes one is missing", async () => {
  const right = { verb: "create", group: "", resource: "pods/portforward", namespace: "keye" };
  const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  api.texts.set(path, "an answer that says nothing");
  const { access } = await doctorFacts(client, { ...nothing, rights: [right] }, never);
  expect(api.requests.find((request) => request.path === path)?.body).toEqual({
    spec: {
      resourceAttributes: {
        verb: "create",
        group: "",
        resource: "pods",
        subresource: "portforward",
        namespace: "keye",
      },
    },
  });
  expect(access).toEqual({ kind: "seen", value: [{ ...right, isAllowed: false }] });
});
