import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ClusterConnection, connect } from "../../infra/cluster/connect.ts";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import { trafficOfRevision as of } from "../../infra/core/traffic.ts";
import type { Observation } from "../../infra/gate/ports.ts";
import { type RehearsalCluster, startCluster } from "../../infra/rehearsal/cluster.ts";
import type { EngineExit, EngineLaunch, EngineProcess } from "../../infra/rehearsal/engine/launch.ts";
import { defaultNodes } from "../../infra/rehearsal/nodes.ts";
import { loopbackOf } from "../../infra/rehearsal/pod-address.ts";
import type { Pod } from "../../infra/status/objects.ts";

const never = new AbortController().signal;
const ref = { namespace: "keye", app: "keye", service: "keye" };
const a = "aaaaaaaaaa";
const b = "bbbbbbbbbb";

/** Where the rehearsal listens for a pod. */
function addressOf(pod: Pod | undefined): string {
  return loopbackOf(pod?.status?.podIP ?? "");
}

/** An engine that answers every request with its address. */
function launch({ address, log }: EngineLaunch): EngineProcess {
  const server = createServer((_request, response) => response.end(address));
  const exited = new Promise<EngineExit>((end) => server.once("close", () => end({ exitCode: 0 })));
  server.listen(8000, address, () => log("Uvicorn running"));
  const kill = () => {
    server.close();
    server.closeAllConnections();
  };
  return { exited, kill };
}

function deployment(revision: string) {
  const labels = { "app.kubernetes.io/instance": "keye", "keye-stack.dev/revision": revision };
  const container = {
    name: "engine",
    image: `registry.example/engine@sha256:${"0".repeat(64)}`,
    command: ["python3", "-m", "sglang.launch_server"],
    readinessProbe: { httpGet: { path: "/", port: 8000 }, periodSeconds: 1 },
    resources: { limits: { "nvidia.com/gpu": "2" } },
  };
  const tolerations = [{ key: "nvidia.com/gpu", operator: "Exists" }];
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: `keye-${revision}`, labels },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container], tolerations } },
    },
  };
}

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "keye" },
  spec: {
    selector: { "app.kubernetes.io/instance": "keye", "keye-stack.dev/revision": "none" },
    ports: [{ name: "http", port: 80, targetPort: 8000 }],
  },
};

