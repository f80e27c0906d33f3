import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ApiClient } from "../../../infra/cluster/api-client.ts";
import { readyPods } from "../../../infra/cluster/service-endpoint.ts";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { FakeKubeApi } from "../../support/fake-kube-api.ts";

const never = new AbortController().signal;

describe("the pods that a Service leads to", () => {
  const ref = { namespace: "keye", app: "keye", service: "keye" };
  let api: FakeKubeApi;
  let client: ApiClient;

  beforeEach(async () => {
    api = await new FakeKubeApi().start();
    client = new ApiClient(api.kubeconfig, systemClock);
    api.put("/api/v1/namespaces/keye/services/keye", {
      metadata: { name: "keye" },
      spec: {
        ports: [
          { name: "http", port: 80 },
          { name: "metrics", port: 9000 },
        ],
      },
    });
    const endpoint = (pod: string, ready: boolean) => ({
      addresses: ["10.0.0.1"],
      conditions: { ready },
      targetRef: { kind: "Pod", name: pod },
    });
    api.put("/apis/discovery.k8s.io/v1/namespaces/keye/endpointslices/keye-1", {
      metadata: { name: "keye-1", labels: { "kubernetes.io/service-name": "keye" } },
      ports: [
        { name: "metrics", port: 9999 },
        { name: "http", port: 8000 },
      ],
      endpoints: [endpoint("b", true), endpoint("a", true), endpoint("starting", false)],
    });
  });

  afterEach(async () => {
    client.close();
    await api.stop();
  });

  test("are the ready ones, at the port that the slices give for the Service's", async () => {
    const forward = (pod: string, port: number) => ({ namespace: "keye", pod, port });
    expect(await readyPods(client, { ref, port: 80 }, never)).toEqual([forward("a", 8000), forward("b", 8000)]);
    expect(await readyPods(client, { ref, port: 9000 }, never)).toEqual([forward("a", 9999), forward("b", 9999)]);
  });

  test("a port that the Service does not have is told with those it has", async () => {
    await expect(readyPods(client, { ref, port: 81 }, never)).rejects.toMatchObject({
      message: "E_PROBE: keye/services/keye: It has no port 81; its ports are: 80, 9000.",
    });
  });

  test("a Service without ready pods is told", async () => {
    await expect(readyPods(client, { ref: { ...ref, service: "none" }, port: undefined }, never)).rejects.toThrow(
      "E_API: keye/services/none",
    );
    api.put("/apis/discovery.k8s.io/v1/namespaces/keye/endpointslices/keye-1", {
      metadata: { name: "keye-1", labels: { "kubernetes.io/service-name": "keye" } },
      ports: null,
      endpoints: null,
    });
    await expect(readyPods(client, { ref, port: undefined }, never)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^E_PROBE: keye\/services\/keye: Its EndpointSlices list no ready pod\. Read: kubectl/,
      ),
    });
  });
});
