import { setTimeout as after } from "node:timers/promises";
import type { Clock } from "../../infra/core/clock.ts";
import type { ProbeSpec } from "../../infra/core/probe-spec.ts";
import { launchEngine } from "../../infra/rehearsal/engine/process.ts";

/** A broken engine, and the check that must tell it from a good one. */
export interface Rogue {
  /** As in the pod's annotation. */
  readonly fault: string;
  readonly caughtBy: string;
  /** What the named check must say, in part. */
  readonly says: RegExp;
  /** What the probe spec must declare for it, beside the usual. */
  readonly needs?: Pick<ProbeSpec, "latency" | "timeoutsSeconds">;
}

/** Engines that answer 200 somewhere and must not be promoted, in the order of the checks that catch them. */
export const rogues: readonly Rogue[] = [
  { fault: "hang-after-ready:0", caughtBy: "health", says: /wanted 200, got 503/ },
  { fault: "wrong-weight-version", caughtBy: "identity", says: /weight_version: wanted/ },
  { fault: "wrong-model", caughtBy: "identity", says: /architectures\[0\]: wanted/ },
  { fault: "dense-attention", caughtBy: "identity", says: /attention_backend: wanted "keye_sa"/ },
  { fault: "dead-scheduler", caughtBy: "identity", says: /GET \/server_info: / },
  { fault: "wrong-answer", caughtBy: "text", says: /wanted \d+, got/ },
  { fault: "bad-replica:1", caughtBy: "text", says: /wanted \d+, got/ },
  { fault: "constant-answer", caughtBy: "text", says: /wanted \d+, got/ },
  { fault: "empty-answer", caughtBy: "text", says: /no content/ },
  { fault: "empty-200", caughtBy: "text", says: /not a JSON object/ },
  { fault: "error-body-200", caughtBy: "text", says: /an error in a 200 answer/ },
  { fault: "busy-after-ready:600", caughtBy: "text", says: /503: The request queue is full/ },
  { fault: "leak-key", caughtBy: "text", says: /HTTP 500/ },
  { fault: "truncated-stream", caughtBy: "streaming", says: /without \[DONE\]/ },
  { fault: "swapped-experts", caughtBy: "golden", says: /from the baseline|wanted as recorded/ },
  { fault: "rounded-weights", caughtBy: "golden", says: /from the baseline/ },
  {
    fault: "slow-first-token:3000",
    caughtBy: "latency",
    says: /TTFT/,
    needs: { latency: { ttftSeconds: 2, quantile: 0.5 } },
  },
  { fault: "vision-blind", caughtBy: "image", says: /wanted/ },
  { fault: "media-dropped", caughtBy: "image", says: /wanted/ },
  { fault: "frame-order-blind", caughtBy: "video", says: /wanted/ },
];

/** Planted in every rogue engine: it must be in no measurement. */
export const plantedKey = "planted-key-4711";

/** What every engine of {@link startRogue} was declared to be. */
export const rogueSpec: ProbeSpec = {
  profile: "gate",
  expectation: {
    modelPath: "Kwai-Keye/Keye-VL-2.0-30B-A3B",
    servedModelName: "keye",
    weightVersion: "0123456789",
    architecture: "KeyeVL2MoeForConditionalGeneration",
    tpSize: 2,
    dpSize: 1,
    ppSize: 1,
    epSize: 1,
    memFractionStatic: 0.8,
    attentionBackend: "keye_sa",
    prefillAttentionBackend: "keye_sa",
    decodeAttentionBackend: "keye_sa",
    pageSize: 64,
    kvCacheDtype: "auto",
    quantization: "none",
    trustRemoteCode: true,
    hasImageUnderstanding: true,
  },
};

let engines = 0;

/** A loopback address that no other engine of this test run listens on. */
function freshAddress(): string {
  engines++;
  return `127.${1 + (process.pid % 250)}.252.${1 + (engines % 250)}`;
}

/** Starts an engine that is ready when this resolves. Its clock runs `factor` times as fast as the machine's. */
export async function startRogue(
  fault: string | undefined,
  factor: number,
  { address = freshAddress(), flags = [] }: { readonly address?: string; readonly flags?: readonly string[] } = {},
) {
  const clock = fastClock(factor);
  const ready = Promise.withResolvers<void>();
  const engine = launchEngine({
    argv: [
      ...["python3", "-m", "sglang.launch_server", "--host=0.0.0.0", "--port=8000", "--trust-remote-code"],
      ...["--model-path=Kwai-Keye/Keye-VL-2.0-30B-A3B", "--served-model-name=keye", "--weight-version=0123456789"],
      ...["--tp-size=2", "--mem-fraction-static=0.8", `--api-key=${plantedKey}`],
      ...flags,
    ],
    env: {},
    address,
    gpus: { count: 2, product: "NVIDIA-H800", memoryMiB: 81_559 },
    shmBytes: 16 * 2 ** 30,
    isPidOne: false,
    speed: 5_000,
    ...(fault === undefined ? {} : { fault }),
    clock,
    log: (line) => {
      if (line.includes("fired up and ready")) ready.resolve();
    },
  });
  void engine.exited.then(() => ready.reject(new Error(`the engine with fault ${fault} ended`)));
  await ready.promise;
  return {
    target: { name: fault ?? "honest", baseUrl: `http://${address}:8000`, apiKey: plantedKey },
    async [Symbol.asyncDispose]() {
      engine.kill("SIGKILL");
      await engine.exited;
    },
  };
}

/** The machine's clock, so many times as fast. */
export function fastClock(factor: number): Clock {
  const start = performance.now();
  return {
    now: () => performance.timeOrigin + start + (performance.now() - start) * factor,
    async sleep(duration, signal) {
      try {
        await after(Math.max(0, duration / factor), undefined, { signal });
      } catch (error) {
        throw signal?.aborted ? signal.reason : error;
      }
    },
  };
}