describe("the cluster adapter on a real API server", () => {
  const dir = mkdtempSync(join(tmpdir(), "cluster-adapter-"));
  let rehearsal: RehearsalCluster;
  let connection: ClusterConnection;

  /** A port-forward to a pod. */
  function forward(pod: Pod | undefined, port: number) {
    const engine = { namespace: "keye", name: pod?.metadata.name ?? "", port };
    return connection.transport("port-forward").open(engine, never);
  }

  beforeAll(async () => {
    rehearsal = await startCluster({
      name: "adapter",
      dir,
      nodes: defaultNodes,
      path: [resolve(import.meta.dirname, "../../.toolchain/bin"), process.env.PATH].join(delimiter),
      clock: systemClock,
      launch,
      hasServiceProxies: false,
      signal: never,
    });
    connection = connect({ kubeconfig: rehearsal.state.kubeconfig });
    const post = (path: string, body: unknown) => rehearsal.api.call({ method: "POST", path, body }, never);
    await post("/api/v1/namespaces", { metadata: { name: "keye" } });
    await post("/api/v1/namespaces/keye/services", service);
    for (const revision of [a, b]) await post("/apis/apps/v1/namespaces/keye/deployments", deployment(revision));
  });

  afterAll(async () => {
    connection?.close();
    await rehearsal?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Waits by the adapter's own watches until an observation fits. */
  async function observed(fits: (seen: Observation) => boolean): Promise<Observation> {
    const deadline = AbortSignal.timeout(60_000);
    for (;;) {
      const seen = await connection.cluster.observe(ref, deadline);
      if (fits(seen)) return seen;
      await connection.cluster.waitForChange(ref, 30_000, deadline);
    }
  }

  const readyPods = ({ pods }: Observation) =>
    pods.filter(({ status }) => status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"));

  test("nodes are found by selector, with what they have", async () => {
    const selector = { "nvidia.com/gpu.product": "NVIDIA-H800" };
    const found = await connection.inspectNodes({ pools: [{ name: "gpu", selector }] }, never);
    expect(found.clusterUid).toMatch(/^[0-9a-f-]{36}$/);
    expect(found.pools[0]?.nodes).toMatchObject([
      { name: "h800-0", allocatableGpus: 8, isReady: true, isUnschedulable: false },
      { name: "h800-1", allocatableGpus: 8, isReady: true, isUnschedulable: false },
    ]);
  });

  test("a revision is scaled, switched to, and served by exactly its pods", async () => {
    await connection.cluster.scale(ref, `keye-${a}`, 2, never);
    await observed((seen) => readyPods(seen).length === 2);
    expect(await connection.cluster.switchTraffic(ref, of("none"), of(a), never)).toEqual({ kind: "switched" });
    const seen = await observed(({ endpoints }) => endpoints.filter(({ ready }) => ready).length === 2);
    expect(seen.traffic).toEqual(of(a));
    const uids = (values: readonly (string | undefined)[]) => [...values].sort();
    expect(uids(seen.endpoints.map(({ podUid }) => podUid))).toEqual(
      uids(readyPods(seen).map(({ metadata }) => metadata.uid)),
    );
    expect(await connection.liveTraffic(ref, never)).toEqual({ kind: "revision", revision: a });
  });

  test("the candidate's view holds its pods and their events, in order", async () => {
    const view = await connection.cluster.candidate(ref, a, never);
    expect(view.deployment?.metadata.name).toBe(`keye-${a}`);
    expect(view.pods).toHaveLength(2);
    expect(view.events.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(["ScalingReplicaSet", "SuccessfulCreate", "Scheduled", "Started"]),
    );
    const times = view.events.map(({ lastTimestamp }) => Date.parse(lastTimestamp ?? ""));
    expect(times).toEqual(times.toSorted((x, y) => x - y));
  });

  test("a log is read to its end; one of an earlier instance that never was is empty", async () => {
    const [pod] = (await connection.cluster.observe(ref, never)).pods;
    const read = (previous: boolean) =>
      connection.cluster.logTail(ref, pod?.metadata.name ?? "", { previous, lines: 5 }, never);
    expect(await read(false)).toContain("Uvicorn running");
    expect(await read(true)).toBe("");
  });

  test("a pod tunnel leads to that pod, the Service's to all of them in turn", async () => {
    const seen = await connection.cluster.observe(ref, never);
    const [first] = seen.pods;
    const direct = await forward(first, 8000);
    const through = await connection.transport("port-forward").openService(ref, 80, never);
    const ask = async (baseUrl: string) => (await fetch(baseUrl, { headers: { connection: "close" } })).text();
    try {
      expect(await ask(direct.baseUrl)).toBe(addressOf(first));
      const answers = new Set([await ask(through.baseUrl), await ask(through.baseUrl)]);
      expect(answers).toEqual(new Set(seen.pods.map(addressOf)));
    } finally {
      await direct.close();
      await through.close();
    }
  });

  test("a port where nothing listens resets the client, and the reason is kept", async () => {
    const [pod] = (await connection.cluster.observe(ref, never)).pods;
    const tunnel = await forward(pod, 8001);
    await expect(fetch(tunnel.baseUrl)).rejects.toThrow();
    expect(tunnel.failure()).toBeTruthy();
    await tunnel.close();
  });

  test("a selector that moved meanwhile is a conflict on the real API too", async () => {
    expect(await connection.cluster.switchTraffic(ref, of("none"), of(b), never)).toEqual({
      kind: "conflict",
      found: of(a),
    });
    expect(await connection.liveTraffic(ref, never)).toEqual({ kind: "revision", revision: a });
  });

  test("the Lease has one holder; it is free again once released", async () => {
    const other = connect({ kubeconfig: rehearsal.state.kubeconfig });
    const lease = await connection.lease.acquire(ref, "first", never);
    await lease.assertHeld(never);
    await expect(other.lease.acquire(ref, "second", AbortSignal.timeout(20_000))).rejects.toMatchObject({
      code: "E_LOCKED",
      message: expect.stringContaining("holder=first"),
    });
    await lease.release();
    const next = await other.lease.acquire(ref, "second", never);
    await expect(lease.assertHeld(never)).rejects.toMatchObject({ code: "E_LOCKED" });
    await next.release();
    other.close();
  });

  test("evidence is written, written over, and read", async () => {
    const record = { name: "rollgate-keye-x", json: '{"a":1}', inputsJson: "{}", revision: a, verdict: "fail" };
    await connection.cluster.saveEvidence(ref, record, never);
    await connection.cluster.saveEvidence(ref, { ...record, json: '{"a":2}', verdict: "pass" }, never);
    expect(await connection.cluster.readEvidence(ref, record.name, never)).toEqual({
      name: record.name,
      json: '{"a":2}',
    });
  });

  test("the ledger's nodes and bound pods are those of the whole cluster", async () => {
    const { nodes, pods } = await connection.cluster.capacity(never);
    expect(nodes.map(({ metadata }) => metadata.name).sort()).toEqual(["cpu-0", "h800-0", "h800-1"]);
    expect(pods.filter(({ metadata }) => metadata.namespace === "keye")).toHaveLength(2);
  });

  test("an API server that is down and comes back ends neither reads, waits nor new tunnels", async () => {
    const [pod] = (await connection.cluster.observe(ref, never)).pods;
    const tunnel = await forward(pod, 8000);
    await rehearsal.pauseApiserver();
    const reading = connection.cluster.observe(ref, never);
    const asking = fetch(tunnel.baseUrl, { headers: { connection: "close" } }).then((answer) => answer.text());
    await rehearsal.resumeApiserver();
    expect((await reading).traffic).toEqual(of(a));
    expect(await asking).toBe(addressOf(pod));
    await tunnel.close();
    await connection.cluster.scale(ref, `keye-${a}`, 1, never);
    await observed((seen) => readyPods(seen).length === 1);
  });

  test("a certificate that the kubeconfig does not vouch for is told at once", async () => {
    const file = join(dir, "untrusting");
    const trusting = readFileSync(rehearsal.state.kubeconfig, "utf8");
    writeFileSync(
      file,
      trusting.replace(/\n\s*certificate-authority-data:.*|"certificate-authority-data":\s*"[^"]*",?/, ""),
    );
    const strangers = connect({ kubeconfig: file });
    await expect(strangers.liveTraffic(ref, never)).rejects.toMatchObject({
      code: "ENV_UNREACHABLE",
      message: expect.stringMatching(/did not answer in 0\.\d s: .*certificate/),
    });
    strangers.close();
  });
});
