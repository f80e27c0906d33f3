import type { Passage, Transport } from "../cluster/transport.ts";
import type { Clock } from "../core/clock.ts";
import { DeployError } from "../core/errors.ts";
import type { ProbeSpec } from "../core/probe-spec.ts";
import type { PromotionInputs } from "../core/promotion-inputs.ts";
import type { Measurement, ProbeReport } from "../gate/measurement.ts";
import type {
  AppRef,
  KnownBaseline,
  PodQuestions,
  ProberPort,
  ProgressPort,
  RecordingQuestions,
} from "../gate/ports.ts";
import { type Baseline, type NoBaseline, parseBaseline } from "../prober/baseline/document.ts";
import { recordBaseline } from "../prober/baseline/record.ts";
import { runningRequests } from "../prober/running-requests.ts";
import { runSuite } from "../prober/suite.ts";
import type { ProbeTarget } from "../prober/target.ts";
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

interface PodAim {
  readonly pod: Pod;
  readonly gpuProduct: string | undefined;
  readonly signal: AbortSignal;
}

/** The prober of a promotion, over any transport. The engine's API key goes into requests only. */
export class TransportProber implements ProberPort {
  readonly #parts: TransportProberParts;
  #apiKey: Promise<string | undefined> | undefined;

  constructor(parts: TransportProberParts) {
    this.#parts = parts;
  }

  async probePod(ref: AppRef, pod: Pod, questions: PodQuestions, signal: AbortSignal): Promise<ProbeReport> {
    const { clock, progress } = this.#parts;
    const { spec, gpuProduct } = questions;
    const baseline = baselineOrReason(questions.baseline);
    return await this.#with(ref, { pod, gpuProduct, signal }, async (target, passage) => {
      const onMeasurement = ({ check, outcome, duration }: Measurement) =>
        progress.status(`[probe] ${target.name}: ${check} ${outcome} after ${(duration / 1000).toFixed(1)} s`);
      const options = { clock, signal, onMeasurement, baseline, stopsAtFail: true };
      return explained(await runSuite(target, spec, options), passage);
    });
  }

  async recordBaseline(ref: AppRef, pod: Pod, questions: RecordingQuestions, signal: AbortSignal): Promise<string> {
    const { clock } = this.#parts;
    const { spec, imageDigest, gpuProduct } = questions;
    const { servedModelName } = spec.expectation;
    return await this.#with(ref, { pod, gpuProduct, signal }, async (target) => {
      const named = servedModelName === undefined ? {} : { servedModelName };
      return JSON.stringify(await recordBaseline(target, { clock, signal, imageDigest, ...named }));
    });
  }

  /** Also undefined where no way to the pod could be opened: it may have ended. */
  async runningRequests(ref: AppRef, pod: Pod, signal: AbortSignal): Promise<number | undefined> {
    try {
      return await this.#with(ref, { pod, gpuProduct: undefined, signal }, (target) => runningRequests(target, signal));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof DeployError) return undefined;
      throw error;
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

  /** Opens a way to a pod, for as long as `use` takes. */
  async #with<T>(
    ref: AppRef,
    { pod, gpuProduct, signal }: PodAim,
    use: (target: ProbeTarget, passage: Passage) => Promise<T>,
  ): Promise<T> {
    const { name, uid } = pod.metadata;
    const key = await this.#key(signal);
    const engine = { namespace: ref.namespace, name, ip: pod.status?.podIP, port: this.#parts.inputs.port };
    const passage = await this.#parts.transport.open(engine, signal);
    try {
      const known = {
        ...(uid === undefined ? {} : { podUid: uid }),
        ...(gpuProduct === undefined ? {} : { gpuProduct }),
      };
      return await use({ name, baseUrl: passage.baseUrl, ...key, ...known }, passage);
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

/** A stored baseline that cannot be read is as good as none; its fault is not the engine's. */
export function baselineOrReason(known: KnownBaseline): Baseline | NoBaseline {
  if ("because" in known) return known;
  try {
    return parseBaseline(known.json, `ConfigMap ${known.name}`);
  } catch (error) {
    if (!(error instanceof DeployError)) throw error;
    return { because: error.message };
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
