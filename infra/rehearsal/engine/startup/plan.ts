import { isLocalRank } from "../server-args.ts";
import { compileSteps } from "./compile.ts";
import type { FailurePoint, SchedulerFailure, StartupFacts } from "./failures.ts";
import { schedulerFailure } from "./failures.ts";

/** One log entry of a start-up: stamped with the time and the rank, or raw. */
export interface PlannedLine {
  readonly text: string;
  readonly rank?: number;
  readonly isRaw?: true;
}

/** What happens next in a start-up, `after` so many simulated seconds. */
export interface Step {
  readonly after: number;
  readonly lines: readonly PlannedLine[];
  /** The compiled kernel that the cache holds from then on. */
  readonly kernel?: string;
  /** True where it goes on only once the engine's processes on other nodes have come as far. */
  readonly meets?: true;
}

/** The schedulers' part of a start-up: the steps, and the failure that ends them if one does. */
export interface StartupPlan {
  readonly steps: readonly Step[];
  readonly failure: SchedulerFailure | undefined;
}

/** Simulated seconds of each phase, from the H100 recording; loading is that of 58 GiB from a local disk. */
const seconds = { imports: 11, arguments: 5, front: 2, schedulers: 15.5, distributed: 0.3, shards: 22, capture: 17.5 };

const order: readonly FailurePoint[] = ["distributed", "model", "weights", "pool", "attention", "graphs"];

/** Simulated seconds before the arguments are looked at: Python imports. */
export const importSeconds = seconds.imports;

/** Lines that the server prints before it reads its arguments. */
export const firstLines: readonly string[] = [
  "/sgl-workspace/sglang/python/sglang/launch_server.py:54: UserWarning: 'python -m sglang.launch_server' is still supported, but 'sglang serve' is the recommended entrypoint.",
  "  Example: sglang serve --model-path <model> [options]",
  "  warnings.warn(",
];

/** Everything between the read arguments and the opened port, in order. */
export function planStartup(facts: StartupFacts): StartupPlan {
  const found = schedulerFailure(facts);
  // Another node's failure is felt here as the loss of a peer.
  const failure = found !== undefined && isLocalRank(facts.args, found.rank) ? found : undefined;
  const phases: readonly (readonly [FailurePoint | "front", () => readonly Step[]])[] = [
    ["front", () => frontSteps(facts)],
    ["distributed", () => distributedSteps(facts, failure?.point === "distributed")],
    ["model", () => [step(0.5, ranks(facts, `Load weight begin. avail mem=${gb(facts.memory.free)} GB`))]],
    ["weights", () => weightSteps(facts, failure?.point === "weights")],
    ["pool", () => (failure?.point === "pool" ? [] : poolSteps(facts))],
    ["attention", () => []],
    ["graphs", () => graphSteps(facts, failure?.point === "graphs")],
  ];
  const last = failure === undefined ? phases.length : 1 + order.indexOf(failure.point);
  const steps = phases.slice(0, last + 1).flatMap(([, make]) => make());
  return failure === undefined ? { steps: [...steps, readyStep(facts)], failure } : { steps, failure };
}

function step(after: number, lines: readonly PlannedLine[]): Step {
  return { after, lines };
}

/** The same message from every rank, as the schedulers of one group print it. */
function ranks({ args }: StartupFacts, text: string): readonly PlannedLine[] {
  if (args.tpSize === 1) return [{ text }];
  return Array.from({ length: args.tpSize }, (_, rank) => ({ text, rank }));
}

function firstRank(facts: StartupFacts, text: string): PlannedLine {
  return facts.args.tpSize === 1 ? { text } : { text, rank: 0 };
}

function gb(value: number): string {
  return value.toFixed(2);
}

function frontSteps(facts: StartupFacts): readonly Step[] {
  const { args, model } = facts;
  const notices: PlannedLine[] = [];
  if (args.attentionBackend === "keye_sa") {
    for (const phase of ["prefill", "decode"]) {
      notices.push({ text: `Auto-selecting keye_sa ${phase} attention backend for ${model.architecture}` });
    }
  }
  if (args.pageSize === 64) notices.push({ text: "Setting page_size=64 for Keye model on Hopper GPU." });
  else notices.push({ text: `Using default attention backend for ${model.architecture} on non-Hopper GPU.` });
  const shown = Object.entries(args.fields).map(([name, value]) => `${name}=${python(value)}`);
  return [
    step(seconds.arguments, notices),
    step(seconds.front, [
      { text: `server_args=ServerArgs(${shown.join(", ")})` },
      ...(args.nodes.rank > 0 ? [] : tokenizerLines),
    ]),
  ];
}

/** Only the process that leads has a tokenizer. */
const tokenizerLines: readonly PlannedLine[] = [
  { text: "✅ Patched load_video and preprocess_video for KeyeVL2" },
  { text: "Using default HuggingFace chat template with detected content format: openai" },
];

function python(value: unknown): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "string" ? `'${value}'` : JSON.stringify(value);
}

