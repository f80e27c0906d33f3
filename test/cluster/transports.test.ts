import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ClusterConnection, connect } from "../../infra/cluster/connect.ts";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import { directPassage, type EnginePod, type Transport } from "../../infra/cluster/transport.ts";
import type { Milliseconds } from "../../infra/core/units.ts";
import { exchange } from "../../infra/prober/http.ts";
import type { EngineExit, EngineLaunch, EngineProcess } from "../../infra/rehearsal/engine/launch.ts";
import { launchEngine } from "../../infra/rehearsal/engine/process.ts";
import { loopbackOf } from "../../infra/rehearsal/pod-address.ts";
import { joinPodNetwork } from "../../infra/rehearsal/pod-network.ts";
import { TransportProber } from "../../infra/rollgate/prober-port.ts";
import type { Pod } from "../../infra/status/objects.ts";
import { engineDeployment, TestCluster, withSharedMemory } from "../support/rehearsal-cluster.ts";

const namespace = "transports";
const never = new AbortController().signal;
const kinds = ["direct", "port-forward", "in-cluster"] as const;

let cluster: TestCluster;
let connection: ClusterConnection;
let leaveNetwork: () => void;
let streamingPod: Pod;
let simulatedPod: Pod;
/** The processes of streaming engines, by address. */
const streaming = new Map<string, EngineProcess>();

beforeAll(async () => {
  cluster = await TestCluster.start({
    launch: (launch) => (launch.env.STREAMS === "1" ? launchStreaming(launch) : launchEngine(launch)),
  });
  connection = connect({ kubeconfig: cluster.rehearsal.state.kubeconfig });
  await cluster.createNamespace(namespace);
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  await cluster.create(
    [path, engineDeployment({ name: "engine", ...withSharedMemory })],
    [path, engineDeployment({ name: "streaming", env: [{ name: "STREAMS", value: "1" }] })],
  );
  simulatedPod = await readyPod("engine");
  streamingPod = await readyPod("streaming");
  leaveNetwork = joinPodNetwork(simulatedPod.status?.podIP ?? "");
}, 120_000);

afterAll(async () => {
  leaveNetwork?.();
  connection?.close();
  await cluster?.close();
});

/** An engine whose every answer goes on until its process is killed. */
function launchStreaming({ address, log }: EngineLaunch): EngineProcess {
  const { promise, resolve } = Promise.withResolvers<EngineExit>();
  const server = createServer((request, response) => {
    if (request.url === "/health") {
      response.end();
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const ticking = setInterval(() => response.write("data: {}\n\n"), 50);
    response.once("close", () => clearInterval(ticking));
  });
  server.listen(8000, address, () => log("streaming"));
  const kill = () => {
    server.close();
    server.closeAllConnections();
    resolve({ exitCode: 137, signal: 9 });
  };
  const process = { exited: promise, kill };
  streaming.set(address, process);
  return process;
}

async function readyPod(app: string): Promise<Pod> {
  return cluster.until(`a ready pod of ${app}`, async () => {
    const pods = await cluster.pods(namespace);
    return pods.find(
      ({ metadata, status }) =>
        metadata.labels?.app === app &&
        status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True"),
    );
  });
}

function transportOf(kind: (typeof kinds)[number]): Transport {
  if (kind !== "direct") return connection.transport(kind);
  const open = async ({ ip = "", port }: EnginePod) => directPassage(`http://${loopbackOf(ip)}:${port}`);
  return { open, openService: () => Promise.reject(new Error("a Service has no URL here")) };
}

/** Opens a stream of the streaming engine, and tells when its first byte has come and how and when it ends. */
async function openStream(kind: (typeof kinds)[number], signal: AbortSignal) {
  const { name } = streamingPod.metadata;
  const ip = streamingPod.status?.podIP;
  const passage = await transportOf(kind).open({ namespace, name, ip, port: 8000 }, signal);
  const target = { name, baseUrl: passage.baseUrl };
  const stream = exchange(target, { method: "GET", path: "/stream", timeout: 30_000 }, signal);
  // The engine writes every 50 ms: by now it is in mid-stream.
  await systemClock.sleep(500);
  return { stream, close: () => passage.close() };
}

/** How long `work` takes to end, in whatever way. */
async function timed(work: Promise<unknown>): Promise<Milliseconds> {
  const startedAt = performance.now();
  await work.catch(() => undefined);
  return performance.now() - startedAt;
}

test("the same engine gets the same measurements over every transport", async () => {
  const spec = { profile: "smoke", expectation: { tpSize: 2, memFractionStatic: 0.8 } } as const;
  const questions = { spec, baseline: { because: "none was given." } };
  const ref = { namespace, app: "engine", service: "engine" };
  const progress = { line: () => undefined, status: () => undefined };
  const outcomes: Record<string, readonly string[]> = {};
  for (const kind of kinds) {
    const parts = { inputs: { port: 8000 }, apiKey: async () => undefined, clock: systemClock, progress };
    const prober = new TransportProber({ ...parts, transport: transportOf(kind) });
    const report = await prober.probePod(ref, simulatedPod, questions, never);
    outcomes[kind] = report.measurements.map(({ check, outcome }) => `${check} ${outcome}`);
  }
  expect(outcomes.direct).toEqual(expect.arrayContaining(["health pass", "text pass", "streaming pass"]));
  expect(outcomes["port-forward"]).toEqual(outcomes.direct);
  expect(outcomes["in-cluster"]).toEqual(outcomes.direct);
});

describe.each(kinds)("%s", (kind) => {
  test("a run that is cancelled in mid-stream ends within a second", async () => {
    const cancel = new AbortController();
    const { stream, close } = await openStream(kind, cancel.signal);
    cancel.abort(new Error("cancelled"));
    expect(await timed(stream)).toBeLessThan(1_000);
    expect(await timed(close())).toBeLessThan(1_000);
    await expect(stream).rejects.toThrow("cancelled");
  });

  test("a pod that dies in mid-stream ends it within a second, and the answer is not taken for whole", async () => {
    const { stream, close } = await openStream(kind, never);
    streaming.get(loopbackOf(streamingPod.status?.podIP ?? ""))?.kill("SIGKILL");
    expect(await timed(stream)).toBeLessThan(1_000);
    expect(await stream).toMatchObject({ kind: "answer", status: 200, cut: expect.any(String) });
    await close();
    streamingPod = await cluster.until("the engine's restart", async () => {
      const pod = await readyPod("streaming");
      const [container] = pod.status?.containerStatuses ?? [];
      const { restartCount = 0 } = streamingPod.status?.containerStatuses?.[0] ?? {};
      return (container?.restartCount ?? 0) > restartCount && pod;
    });
  });
});
