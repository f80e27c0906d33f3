import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ContainerSpec } from "../../../infra/rehearsal/kubelet/pod-types.ts";
import { attemptProbe } from "../../../infra/rehearsal/kubelet/probe-attempt.ts";
import { countResult, type ProbeState } from "../../../infra/rehearsal/kubelet/probe-state.ts";
import { runProbes } from "../../../infra/rehearsal/kubelet/probes.ts";
import { ManualClock } from "../../support/manual-clock.ts";

// Not from the range of a rehearsal, so that neither meets the other.
const podIP = "10.63.7.1";
const port = 18_080;
let server: Server | undefined;
let status = 200;
let seen: string[] = [];

beforeEach(() => {
  status = 200;
  seen = [];
});

afterEach(() => new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve))));

async function serve(): Promise<void> {
  server = createServer((request, response) => {
    seen.push(`${request.url} ${request.headers["user-agent"]} ${request.headers.host}`);
    if (request.url === "/hang") return;
    response.statusCode = status;
    response.end();
  });
  await new Promise<void>((resolve) => server?.listen(port, "127.63.7.1", resolve));
}

const container: ContainerSpec = { name: "engine", ports: [{ name: "http", containerPort: port }] };

test("an HTTP probe asks the pod's loopback address in the pod's name, and passes below 400", async () => {
  await serve();
  const probe = { httpGet: { path: "/health", port: "http" } };
  expect(await attemptProbe(probe, container, podIP)).toEqual({ ok: true, message: "" });
  status = 503;
  const failed = { ok: false, message: "HTTP probe failed with statuscode: 503" };
  expect(await attemptProbe(probe, container, podIP)).toEqual(failed);
  expect(seen[0]).toBe(`/health kube-probe/1.36 ${podIP}:${port}`);
});

test("a refused connection and a late answer are worded as the kubelet words them", async () => {
  const probe = { httpGet: { path: "/health", port } };
  expect((await attemptProbe(probe, container, podIP)).message).toBe(
    `Get "http://${podIP}:${port}/health": dial tcp ${podIP}:${port}: connect: connection refused`,
  );
  await serve();
  const late = { httpGet: { path: "/hang", port }, timeoutSeconds: 0.05 };
  expect((await attemptProbe(late, container, podIP)).message).toBe(
    `Get "http://${podIP}:${port}/hang": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
  );
  server?.closeAllConnections();
});

test("a TCP probe passes as soon as somebody listens", async () => {
  const probe = { tcpSocket: { port: "http" } };
  expect(await attemptProbe(probe, container, podIP)).toEqual({
    ok: false,
    message: `dial tcp ${podIP}:${port}: connect: connection refused`,
  });
  await serve();
  expect((await attemptProbe(probe, container, podIP)).ok).toBe(true);
});

test("only as many equal results in a row as the threshold asks for make a verdict", () => {
  const results = [false, false, true, false, false, false, true];
  let state: ProbeState | undefined;
  const verdicts = results.map((ok) => {
    const counted = countResult(state, { ok, message: "" }, { success: 1, failure: 3 });
    state = counted.state;
    return counted.verdict;
  });
  expect(verdicts).toEqual([undefined, undefined, true, undefined, undefined, false, true]);
});

/** Runs the probes of a container whose server answers `status`, and gives what the listener heard. */
function listen(spec: Partial<ContainerSpec>) {
  const clock = new ManualClock();
  const heard: string[] = [];
  const ended = new AbortController();
  const stopping = new AbortController();
  const done = runProbes({
    container: { ...container, ...spec },
    podIP,
    clock,
    ended: ended.signal,
    stopping: stopping.signal,
    listener: {
      onStarted: () => heard.push("started"),
      onReady: (isReady) => heard.push(isReady ? "ready" : "unready"),
      onUnhealthy: (kind) => heard.push(`${kind} unhealthy`),
      onFailure: (kind) => heard.push(`${kind} failed`),
      onSkipped: (kind) => heard.push(`${kind} skipped`),
    },
  });
  const end = () => {
    ended.abort();
    return done;
  };
  return { clock, heard, ended, stopping, done, end };
}

/** Moves time second by second, letting the attempts' real connections come and go. */
async function pass(clock: ManualClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    const before = seen.length;
    await clock.advance(1_000);
    for (let turn = 0; turn < 40 && seen.length === before; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
}

test("a container without probes is started and ready at once", async () => {
  const run = listen({});
  await run.done;
  expect(run.heard).toEqual(["started", "ready"]);
});

test("the start-up probe holds back the others, and then readiness follows the server", async () => {
  await serve();
  status = 503;
  const httpGet = { path: "/health", port };
  const run = listen({
    startupProbe: { httpGet, periodSeconds: 1, failureThreshold: 10 },
    readinessProbe: { httpGet, periodSeconds: 1, failureThreshold: 2 },
  });
  await pass(run.clock, 2);
  expect(new Set(run.heard)).toEqual(new Set(["Startup failed"]));
  status = 200;
  await pass(run.clock, 2);
  expect(run.heard.filter((word) => word !== "Startup failed").slice(0, 2)).toEqual(["started", "ready"]);
  status = 503;
  await pass(run.clock, 4);
  expect(run.heard).toContain("unready");
  expect(run.heard.indexOf("unready")).toBeGreaterThan(run.heard.indexOf("Readiness failed") + 1);
  await run.end();
});

test("a start-up probe that reaches its threshold has the container restarted, and ends", async () => {
  const httpGet = { path: "/health", port: 18_081 };
  const run = listen({ startupProbe: { httpGet, periodSeconds: 1, failureThreshold: 2 } });
  await pass(run.clock, 3);
  await run.done;
  expect(run.heard).toEqual(["Startup failed", "Startup failed", "Startup unhealthy"]);
});

test("a pod that is being stopped is still probed for readiness, no longer for liveness", async () => {
  await serve();
  const httpGet = { path: "/health", port };
  const run = listen({
    readinessProbe: { httpGet, periodSeconds: 1, failureThreshold: 1 },
    livenessProbe: { httpGet, periodSeconds: 1, failureThreshold: 1 },
  });
  await pass(run.clock, 1);
  run.stopping.abort();
  status = 503;
  await pass(run.clock, 3);
  expect(run.heard).toContain("unready");
  expect(run.heard).not.toContain("Liveness unhealthy");
  await run.end();
});

test("a probe that would run a command is left out, said so, and taken as passed", async () => {
  const run = listen({ readinessProbe: { exec: { command: ["true"] } } });
  await run.done;
  expect(run.heard).toEqual(["started", "Readiness skipped", "ready"]);
});