function distributedSteps(facts: StartupFacts, fails: boolean): readonly Step[] {
  const begin = step(seconds.schedulers, [
    ...ranks(facts, "✅ Patched load_video and preprocess_video for KeyeVL2"),
    ...ranks(facts, "Init torch distributed begin."),
  ]);
  if (fails) return [begin];
  const meeting: readonly Step[] = facts.args.nodes.count > 1 ? [{ ...step(0, []), meets: true }] : [];
  const nccl = facts.args.tpSize > 1 ? [firstRank(facts, "sglang is using nccl==2.27.5")] : [];
  const used = facts.args.tpSize > 1 ? 1.02 : 0.09;
  const elapsed = seconds.distributed.toFixed(2);
  const ends = ranks(facts, `Init torch distributed ends. elapsed=${elapsed} s, mem usage=${gb(used)} GB`);
  return [begin, ...meeting, step(seconds.distributed, [...nccl, ...ends])];
}

function weightSteps(facts: StartupFacts, fails: boolean): readonly Step[] {
  const { model, memory, fault, args } = facts;
  const slow = fault?.name === "slow-load" ? fault.value : 1;
  const total = args.fields.load_format === "dummy" ? 0 : model.shards;
  const duration = (total <= 1 ? 0.15 : seconds.shards) * slow;
  const each = duration / Math.max(1, total);
  const shards = Array.from({ length: total }, (_, index) => {
    const done = index + 1;
    const percent = Math.floor((100 * done) / total);
    const text = `Multi-thread loading shards: ${String(percent).padStart(3)}% Completed | ${done}/${total} [${clock(done * each)}<${clock((total - done) * each)},  ${each.toFixed(2)}s/it]`;
    return step(each, [{ text, isRaw: true }]);
  });
  if (fails) return shards.slice(0, Math.floor(total / 2));
  const indexer = memory.indexer > 0;
  const ended =
    `Load weight end. elapsed=${duration.toFixed(2)} s, type=${model.architecture}, ` +
    `avail mem=${gb(memory.afterLoad)} GB, mem usage=${gb(memory.weights)} GB.`;
  return [
    ...(indexer ? [step(0.1, ranks(facts, "KeyeIndexer: using FP8 path (head_dim=128, num_heads=4, topk=2048)"))] : []),
    ...shards,
    step(total === 0 ? duration : 0, ranks(facts, ended)),
    step(0.02, [firstRank(facts, "Using KV cache dtype: torch.bfloat16")]),
  ];
}

/** `MM:SS`, as tqdm shows a time. */
function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
}

function poolSteps(facts: StartupFacts): readonly Step[] {
  const { memory } = facts;
  const indexer = memory.indexer > 0 ? `, Indexer size: ${gb(memory.indexer)} GB` : "";
  const sizes = `#tokens: ${memory.tokens}, K size: ${gb(memory.keys)} GB, V size: ${gb(memory.values)} GB${indexer}`;
  return [
    step(0.1, [
      ...ranks(facts, `KV Cache is allocated. ${sizes}`),
      ...ranks(facts, `Memory pool end. avail mem=${gb(memory.afterPool)} GB`),
    ]),
  ];
}

function graphSteps(facts: StartupFacts, fails: boolean): readonly Step[] {
  const { args, memory } = facts;
  const piecewise = ranks(facts, "Disable piecewise CUDA graph because --disable-piecewise-cuda-graph is set");
  const compiled = compileSteps(facts.compilation, (text) => firstRank(facts, text));
  if (args.disableCudaGraph) return [...compiled, step(0.1, piecewise)];
  const sizes = args.fields.cuda_graph_bs;
  const batches = Array.isArray(sizes) ? sizes : [];
  const begin = step(0.2, [
    ...ranks(
      facts,
      `Capture cuda graph begin. This can take up to several minutes. avail mem=${gb(memory.afterPool)} GB`,
    ),
    ...ranks(facts, `Capture cuda graph bs [${batches.join(", ")}]`),
  ]);
  const forward = step(0, [firstRank(facts, "Use Keye-Qwen3 model to forward!")]);
  const captured = [...batches]
    .reverse()
    .map((size, index) => captureStep(facts, Number(size), index + 1, batches.length));
  if (fails) return [begin, ...compiled, forward, ...captured.slice(0, 3)];
  const ended =
    `Capture cuda graph end. Time elapsed: ${seconds.capture.toFixed(2)} s. mem usage=${gb(memory.graphs)} GB. ` +
    `avail mem=${gb(memory.afterGraphs)} GB.`;
  return [begin, ...compiled, forward, ...captured, step(0, [...ranks(facts, ended), ...piecewise])];
}

/** The first rank's progress bar after one more batch size. */
function captureStep({ memory }: StartupFacts, size: number, done: number, total: number): Step {
  const each = seconds.capture / total;
  const left = gb(memory.afterPool - (memory.graphs * done) / total);
  const bar = "█".repeat(Math.floor((10 * done) / total)).padEnd(10);
  const percent = String(Math.floor((100 * done) / total)).padStart(3);
  const times = `[${clock(done * each)}<${clock((total - done) * each)},  ${(1 / each).toFixed(2)}it/s]`;
  const text = `Capturing batches (bs=${size} avail_mem=${left} GB): ${percent}%|${bar}| ${done}/${total} ${times}`;
  return step(each, [{ text, isRaw: true }]);
}

function readyStep(facts: StartupFacts): Step {
  const { args, memory } = facts;
  const text =
    `max_total_num_tokens=${memory.tokens}, chunked_prefill_size=${args.chunkedPrefillSize}, ` +
    `max_prefill_tokens=${args.fields.max_prefill_tokens}, max_running_requests=${memory.maxRunningRequests}, ` +
    `context_len=${args.contextLength}, available_gpu_mem=${gb(memory.afterGraphs)} GB`;
  return step(0.03, [firstRank(facts, text)]);
}
