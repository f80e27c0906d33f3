import { request } from "node:http";
import { connect } from "node:net";
import type { Milliseconds } from "../../core/units.ts";
import { loopbackOf } from "../pod-address.ts";
import type { ContainerSpec, HttpGet, PortRef, ProbeDefinition } from "./pod-types.ts";
import type { ProbeResult } from "./probe-state.ts";

const passed: ProbeResult = { ok: true, message: "" };

/** Whether the rehearsal can run this probe: it plays servers, not containers to run commands in. */
export function isRunnable(probe: ProbeDefinition): boolean {
  return probe.tcpSocket !== undefined || (probe.httpGet !== undefined && probe.httpGet.scheme !== "HTTPS");
}

/**
 * Makes one attempt of a runnable probe against the pod's loopback address. Never rejects; the messages name the pod's own
 * address, as the kubelet's would.
 *
 * @see kubernetes 1.36 `pkg/probe/http/http.go`, `pkg/probe/tcp/tcp.go`
 */
export function attemptProbe(probe: ProbeDefinition, container: ContainerSpec, podIP: string): Promise<ProbeResult> {
  const timeout = (probe.timeoutSeconds ?? 1) * 1000;
  if (probe.httpGet !== undefined) return httpAttempt(probe.httpGet, { container, podIP, timeout });
  if (probe.tcpSocket !== undefined) return tcpAttempt(probe.tcpSocket.port, { container, podIP, timeout });
  return Promise.resolve(passed);
}

interface Target {
  readonly container: ContainerSpec;
  readonly podIP: string;
  readonly timeout: Milliseconds;
}

/** Sends a GET and judges its status: 200 to 399 passes. Also what a preStop hook of kind httpGet does. */
export function httpAttempt(get: HttpGet, { container, podIP, timeout }: Target): Promise<ProbeResult> {
  const port = portNumber(get.port, container);
  if (port === undefined) return Promise.resolve({ ok: false, message: `couldn't find port: ${get.port}` });
  const path = `/${(get.path ?? "/").replace(/^\//, "")}`;
  const url = `http://${podIP}:${port}${path}`;
  const headers = Object.fromEntries((get.httpHeaders ?? []).map(({ name, value }) => [name, value]));
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(timeout);
    const outgoing = request({
      host: loopbackOf(podIP),
      port,
      path,
      signal,
      agent: false,
      headers: { Host: `${podIP}:${port}`, "User-Agent": "kube-probe/1.36", Accept: "*/*", ...headers },
    });
    const fail = (error: NodeJS.ErrnoException) => {
      const timeoutText = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
      const reason = signal.aborted ? timeoutText : goNetError(error, podIP, port);
      resolve({ ok: false, message: `Get "${url}": ${reason}` });
    };
    outgoing.on("error", fail);
    outgoing.on("response", (response) => {
      const status = response.statusCode ?? 0;
      response.on("error", fail);
      response.on("end", () => {
        const ok = status >= 200 && status < 400;
        resolve(ok ? passed : { ok, message: `HTTP probe failed with statuscode: ${status}` });
      });
      response.resume();
    });
    outgoing.end();
  });
}

function tcpAttempt(ref: PortRef, { container, podIP, timeout }: Target): Promise<ProbeResult> {
  const port = portNumber(ref, container);
  if (port === undefined) return Promise.resolve({ ok: false, message: `couldn't find port: ${ref}` });
  return new Promise((resolve) => {
    const socket = connect({ host: loopbackOf(podIP), port });
    const settle = (result: ProbeResult) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(timeout, () => settle({ ok: false, message: `dial tcp ${podIP}:${port}: i/o timeout` }));
    socket.on("connect", () => settle(passed));
    socket.on("error", (error) => settle({ ok: false, message: goNetError(error, podIP, port) }));
  });
}

/** The number of a port that is given by number or by its name in the container. */
export function portNumber(ref: PortRef, container: ContainerSpec): number | undefined {
  if (typeof ref === "number") return ref;
  return container.ports?.find((port) => port.name === ref)?.containerPort;
}

function goNetError(error: NodeJS.ErrnoException, podIP: string, port: number): string {
  if (error.code === "ECONNREFUSED") return `dial tcp ${podIP}:${port}: connect: connection refused`;
  if (error.code === "ECONNRESET" && error.message === "socket hang up") return "EOF";
  if (error.code === "ECONNRESET") return `read tcp ${podIP}:${port}: read: connection reset by peer`;
  return error.message;
}
