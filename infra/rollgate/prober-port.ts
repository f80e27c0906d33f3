import type { ClusterConnection } from "../cluster/connect.ts";
import type { Tunnel } from "../cluster/tunnel.ts";
import type { Clock } from "../core/clock.ts";
import type { ProbeSpec } from "../core/probe-spec.ts";
import type { PromotionInputs } from "../core/promotion-inputs.ts";
import type { Measurement, ProbeReport } from "../gate/measurement.ts";
import type { AppRef, ProberPort, ProgressPort } from "../gate/ports.ts";
import { runSuite } from "../prober/suite.ts";
import { runTraffic } from "../prober/traffic.ts";
import type { Pod } from "../status/objects.ts";

/** What a prober of one promotion works with. */
export interface TunnelProberParts {
  readonly connection: ClusterConnection;
  readonly inputs: PromotionInputs;
  readonly clock: Clock;
  readonly progress: ProgressPort;
}

/** The prober over port-forwards. The engine's API key is read when first needed and goes into requests only. */
export class TunnelProber implements ProberPort {
  readonly #parts: TunnelProberParts;
  #apiKey: Promise<string | undefined> | undefined;

  constructor(parts: TunnelProberParts) {
    this.#parts = parts;
  }

  async probePod(ref: AppRef, pod: Pod, spec: ProbeSpec, signal: AbortSignal): Promise<ProbeReport> {
    const { connection, inputs, clock, progress } = this.#parts;
    const { name, uid } = pod.metadata;
    const key = await this.#key(signal);
    const tunnel = await connection.openPodTunnel(ref.namespace, name, inputs.port, signal);
    try {
      const target = { name, baseUrl: tunnel.baseUrl, ...key, ...(uid === undefined ? {} : { podUid: uid }) };
      const onMeasurement = ({ check, outcome, duration }: Measurement) =>
        progress.status(`[probe] ${name}: ${check} ${outcome} after ${(duration / 1000).toFixed(1)} s`);
      return explained(await runSuite(target, spec, { clock, signal, onMeasurement, stopsAtFail: true }), tunnel);
    } finally {
      await tunnel.close();
    }
  }

  async probeService(ref: AppRef, spec: ProbeSpec, requests: number, signal: AbortSignal): Promise<ProbeReport> {
    const { connection, clock } = this.#parts;
    const key = await this.#key(signal);
    const tunnel = await connection.openServiceTunnel(ref, undefined, signal);
    try {
      const target = { name: `service/${ref.service}`, baseUrl: tunnel.baseUrl, ...key };
      return explained(await runTraffic(target, spec, requests, { clock, signal }), tunnel);
    } finally {
      await tunnel.close();
    }
  }

  async #key(signal: AbortSignal): Promise<{ readonly apiKey?: string }> {
    const { connection, inputs } = this.#parts;
    const place = inputs.apiKeySecret;
    if (place === undefined) return {};
    this.#apiKey ??= connection.readSecret(inputs.namespace, place.name, place.key, signal);
    try {
      const apiKey = await this.#apiKey;
      return apiKey === undefined ? {} : { apiKey };
    } catch (error) {
      this.#apiKey = undefined;
      throw error;
    }
  }
}

/** Adds why the port-forward failed to what got no answer: the client's side of TCP has no words for it. */
function explained(report: ProbeReport, tunnel: Tunnel): ProbeReport {
  const why = tunnel.failure();
  if (why === undefined) return report;
  const measurements = report.measurements.map((measurement) =>
    measurement.outcome === "error"
      ? { ...measurement, reason: `${measurement.reason} The port-forward said: ${why}` }
      : measurement,
  );
  return { ...report, measurements };
}
