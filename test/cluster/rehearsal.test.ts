import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { PortForward } from "@kubernetes/client-node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { loadKubeconfig } from "../../infra/cluster/kubeconfig.ts";
import type { Pod } from "../../infra/status/objects.ts";
import { engineDeployment, TestCluster } from "../support/rehearsal-cluster.ts";
import { launchSmallEngine } from "../support/small-engine.ts";

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start({ launch: launchSmallEngine });
});

afterAll(() => cluster?.close());

afterEach(async () => {
  const { items } = await cluster.call<{ items: Pod[] }>({ method: "GET", path: "/api/v1/pods" });
  const namespaces = new Set(items.map(({ metadata }) => metadata.namespace ?? ""));
  for (const namespace of namespaces) await cluster.deleteDeployments(namespace);
});

const deployments = (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments`;
const services = (namespace: string) => `/api/v1/namespaces/${namespace}/services`;

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
}

async function readyPods(namespace: string, count: number): Promise<readonly Pod[]> {
  return cluster.until(`${count} ready pods`, async () => {
    const ready = (await cluster.pods(namespace)).filter(isReady);
    return ready.length === count && ready;
  });
}

/** One GET on a connection of its own. */
async function get(url: string): Promise<string> {
  return getWith(new Agent({ keepAlive: false }), url);
}

function getWith(agent: Agent, url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, signal: AbortSignal.timeout(5_000) }, (response) => {
      text(response).then(resolve, reject);
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

describe("the control plane", () => {
  test("is ready in less than fifteen seconds and fits into a gigabyte", () => {
    const { startedIn, state } = cluster.rehearsal;
    const memory = [state.supervisor, ...state.children].map(({ name, pid }) => {
      const kib = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
      return { name, mib: Math.round(kib / 1024) };
    });
    const total = memory.reduce((sum, { mib }) => sum + mib, 0);
    process.stdout.write(
      `rehearsal ready in ${(startedIn / 1000).toFixed(1)} s; ${total} MiB: ${memory.map(({ name, mib }) => `${name} ${mib}`).join(", ")}\n`,
    );
    // Twice the aim, for a machine that is busy with other tests.
    expect(startedIn).toBeLessThan(30_000);
    expect(total).toBeLessThan(1_024 + 512);
  });

  test("shows H800 nodes as GPU feature discovery does", async () => {
    const { metadata, spec, status } = await cluster.call<{
      metadata: { labels: Record<string, string> };
      spec: { taints: unknown };
      status: { allocatable: Record<string, string> };
    }>({ method: "GET", path: "/api/v1/nodes/h800-0" });
    expect(metadata.labels).toMatchObject({
      "nvidia.com/gpu.product": "NVIDIA-H800",
      "nvidia.com/gpu.count": "8",
      "nvidia.com/gpu.memory": "81559",
      "nvidia.com/gpu.family": "hopper",
      "nvidia.com/gpu.compute.major": "9",
      "nvidia.com/gpu.compute.minor": "0",
    });
    expect(spec.taints).toEqual([{ key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" }]);
    expect(status.allocatable).toMatchObject({ "nvidia.com/gpu": "8" });
  });
});

describe("a deployed engine", () => {
  test("becomes ready, is found by its Service, answers through the proxy and leaves in good order", async () => {
    const namespace = "serving";
    await cluster.createNamespace(namespace);
    const ports = [{ name: "http", port: 8000, targetPort: "http" }];
    await cluster.create(
      [services(namespace), { metadata: { name: "live" }, spec: { selector: { app: "live" }, ports } }],
      [
        deployments(namespace),
        engineDeployment({
          name: "live",
          replicas: 2,
          container: { lifecycle: { preStop: { sleep: { seconds: 1 } } } },
        }),
      ],
    );
    const pods = await readyPods(namespace, 2);
    const addresses = pods.map((pod) => pod.status?.podIP?.replace(/^10\./, "127.")).sort();
    const proxy = await cluster.rehearsal.startServiceProxy({ namespace, service: "live", portName: "http" });
    await cluster.until("two endpoints", async () => proxy.endpoints.length === 2);
    const answers = new Set([await get(proxy.url), await get(proxy.url)]);
    expect([...answers].sort()).toEqual(addresses.map((address) => `from ${address}\n`));

    const [gone] = pods;
    const path = `/api/v1/namespaces/${namespace}/pods/${gone?.metadata.name}`;
    await cluster.call({ method: "DELETE", path });
    await cluster.until("the pod to leave the endpoints while its hook runs", async () => {
      const leaves = !proxy.endpoints.some((endpoint) => endpoint.startsWith(`${gone?.status?.podIP}:`));
      const isThere = (await cluster.pods(namespace)).some(({ metadata }) => metadata.uid === gone?.metadata.uid);
      expect(isThere || leaves).toBe(true);
      return leaves && !isThere;
    });
    expect(await cluster.podEvents(namespace)).toContain("Killing: Stopping container engine");
  });

  test("gives its log, and its port, through the API server", async () => {
    const namespace = "reaching";
    await cluster.createNamespace(namespace);
    await cluster.create([deployments(namespace), engineDeployment({ name: "one" })]);
    const [pod] = await readyPods(namespace, 1);
    const name = pod?.metadata.name ?? "";
    const log = await cluster.until("the log", async () => {
      const log = await cluster.log(namespace, name).catch(() => "");
      return log.includes("ready to roll") && log;
    });
    expect(log.split("\n").at(-2)).toBe("The server is fired up and ready to roll!");
    expect(await throughPortForward(namespace, name, 8000)).toContain(
      `from ${pod?.status?.podIP?.replace(/^10\./, "127.")}`,
    );
  });

  test("that crashes is restarted with a growing back-off, and its last log can be read", async () => {
    const namespace = "crashing";
    await cluster.createNamespace(namespace);
    const annotations = { "rehearsal.keye-stack.dev/fault": "crash", "rehearsal.keye-stack.dev/speed": "20" };
    await cluster.create([deployments(namespace), engineDeployment({ name: "bad", annotations })]);
    const { name, message } = await cluster.until("the second back-off", async () => {
      const [pod] = await cluster.pods(namespace);
      const status = pod?.status?.containerStatuses?.[0];
      const waiting = status?.state?.waiting;
      const isSecond = waiting?.reason === "CrashLoopBackOff" && waiting.message?.startsWith("back-off 20s");
      return pod !== undefined && isSecond && { name: pod.metadata.name, message: waiting.message ?? "", status };
    });
    expect(message).toMatch(/^back-off 20s restarting failed container=engine pod=bad-\w+-\w+_crashing\([-0-9a-f]+\)$/);
    expect(await cluster.log(namespace, name, { previous: true })).toContain("ValueError: scripted crash");
    expect((await cluster.podEvents(namespace)).join("\n")).toMatch(
      /BackOff: Back-off restarting failed container engine/,
    );
  });

  test.each([
    {
      what: "whose image does not exist",
      namespace: "no-image",
      deployment: { annotations: { "rehearsal.keye-stack.dev/fault": "image-not-found" } },
      reason: "ImagePullBackOff",
      message: /^Back-off pulling image .*: ErrImagePull: rpc error: code = NotFound desc = .*: not found$/,
      event: /^Failed: Failed to pull image .* code = NotFound/,
    },
    {
      what: "whose Secret does not exist",
      namespace: "no-secret",
      deployment: { env: [{ name: "HF_TOKEN", valueFrom: { secretKeyRef: { name: "hub", key: "token" } } }] },
      reason: "CreateContainerConfigError",
      message: /^secret "hub" not found$/,
      event: /^Failed: Error: secret "hub" not found$/,
    },
  ])("$what waits with the kubelet's reason", async ({ namespace, deployment, reason, message, event }) => {
    await cluster.createNamespace(namespace);
    await cluster.create([deployments(namespace), engineDeployment({ name: "bad", ...deployment })]);
    const waiting = await cluster.until(reason, async () => {
      const [pod] = await cluster.pods(namespace);
      const state = pod?.status?.containerStatuses?.[0]?.state?.waiting;
      return state?.reason === reason && state;
    });
    expect(waiting.message).toMatch(message);
    await cluster.until("the event", async () => (await cluster.podEvents(namespace)).some((line) => event.test(line)));
  });
});

test("a pod that is evicted fails with the reason, and is replaced", async () => {
  const namespace = "evicting";
  await cluster.createNamespace(namespace);
  const annotations = { "rehearsal.keye-stack.dev/fault": "evicted:100" };
  await cluster.create([deployments(namespace), engineDeployment({ name: "bad", annotations })]);
  const evicted = await cluster.until("an evicted pod and another one", async () => {
    const pods = await cluster.pods(namespace);
    return pods.length > 1 && pods.find(({ status }) => status?.phase === "Failed");
  });
  expect(evicted.status).toMatchObject({
    reason: "Evicted",
    message: "The node was low on resource: ephemeral-storage. ",
    containerStatuses: [{ state: { terminated: { exitCode: 137 } } }],
  });
});

test("a proxy refuses while nothing is ready, and keeps open connections where they are when the selector moves", async () => {
  const namespace = "moving";
  await cluster.createNamespace(namespace);
  const ports = [{ port: 8000 }];
  await cluster.create(
    [services(namespace), { metadata: { name: "live" }, spec: { selector: { app: "none" }, ports } }],
    [deployments(namespace), engineDeployment({ name: "old" })],
    [deployments(namespace), engineDeployment({ name: "new" })],
  );
  const pods = await readyPods(namespace, 2);
  const answerOf = (app: string) => {
    const pod = pods.find(({ metadata }) => metadata.labels?.app === app);
    return `from ${pod?.status?.podIP?.replace(/^10\./, "127.")}\n`;
  };
  const select = (app: string) =>
    cluster.call({
      method: "PATCH",
      path: `${services(namespace)}/live`,
      body: { spec: { selector: { app } } },
      contentType: "application/merge-patch+json",
    });
  const proxy = await cluster.rehearsal.startServiceProxy({ namespace, service: "live" });
  await expect(get(proxy.url)).rejects.toThrow();
  await select("old");
  await cluster.until("the old endpoint", async () => (await get(proxy.url).catch(() => "")) === answerOf("old"));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const first = await getWith(agent, proxy.url);
  await select("new");
  await cluster.until("the new endpoint", async () => (await get(proxy.url)) === answerOf("new"));
  expect([first, await getWith(agent, proxy.url)]).toEqual([answerOf("old"), answerOf("old")]);
  agent.destroy();
});

test("an API server that was away is back with everything as it was, and the nodes go on", async () => {
  const namespace = "away";
  await cluster.createNamespace(namespace);
  await cluster.create([deployments(namespace), engineDeployment({ name: "still" })]);
  const [before] = await readyPods(namespace, 1);
  await cluster.rehearsal.pauseApiserver();
  await expect(fetch(cluster.rehearsal.state.server)).rejects.toThrow();
  expect(await get(`http://${before?.status?.podIP?.replace(/^10\./, "127.")}:8000/`)).toContain("from");
  await cluster.rehearsal.resumeApiserver();
  await cluster.call({
    method: "PATCH",
    path: `${deployments(namespace)}/still/scale`,
    body: { spec: { replicas: 2 } },
    contentType: "application/merge-patch+json",
  });
  const after = await readyPods(namespace, 2);
  expect(after.map(({ metadata }) => metadata.uid)).toContain(before?.metadata.uid);
});

