/** Stages of an engine's start, in order. `process`: the container runs, the engine has said nothing yet. */
export const startupPhases = [
  "process",
  "args",
  "dist-init",
  "load",
  "memory-pool",
  "graphs",
  "http-up",
  "warm-up",
  "ready",
] as const;

/** One of {@link startupPhases}. */
export type StartupPhase = (typeof startupPhases)[number];

/** What each stage is called in a progress line. */
export const phaseWords: Readonly<Record<StartupPhase, string>> = {
  process: "starting Python",
  args: "reading arguments",
  "dist-init": "joining GPUs",
  load: "loading weights",
  "memory-pool": "reserving the KV cache",
  graphs: "capturing CUDA graphs",
  "http-up": "port open",
  "warm-up": "warming up",
  ready: "ready",
};

/**
 * The stage that a log line shows to be reached.
 * @see sglang keye-vl-v2-30b-release, srt/model_executor/model_runner.py, srt/entrypoints/http_server.py
 */
const markers: readonly (readonly [StartupPhase, RegExp])[] = [
  ["ready", /The server is fired up and ready to roll!/],
  // The warm-up thread's own requests; until they return, /health answers 503.
  ["warm-up", /"POST \/(?:v1\/chat\/completions|generate) HTTP|"GET \/model_info HTTP/],
  ["http-up", /Uvicorn running on |Application startup complete/],
  ["graphs", /Capture cuda graph (?:begin|bs|end)|Capturing batches|max_total_num_tokens=\d+/],
  ["memory-pool", /Load weight end|Using KV cache dtype|KV Cache is allocated|Memory pool end/],
  [
    "load",
    /Load weight begin|Using model weights format|(?:Multi-thread loading|Loading safetensors checkpoint) shards/,
  ],
  ["dist-init", /Init torch distributed/],
  ["args", /server_args=ServerArgs\(|Setting page_size=|Auto-selecting \w+ prefill attention backend/],
];

/** The stage that one line shows to be reached, if any. */
export function phaseOfLine(line: string): StartupPhase | undefined {
  return markers.find(([, pattern]) => pattern.test(line))?.[0];
}

/** The later one of two stages. */
export function furthest(reached: StartupPhase, other: StartupPhase | undefined): StartupPhase {
  if (other === undefined) return reached;
  return startupPhases.indexOf(other) > startupPhases.indexOf(reached) ? other : reached;
}
