import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ApiClient } from "../../../infra/cluster/api-client.ts";
import { AppWatches } from "../../../infra/cluster/app-watches.ts";
import { inspectNodes } from "../../../infra/cluster/inspect-nodes.ts";
import { LiveCluster } from "../../../infra/cluster/live-cluster.ts";
import { liveTraffic } from "../../../infra/cluster/live-traffic.ts";
import { readSecret } from "../../../infra/cluster/secrets.ts";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { trafficOfRevision as of } from "../../../infra/core/traffic.ts";
import { FakeKubeApi } from "../../support/fake-kube-api.ts";

const never = new AbortController().signal;
const ref = { namespace: "keye", app: "keye", service: "keye" };
const core = "/api/v1/namespaces/keye";
const apps = "/apis/apps/v1/namespaces/keye";
const slices = "/apis/discovery.k8s.io/v1/namespaces/keye/endpointslices";
const app = { "app.kubernetes.io/instance": "keye" };
const revision = "keye-stack.dev/revision";
const a = "aaaaaaaaaa";
const b = "bbbbbbbbbb";

describe("the live cluster", () => {
  let api: FakeKubeApi;
  let client: ApiClient;
  let cluster: LiveCluster;

  beforeEach(async () => {
    api = await new FakeKubeApi().start();
    client = new ApiClient(api.kubeconfig, systemClock);
    cluster = new LiveCluster(client, new AppWatches(client, systemClock));
    selectRevision(a);
  });

  afterEach(async () => {
    client.close();
    await api.stop();
  });

  function selectRevision(value: string) {
    api.put(`${core}/services/keye`, { metadata: { name: "keye" }, spec: { selector: { ...app, [revision]: value } } });
  }

  function selected() {
    const service = api.get(`${core}/services/keye`) as unknown as { spec: { selector: Record<string, string> } };
    return service.spec.selector[revision];
  }

  test("the switch moves the selector from the revision that was seen to the new one", async () => {
    expect(await cluster.switchTraffic(ref, of(a), of(b), never)).toEqual({ kind: "switched" });
    expect(selected()).toBe(b);
  });

  test("a ramp is selected by its own label alone, and left again in one patch each", async () => {
    const ramp = { kind: "ramp", from: a, to: b } as const;
    expect(await cluster.switchTraffic(ref, of(a), ramp, never)).toEqual({ kind: "switched" });
    expect((await cluster.observe(ref, never)).traffic).toEqual(ramp);
    expect(selected()).toBeUndefined();
    expect(await cluster.switchTraffic(ref, ramp, of(b), never)).toEqual({ kind: "switched" });
    expect((await cluster.observe(ref, never)).service.spec.selector).toEqual({ ...app, [revision]: b });
    expect(api.requests.filter(({ method }) => method === "PATCH")).toHaveLength(2);
  });

  test("what an edit by hand has left beside the label that is meant goes with the next switch", async () => {
    const ramp = { kind: "ramp", from: a, to: b } as const;
    const beside = { [revision]: a, "keye-stack.dev/ramp": `${a}.${b}` };
    for (const to of [of(a), of(b), ramp]) {
      api.put(`${core}/services/keye`, { metadata: { name: "keye" }, spec: { selector: { ...app, ...beside } } });
      expect(await cluster.switchTraffic(ref, of(a), to, never)).toEqual({ kind: "switched" });
      const { traffic, service } = await cluster.observe(ref, never);
      expect({ traffic, labels: Object.keys(service.spec.selector ?? {}).length }).toEqual({ traffic: to, labels: 2 });
    }
  });

  test("a switch is written under the test that the selector is the one that was read", async () => {
    const selector = { ...app, [revision]: a };
    await cluster.switchTraffic(ref, of(a), of(b), never);
    expect(api.requests.at(-1)?.body).toEqual([
      { op: "test", path: "/spec/selector", value: selector },
      { op: "replace", path: "/spec/selector", value: { ...app, [revision]: b } },
    ]);
  });

  test("a pod is marked only while it is the pod that was meant", async () => {
    api.put(`${core}/pods/p1`, { metadata: { name: "p1", labels: app } });
    expect(await cluster.markPod(ref, { name: "p1", uid: "u1" }, { ramp: "x.y", deletionCost: -1 }, never)).toBe(true);
    expect(api.requests.at(-1)?.body).toEqual({
      metadata: {
        uid: "u1",
        labels: { "keye-stack.dev/ramp": "x.y" },
        annotations: { "controller.kubernetes.io/pod-deletion-cost": "-1" },
      },
    });
    api.faults.push({ status: 409, message: "the UID in the precondition does not match" });
    expect(await cluster.markPod(ref, { name: "p1", uid: "u0" }, { ramp: null }, never)).toBe(false);
    expect(await cluster.markPod(ref, { name: "gone", uid: "u2" }, { ramp: null }, never)).toBe(false);
  });

  test("a selector that somebody moved is a conflict: it is not overwritten, and not tried again", async () => {
    selectRevision("cccccccccc");
    expect(await cluster.switchTraffic(ref, of(a), of(b), never)).toEqual({
      kind: "conflict",
      found: of("cccccccccc"),
    });
    expect(selected()).toBe("cccccccccc");
    expect(api.requests.filter(({ method }) => method === "PATCH")).toEqual([]);
  });

  test("a switch whose answer was cut off has happened once", async () => {
    selectRevision(b);
    expect(await cluster.switchTraffic(ref, of(a), of(b), never)).toEqual({ kind: "switched" });
  });

  test("a refused switch is an error, not a conflict", async () => {
    api.faults.push({ status: 403, message: "no" });
    await expect(cluster.switchTraffic(ref, of(a), of(b), never)).rejects.toMatchObject({ code: "E_API" });
  });

  test("scaling writes the scale subresource alone", async () => {
    const path = `${apps}/deployments/keye-${a}/scale`;
    api.put(path, { metadata: { name: `keye-${a}` }, spec: { replicas: 0 } });
    await cluster.scale(ref, `keye-${a}`, 2, never);
    expect(api.requests.at(-1)).toMatchObject({ method: "PATCH", path, body: { spec: { replicas: 2 } } });
  });

  test("an observation holds the app's objects and what the Service leads to", async () => {
    api.put(`${apps}/deployments/keye-${a}`, { metadata: { name: `keye-${a}`, labels: app } });
    api.put(`${apps}/deployments/other`, { metadata: { name: "other" } });
    api.put(`${core}/pods/p1`, { metadata: { name: "p1", labels: app } });
    api.put(`${slices}/keye-1`, {
      metadata: { name: "keye-1", labels: { "kubernetes.io/service-name": "keye" } },
      ports: [{ port: 8000 }],
      endpoints: [
        { addresses: ["10.0.0.1"], targetRef: { kind: "Pod", name: "p1", uid: "u1" } },
        { addresses: ["10.0.0.2"], conditions: { ready: false, serving: true, terminating: true } },
      ],
    });
    const seen = await cluster.observe(ref, never);
    expect(seen.traffic).toEqual(of(a));
    expect(seen.deployments.map(({ metadata }) => metadata.name)).toEqual([`keye-${a}`]);
    expect(seen.pods.map(({ metadata }) => metadata.name)).toEqual(["p1"]);
    expect(seen.endpoints).toEqual([
      { address: "10.0.0.1", port: 8000, ready: true, serving: true, terminating: false, podName: "p1", podUid: "u1" },
      { address: "10.0.0.2", port: 8000, ready: false, serving: true, terminating: true },
    ]);
  });

  test("a Service that selects nothing yet has no active revision", async () => {
    selectRevision("none");
    expect((await cluster.observe(ref, never)).traffic).toEqual({ kind: "none" });
  });

  test("the candidate's events include those of pods that are gone, oldest first, whatever form their time has", async () => {
    const labels = { ...app, [revision]: b };
    const event = (name: string, of: string, fields: object) =>
      api.put(`${core}/events/${name}`, { metadata: { name }, involvedObject: { kind: "Pod", name: of }, ...fields });
    api.put(`${apps}/replicasets/keye-${b}-7f`, { metadata: { name: `keye-${b}-7f`, labels } });
    event("late", `keye-${b}-7f-x`, { lastTimestamp: null, eventTime: "2026-01-01T00:00:09.000001Z", message: "late" });
    event("early", `keye-${b}-7f`, { lastTimestamp: "2026-01-01T00:00:01Z", count: 3, message: "early" });
    event("foreign", "keye-cccccccccc-7f-x", { lastTimestamp: "2026-01-01T00:00:02Z", message: "foreign" });
    const { events } = await cluster.candidate(ref, b, never);
    expect(events.map(({ message }) => message)).toEqual(["early", "late"]);
    expect(events[1]?.lastTimestamp).toBe("2026-01-01T00:00:09.000001Z");
  });

  test("a log that looks like JSON comes as the text that it is", async () => {
    api.texts.set(`${core}/pods/p1/log`, '{"level":"INFO"}');
    const tail = await cluster.logTail(ref, "p1", { previous: true, lines: 80 }, never);
    expect(tail).toBe('{"level":"INFO"}');
    expect(Object.fromEntries(api.requests.at(-1)?.query ?? [])).toEqual({
      container: "engine",
      previous: "true",
      tailLines: "80",
    });
  });

  test.each([400, 404])("a log that is not there (%d) is empty", async (status) => {
    api.faults.push({ status });
    expect(await cluster.logTail(ref, "p1", { previous: false, lines: 80 }, never)).toBe("");
  });

  test("evidence is kept under its labels, read back, and written over by the next verdict of its name", async () => {
    const record = { name: "rollgate-keye-b-p", json: "{}", inputsJson: '{"port":1}', revision: b, verdict: "fail" };
    await cluster.saveEvidence(ref, record, never);
    await cluster.saveEvidence(ref, { ...record, json: '{"verdict":"pass"}', verdict: "pass" }, never);
    expect(api.get(`${core}/configmaps/${record.name}`)?.metadata.labels).toMatchObject({
      ...app,
      [revision]: b,
      "keye-stack.dev/verdict": "pass",
    });
    expect(await cluster.readEvidence(ref, record.name, never)).toEqual({
      name: record.name,
      json: '{"verdict":"pass"}',
    });
    expect(api.get(`${core}/configmaps/${record.name}`)).toMatchObject({ data: { "inputs.json": '{"port":1}' } });
    expect(await cluster.readEvidence(ref, "another", never)).toBeUndefined();
  });

  test("a baseline is kept under the app's and its revision's label, read back, and replaced by the next", async () => {
    const record = { name: "rollgate-keye-baseline", json: "{}", revision: "aaaaaaaaaa" };
    await cluster.saveBaseline(ref, record, never);
    await cluster.saveBaseline(ref, { ...record, json: '{"runs":5}', revision: b }, never);
    const stored = api.get(`${core}/configmaps/${record.name}`);
    expect(stored?.metadata.labels).toEqual({ ...app, [revision]: b, "app.kubernetes.io/managed-by": "rollgate" });
    expect(await cluster.readBaseline(ref, record.name, never)).toBe('{"runs":5}');
    expect(await cluster.readBaseline(ref, "another", never)).toBeUndefined();
  });

  test("nodes are told with their devices, memory and state, by pool", async () => {
    const h800 = { "nvidia.com/gpu.product": "NVIDIA-H800" };
    api.put("/version", { metadata: { name: "" }, gitVersion: "v1.36.3" });
    api.put("/api/v1/namespaces/kube-system", { metadata: { name: "kube-system", uid: "cluster-1" } });
    api.put("/api/v1/nodes/n1", {
      metadata: { name: "n1", labels: h800 },
      spec: { taints: [{ key: "nvidia.com/gpu", effect: "NoSchedule" }] },
      status: {
        allocatable: { "nvidia.com/gpu": "8", memory: "1Gi" },
        conditions: [{ type: "Ready", status: "True" }],
      },
    });
    api.put("/api/v1/nodes/n2", { metadata: { name: "n2" }, spec: { unschedulable: true } });
    const pools = [
      { name: "gpu", selector: h800 },
      { name: "all", selector: {} },
    ];
    const found = await inspectNodes(client, { pools }, never);
    expect(found.clusterUid).toBe("cluster-1");
    expect(found.serverVersion).toBe("v1.36.3");
    expect(found.pools[0]?.nodes).toEqual([
      {
        name: "n1",
        labels: h800,
        taints: [{ key: "nvidia.com/gpu", effect: "NoSchedule" }],
        allocatableGpus: 8,
        allocatableMemory: 2 ** 30,
        isReady: true,
        isUnschedulable: false,
      },
    ]);
    expect(found.pools[1]?.nodes.map(({ name, isUnschedulable }) => [name, isUnschedulable])).toEqual([
      ["n1", false],
      ["n2", true],
    ]);
  });

  test("an RDMA resource is counted where a pool names it, and kinds that the cluster lacks are told", async () => {
    api.put("/version", { metadata: { name: "" }, gitVersion: "v1.36.3" });
    api.put("/api/v1/namespaces/kube-system", { metadata: { name: "kube-system", uid: "cluster-1" } });
    api.put("/api/v1/nodes/n1", { metadata: { name: "n1" }, status: { allocatable: { "rdma/hca": "4" } } });
    api.put("/api/v1/nodes/n2", { metadata: { name: "n2" } });
    const group = { metadata: { name: "" }, resources: [{ name: "nodepools", kind: "NodePool" }] };
    api.put("/apis/karpenter.sh/v1", group);
    const pools = [{ name: "all", selector: {}, rdma: "rdma/hca" }];
    const served = { apiVersion: "karpenter.sh/v1", kind: "NodePool" };
    const otherKind = { apiVersion: "karpenter.sh/v1", kind: "NodeOverlay" };
    const otherGroup = { apiVersion: "cluster.x-k8s.io/v1beta2", kind: "MachineDeployment" };
    const found = await inspectNodes(client, { pools, kinds: [served, otherKind, otherGroup] }, never);
    expect(found.pools[0]?.nodes.map(({ allocatableRdma }) => allocatableRdma)).toEqual([4, 0]);
    expect(found.missingKinds).toEqual([otherKind, otherGroup]);
  });

  test("the live revision of a Service that is not there is undefined", async () => {
    expect(await liveTraffic(client, ref, never)).toEqual({ kind: "revision", revision: a });
    expect(await liveTraffic(client, { ...ref, service: "other" }, never)).toBeUndefined();
  });

  test("a Secret's key comes as text; a missing one is told by its name, with those that exist", async () => {
    api.put(`${core}/secrets/engine`, { metadata: { name: "engine" }, data: { key: "c2VzYW1l" } });
    const place = { namespace: "keye", name: "engine", key: "key" };
    expect(await readSecret(client, place, never)).toBe("sesame");
    await expect(readSecret(client, { ...place, key: "kye" }, never)).rejects.toMatchObject({
      message: 'E_CONFIG: keye/secrets/engine: It has no key "kye"; its keys are: key.',
    });
  });
});
