import type { Passage, Transport } from "../cluster/transport.ts";
import type { Clock } from "../core/clock.ts";
import type { ProbeSpec } from "../core/probe-spec.ts";
import type { PromotionInputs } from "../core/promotion-inputs.ts";
import type { Measurement, ProbeReport } from "../gate/measurement.ts";
import type { AppRef, ProberPort, ProgressPort } from "../gate/ports.ts";
import { runSuite } from "../prober/suite.ts";
import { runTraffic } from "../prober/traffic.ts";
import type { Pod } from "../status/objects.ts";

/** What a prober of one promotion works with. */
export interface TransportProberParts {
  readonly transport: Transport;
  readonly inputs: Pick<PromotionInputs, "port">;
  /** Reads the engine's API key; undefined where it has none. Called when the key is first needed. */
  readonly apiKey: (signal: AbortSignal) => Promise<string | undefined>;
  readonly clock: Clock;
  readonly progress: ProgressPort;
}

/** The prober of a promotion, over any transport. The engine's API key goes into requests only. */
export class TransportProber implements ProberPort {
  readonly #parts: TransportProberParts;
  #apiKey: Promise<string | undefined> | undefined;

  constructor(parts: TransportProberParts) {
    this.#parts = parts;
  }

  async probePod(ref: AppRef, pod: Pod, spec: ProbeSpec, signal: AbortSignal): Promise<ProbeReport> {
    const { transport, inputs, clock, progress } = this.#parts;
    const { name, uid } = pod.metadata;
    const key = await this.#key(signal);
    const engine = { namespace: ref.namespace, name, ip: pod.status?.podIP, port: inputs.port };
    const passage = await transport.open(engine, signal);
    try {
      const target = { name, baseUrl: passage.baseUrl, ...key, ...(uid === undefined ? {} : { podUid: uid }) };
      const onMeasurement = ({ check, outcome, duration }: Measurement) =>
        progress.status(`[probe] ${name}: ${check} ${outcome} after ${(duration / 1000).toFixed(1)} s`);
      return explained(await runSuite(target, spec, { clock, signal, onMeasurement, stopsAtFail: true }), passage);
    } finally {
      await passage.close();
    }
  }

  async probeService(ref: AppRef, spec: ProbeSpec, requests: number, signal: AbortSignal): Promise<ProbeReport> {
    const { transport, clock } = this.#parts;
    const key = await this.#key(signal);
    const passage = await transport.openService(ref, undefined, signal);
    try {
      const target = { name: `service/${ref.service}`, baseUrl: passage.baseUrl, ...key };
      return explained(await runTraffic(target, spec, requests, { clock, signal }), passage);
    } finally {
      await passage.close();
    }
  }

  async #key(signal: AbortSignal): Promise<{ readonly apiKey?: string }> {
    this.#apiKey ??= this.#parts.apiKey(signal);
    try {
      const apiKey = await this.#apiKey;
      return apiKey === undefined ? {} : { apiKey };
    } catch (error) {
      this.#apiKey = undefined;
      throw error;
    }
  }
}

/** Adds why the transport failed to what got no answer: the client's side of TCP has no words for it. */
export function explained(report: ProbeReport, passage: Passage): ProbeReport {
  const why = passage.failure();
  if (why === undefined) return report;
  const measurements = report.measurements.map((measurement) =>
    measurement.outcome === "error"
      ? { ...measurement, reason: `${measurement.reason} The port-forward said: ${why}` }
      : measurement,
  );
  return { ...report, measurements };
}