test("closing leaves no process and no state, only logs", async () => {
  const second = await TestCluster.start({ launch: launchSmallEngine });
  const { state } = second.rehearsal;
  expect(state.octet).not.toBe(cluster.rehearsal.state.octet);
  await second.rehearsal.close();
  const left = state.children.filter(({ pid }) => isRunning(pid));
  expect(left).toEqual([]);
  expect(execFileSync("ls", [state.dir], { encoding: "utf8" })).toBe("logs\n");
  await second.close();
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The answer to `GET /`, as a client of the API server gets it, the way `kubectl port-forward` does. */
async function throughPortForward(namespace: string, pod: string, port: number): Promise<string> {
  const forward = new PortForward(loadKubeconfig({ kubeconfig: cluster.rehearsal.state.kubeconfig }));
  const server = createServer((socket) => {
    void forward.portForward(namespace, pod, [port], socket, null, socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const client = connect(typeof address === "object" && address !== null ? address.port : 0, "127.0.0.1");
  try {
    client.write("GET / HTTP/1.1\r\nHost: pod\r\n\r\n");
    let answer = "";
    for await (const chunk of client) {
      answer += chunk;
      if (answer.includes("from ")) break;
    }
    return answer;
  } finally {
    client.destroy();
    server.close();
  }
}
