import type { Json } from "./arguments/flags.ts";
import { defaults } from "./arguments/flags.ts";
import { defaultMemFraction } from "./memory.ts";
import type { Model } from "./model.ts";

/** The settings that the simulator acts on, after the server's own defaulting; `fields` holds all of them. */
export interface ServerArgs {
  readonly modelPath: string;
  readonly servedModelName: string;
  readonly host: string;
  readonly port: number;
  readonly tpSize: number;
  readonly memFractionStatic: number;
  /** Tokens: given, or the model's own. */
  readonly contextLength: number;
  readonly pageSize: number;
  readonly chunkedPrefillSize: number;
  readonly maxRunningRequests: number | undefined;
  readonly maxQueuedRequests: number | undefined;
  readonly maxTotalTokens: number | undefined;
  readonly attentionBackend: string;
  readonly weightVersion: string;
  readonly apiKey: string | undefined;
  readonly adminApiKey: string | undefined;
  readonly enableMetrics: boolean;
  readonly skipServerWarmup: boolean;
  readonly disableCudaGraph: boolean;
  /** Seconds. */
  readonly watchdogTimeout: number;
  /** Media of one request, by kind, from `--limit-mm-data-per-request`. */
  readonly mediaLimits: Readonly<Record<string, number>>;
  readonly accessLogExclude: readonly string[];
  readonly includeUsage: boolean;
  readonly nodes: EngineNodes;
  /** `--config`: a YAML file of more arguments. */
  readonly configFile: string | undefined;
  /** What `/server_info` shows. */
  readonly fields: Readonly<Record<string, Json>>;
}

/** The nodes that one engine is spread over. */
export interface EngineNodes {
  readonly count: number;
  /** Of this process; 0 leads. */
  readonly rank: number;
  /** `host:port` of the leader; undefined where it is not given. */
  readonly initAddress: string | undefined;
  /** Seconds that the processes wait for each other at the start. */
  readonly timeout: number;
}

/** What defaulting depends on beside the command line. */
export interface Surroundings {
  readonly model: Model;
  /** Compute capability 9: the fork runs its sparse attention. */
  readonly isHopper: boolean;
  readonly memoryMiB: number;
  /** Picked by the server at random; the simulator takes it from the launch. */
  readonly randomSeed: number;
}

/**
 * Fills in what the server decides by itself. On Hopper the fork forces page size 64 and, for Keye, the `keye_sa` backend,
 * whatever `--attention-backend` says; elsewhere it falls back to dense attention without a warning that stops anybody.
 *
 * @see sglang keye-vl-v2-30b-release, `srt/server_args.py` `__post_init__`
 */
export function completeServerArgs(given: Readonly<Record<string, Json>>, around: Surroundings): ServerArgs {
  const hopper = around.isHopper;
  const path = text(given.model_path) ?? "";
  const tpSize = number(given.tp_size) ?? 1;
  const chunk = number(given.chunked_prefill_size) ?? 8192;
  const fraction = number(given.mem_fraction_static) ?? defaultMemFraction(around.memoryMiB, tpSize, chunk);
  const pageSize = hopper ? 64 : (number(given.page_size) ?? 1);
  const wanted = text(given.attention_backend);
  const prefill = text(given.prefill_attention_backend) ?? (hopper ? "keye_sa" : (wanted ?? "flashinfer"));
  const decode = text(given.decode_attention_backend) ?? (hopper ? "keye_sa" : (wanted ?? "flashinfer"));
  const backend = prefill === decode ? prefill : (wanted ?? decode);
  const graphBatches = batchSizes(number(given.cuda_graph_max_bs) ?? (tpSize < 4 ? 256 : 512));
  const fields = {
    ...Object.fromEntries(Object.keys(defaults).map((name) => [name, given[name] ?? null])),
    tokenizer_path: text(given.tokenizer_path) ?? path,
    served_model_name: text(given.served_model_name) ?? path,
    device: text(given.device) ?? "cuda",
    mem_fraction_static: fraction,
    chunked_prefill_size: chunk,
    page_size: pageSize,
    attention_backend: backend,
    // Outside Hopper they stay as given: the scheduler alone resolves them.
    prefill_attention_backend: hopper ? prefill : (text(given.prefill_attention_backend) ?? null),
    decode_attention_backend: hopper ? decode : (text(given.decode_attention_backend) ?? null),
    sampling_backend: text(given.sampling_backend) ?? "flashinfer",
    grammar_backend: text(given.grammar_backend) ?? "xgrammar",
    mm_attention_backend: text(given.mm_attention_backend) ?? "fa3",
    cuda_graph_max_bs: graphBatches.at(-1) ?? 1,
    cuda_graph_bs: graphBatches,
    disable_piecewise_cuda_graph: true,
    random_seed: number(given.random_seed) ?? around.randomSeed,
  } satisfies Record<string, Json>;
  return {
    modelPath: path,
    servedModelName: fields.served_model_name,
    host: text(given.host) ?? "127.0.0.1",
    port: number(given.port) ?? 30_000,
    tpSize,
    memFractionStatic: fraction,
    contextLength: number(given.context_length) ?? around.model.contextLength,
    pageSize,
    chunkedPrefillSize: chunk,
    maxRunningRequests: number(given.max_running_requests),
    maxQueuedRequests: number(given.max_queued_requests),
    maxTotalTokens: number(given.max_total_tokens),
    attentionBackend: backend,
    weightVersion: text(given.weight_version) ?? "default",
    apiKey: text(given.api_key),
    adminApiKey: text(given.admin_api_key),
    enableMetrics: given.enable_metrics === true,
    skipServerWarmup: given.skip_server_warmup === true,
    disableCudaGraph: given.disable_cuda_graph === true,
    watchdogTimeout: number(given.watchdog_timeout) ?? 300,
    mediaLimits: numbers(given.limit_mm_data_per_request),
    accessLogExclude: strings(given.uvicorn_access_log_exclude_prefixes),
    includeUsage: given.stream_response_default_include_usage === true,
    nodes: {
      count: number(given.nnodes) ?? 1,
      rank: number(given.node_rank) ?? 0,
      initAddress: text(given.dist_init_addr),
      // PyTorch's own for a store whose timeout is not given.
      timeout: number(given.dist_timeout) ?? 600,
    },
    configFile: text(given.config),
    fields,
  };
}

/** A field that holds a number, or undefined. */
function number(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function text(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function strings(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function numbers(value: Json | undefined): Readonly<Record<string, number>> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (typeof item === "number" ? [[key, item]] : [])),
  );
}

/** Batch sizes for which a CUDA graph is captured, up to `max`. */
function batchSizes(max: number): readonly number[] {
  const sizes = [1, 2, 4];
  for (let size = 8; size <= Math.min(max, 256); size += size < 16 ? 4 : 8) sizes.push(size);
  for (let size = 272; size <= max; size += 16) sizes.push(size);
  return sizes.filter((size) => size <= max);
}

/** Whether a rank's scheduler is a process of this node. */
export function isLocalRank({ tpSize, nodes }: Pick<ServerArgs, "tpSize" | "nodes">, rank: number): boolean {
  return nodes.count === 1 || Math.floor((rank * nodes.count) / tpSize) === nodes.rank;
}
