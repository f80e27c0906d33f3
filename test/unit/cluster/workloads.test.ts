import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ApiClient } from "../../../infra/cluster/api-client.ts";
import type { ApiRequest } from "../../../infra/cluster/api-request.ts";
import { AppWatches } from "../../../infra/cluster/app-watches.ts";
import { LiveCluster } from "../../../infra/cluster/live-cluster.ts";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { listWorkloads } from "../../../infra/cluster/workloads.ts";
import { FakeKubeApi } from "../../support/fake-kube-api.ts";
import { groupPod } from "../../support/group-pods.ts";

const never = new AbortController().signal;
const ref = { namespace: "keye", app: "keye", service: "keye" };
const revision = "aaaaaaaaaa";
const name = `keye-${revision}`;
const labels = { "app.kubernetes.io/instance": "keye", "keye-stack.dev/revision": revision };
const sets = "/apis/leaderworkerset.x-k8s.io/v1/namespaces/keye/leaderworkersets";
const deployments = "/apis/apps/v1/namespaces/keye/deployments";

const spec = {
  replicas: 2,
  leaderWorkerTemplate: {
    size: 2,
    leaderTemplate: { spec: { containers: [{ name: "engine" }] } },
    workerTemplate: { spec: { containers: [{ name: "engine" }] } },
  },
};

describe("what keeps groups running", () => {
  let api: FakeKubeApi;
  let client: ApiClient;
  let cluster: LiveCluster;

  beforeEach(async () => {
    api = await new FakeKubeApi().start();
    client = new ApiClient(api.kubeconfig, systemClock);
    cluster = new LiveCluster(client, new AppWatches(client, systemClock));
    api.put(`${sets}/${name}`, {
      metadata: { name, labels },
      spec,
      status: { replicas: 2, readyReplicas: 1, updatedReplicas: 2 },
    });
  });

  afterEach(async () => {
    client.close();
    await api.stop();
  });

  test("reads as a Deployment of groups, whose ready ones are the whole ones", async () => {
    const { deployment } = await cluster.candidate(ref, revision, never);
    expect(deployment).toMatchObject({
      group: { size: 2 },
      spec: { replicas: 2, template: spec.leaderWorkerTemplate.leaderTemplate },
      status: { replicas: 2, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 1 },
    });
  });

  test("has its workers among the pods of the revision", async () => {
    for (const pod of [groupPod(revision, 0, 0), groupPod(revision, 0, 1), groupPod("bbbbbbbbbb", 0, 1)]) {
      const { name: podName, labels: ofPod = {}, uid = "" } = pod.metadata;
      api.put(`/api/v1/namespaces/keye/pods/${podName}`, { ...pod, metadata: { name: podName, labels: ofPod, uid } });
    }
    const { pods } = await cluster.candidate(ref, revision, never);
    expect(pods.map(({ metadata }) => metadata.name)).toEqual([`${name}-0`, `${name}-0-1`]);
  });

  test.each([404, 403])("is nothing where the API answers %d: most clusters do not know the kind", async (status) => {
    const answers = {
      send: async ({ path }: ApiRequest) =>
        path === sets ? { status, body: {} } : { status: 200, body: { items: [{ metadata: { name: "keye-b" } }] } },
    };
    const { namespace } = ref;
    // It sends, and does nothing else.
    const listed = await listWorkloads(answers as unknown as ApiClient, { namespace, labels }, never);
    expect(listed.map(({ metadata }) => metadata.name)).toEqual(["keye-b"]);
  });

  test("is scaled where no Deployment has the name", async () => {
    api.put(`${sets}/${name}/scale`, { metadata: { name }, spec: { replicas: 2 } });
    await cluster.scale(ref, name, 0, never);
    expect(api.get(`${sets}/${name}/scale`)).toMatchObject({ spec: { replicas: 0 } });
  });

  test("is not looked for where a Deployment has it", async () => {
    api.put(`${deployments}/${name}/scale`, { metadata: { name }, spec: { replicas: 2 } });
    await cluster.scale(ref, name, 1, never);
    expect(api.requests.map(({ path }) => path)).toEqual([`${deployments}/${name}/scale`]);
  });

  test("is not blamed where there is neither", async () => {
    await expect(cluster.scale(ref, "keye-gone", 0, never)).rejects.toThrow(/E_API: keye\/deployments\/keye-gone: /);
  });
});
