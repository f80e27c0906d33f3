import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ApiClient } from "../../../infra/cluster/api-client.ts";
import { podEnd } from "../../../infra/cluster/pod-end.ts";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { directPassage, inCluster } from "../../../infra/cluster/transport.ts";
import { FakeKubeApi } from "../../support/fake-kube-api.ts";
import { until } from "../../support/until.ts";

const never = new AbortController().signal;
const ref = { namespace: "keye", app: "keye", service: "keye" };

test("a URL that is known is taken as it is", async () => {
  const passage = directPassage("https://engine.example/");
  expect(passage.baseUrl).toBe("https://engine.example/");
  expect(passage.failure()).toBeUndefined();
  await passage.close();
});

describe("from inside the cluster", () => {
  let api: FakeKubeApi;
  let client: ApiClient;

  beforeEach(async () => {
    api = await new FakeKubeApi().start();
    client = new ApiClient(api.kubeconfig, systemClock);
  });

  afterEach(async () => {
    client.close();
    await api.stop();
  });

  test.each([
    { ip: "10.1.2.3", url: "http://10.1.2.3:8000" },
    { ip: "fd00::7", url: "http://[fd00::7]:8000" },
  ])("a pod at $ip is at $url, and nobody else is asked", async ({ ip, url }) => {
    const passage = await inCluster(client).open({ namespace: "keye", name: "keye-0", ip, port: 8000 }, never);
    expect(passage.baseUrl).toBe(url);
    expect(api.requests).toEqual([]);
  });

  test("a pod without an address is refused with the command that shows why", async () => {
    const opening = inCluster(client).open({ namespace: "keye", name: "keye-0", port: 8000 }, never);
    await expect(opening).rejects.toMatchObject({
      code: "E_PROBE",
      message: expect.stringMatching(
        /keye\/pods\/keye-0: It has no address yet.*kubectl -n keye get pod keye-0 -o wide/,
      ),
    });
  });

  test.each([
    { what: "its own first port", port: undefined, url: "http://10.96.0.9:80" },
    { what: "a port that is named", port: 8000, url: "http://10.96.0.9:8000" },
  ])("a Service is at its cluster IP and $what", async ({ port, url }) => {
    api.put("/api/v1/namespaces/keye/services/keye", {
      metadata: { name: "keye", namespace: "keye" },
      spec: { clusterIP: "10.96.0.9", ports: [{ port: 80 }, { port: 8000 }] },
    });
    expect((await inCluster(client).openService(ref, port, never)).baseUrl).toBe(url);
  });

  test("a headless Service has no address to ask", async () => {
    api.put("/api/v1/namespaces/keye/services/keye", {
      metadata: { name: "keye", namespace: "keye" },
      spec: { clusterIP: "None", ports: [{ port: 80 }] },
    });
    await expect(inCluster(client).openService(ref, undefined, never)).rejects.toMatchObject({ code: "E_PROBE" });
  });
});

describe("the end of a pod", () => {
  let api: FakeKubeApi;
  let client: ApiClient;
  const path = "/api/v1/namespaces/keye/pods/keye-0";
  const running = { name: "engine", restartCount: 1, state: { running: {} } };
  const terminated = { exitCode: 137, reason: "OOMKilled" };

  function put(uid: string, status: object): void {
    api.put(path, { metadata: { name: "keye-0", namespace: "keye", uid }, status: { containerStatuses: [status] } });
  }

  beforeEach(async () => {
    api = await new FakeKubeApi().start();
    client = new ApiClient(api.kubeconfig, systemClock);
    put("u0", running);
  });

  afterEach(async () => {
    client.close();
    await api.stop();
  });

  function following(signal = never): Promise<string | undefined> {
    return podEnd(client, { namespace: "keye", name: "keye-0", clock: systemClock, signal });
  }

  test.each([
    {
      what: "a container that has ended",
      change: () => put("u0", { ...running, state: { terminated } }),
      why: "container engine has ended (OOMKilled, exit code 137)",
    },
    {
      what: "a container that is running again",
      change: () => put("u0", { ...running, restartCount: 2, lastState: { terminated } }),
      why: "container engine has ended (OOMKilled, exit code 137)",
    },
    { what: "another pod of the same name", change: () => put("u1", running), why: "the pod was replaced" },
  ])("is $what", async ({ change, why }) => {
    const ended = following();
    await until(() => api.openWatches === 1);
    put("u0", { ...running, ready: true });
    change();
    expect(await ended).toBe(why);
    await until(() => api.openWatches === 0);
  });

  test("is not told once nobody waits for it any more", async () => {
    const stop = new AbortController();
    const ended = following(stop.signal);
    await until(() => api.openWatches === 1);
    stop.abort();
    expect(await ended).toBeUndefined();
  });
});
