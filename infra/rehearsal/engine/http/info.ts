import type { Engine } from "../engine.ts";
import type { Exchange } from "./exchange.ts";

/** Fields that `internal_states` has beside all server arguments. */
const internalOnly = {
  enable_grpc: false,
  _quantization_explicitly_unset: false,
  use_mla_backend: false,
  _mx_config_cache: {},
};

/** `GET /v1/models`. */
export function listModels(engine: Engine, exchange: Exchange): void {
  exchange.send(200, { object: "list", data: [modelCard(engine)] });
}

/** `GET /v1/models/{model}`. */
export function oneModel(engine: Engine, exchange: Exchange): void {
  const name = exchange.path.slice("/v1/models/".length);
  if (name === engine.args.servedModelName) {
    exchange.send(200, modelCard(engine));
    return;
  }
  const message = `The model '${name}' does not exist`;
  exchange.send(404, { error: { message, type: "invalid_request_error", param: "model", code: "model_not_found" } });
}

function modelCard({ args, clock }: Engine): object {
  return {
    id: args.servedModelName,
    object: "model",
    created: Math.floor(clock.now() / 1000),
    owned_by: "sglang",
    root: args.servedModelName,
    parent: null,
    max_model_len: args.contextLength,
  };
}

/** `GET /model_info`: from the front process alone, whatever the scheduler does. */
export function modelInfo(engine: Engine, exchange: Exchange): void {
  deprecated(engine, exchange, "/get_model_info", "/model_info");
  const { args, model, fault } = engine;
  const isOther = fault?.name === "wrong-model";
  const path = isOther ? "Qwen/Qwen2.5-VL-7B-Instruct" : args.modelPath;
  exchange.send(200, {
    model_path: path,
    tokenizer_path: path,
    is_generation: true,
    preferred_sampling_params: args.fields.preferred_sampling_params ?? null,
    weight_version: weightVersion(engine),
    has_image_understanding: true,
    has_audio_understanding: false,
    model_type: isOther ? "qwen2_5_vl" : model.modelType,
    architectures: [isOther ? "Qwen2_5_VLForConditionalGeneration" : model.architecture],
  });
}

/** What the server calls its weights, everywhere that it says so. */
export function weightVersion({ args, fault }: Engine): string {
  return fault?.name === "wrong-weight-version" ? "default" : args.weightVersion;
}

/** `GET /server_info`: asks the scheduler, without a time-out. Holds the API keys in clear. */
export async function serverInfo(engine: Engine, exchange: Exchange): Promise<void> {
  deprecated(engine, exchange, "/get_server_info", "/server_info");
  engine.onTokenizerUse();
  await engine.scheduler.control(exchange.signal);
  const { args, memory, fault } = engine;
  const isOther = fault?.name === "wrong-model";
  const path = isOther ? "Qwen/Qwen2.5-VL-7B-Instruct" : args.modelPath;
  const fields = { ...args.fields, model_path: path, tokenizer_path: path, weight_version: weightVersion(engine) };
  exchange.send(200, {
    ...fields,
    status: "ready",
    max_total_num_tokens: memory.tokens,
    max_req_input_len: maxInput(engine),
    internal_states: [
      {
        ...fields,
        prefill_attention_backend: args.fields.prefill_attention_backend ?? args.attentionBackend,
        decode_attention_backend: args.fields.decode_attention_backend ?? args.attentionBackend,
        pp_max_micro_batch_size: memory.maxRunningRequests,
        disable_chunked_prefix_cache: true,
        grpc_port: args.port + 10_000,
        ...internalOnly,
        last_gen_throughput: engine.scheduler.throughput,
        memory_usage: {
          weight: round(memory.weights),
          kvcache: round(memory.keys + memory.values + memory.indexer),
          token_capacity: memory.tokens,
          graph: round(memory.graphs),
        },
        effective_max_running_requests_per_dp: memory.maxRunningRequests,
      },
    ],
    version: "0.0.0.dev0",
  });
}

/** Longest prompt that the server takes, in tokens. */
export function maxInput({ args, memory }: Engine): number {
  return Math.min(args.contextLength, memory.tokens) - 6;
}

/** `GET /v1/loads`. */
export async function loads(engine: Engine, exchange: Exchange): Promise<void> {
  engine.onTokenizerUse();
  await engine.scheduler.control(exchange.signal);
  const { scheduler, memory, clock } = engine;
  const used = scheduler.usedTokens;
  const usage = Number((used / memory.tokens).toFixed(4));
  const total = scheduler.running + scheduler.waiting;
  exchange.send(200, {
    timestamp: new Date(clock.now()).toISOString().replace("Z", "000+00:00"),
    version: "0.0.0.dev0",
    dp_rank_count: 1,
    loads: [
      {
        num_running_reqs: scheduler.running,
        num_waiting_reqs: scheduler.waiting,
        num_used_tokens: used,
        num_total_tokens: used,
        max_total_num_tokens: memory.tokens,
        token_usage: usage,
        gen_throughput: scheduler.throughput,
        cache_hit_rate: 0,
        utilization: 0,
        max_running_requests: memory.maxRunningRequests,
        memory: {
          weight_gb: round(memory.weights),
          kv_cache_gb: round(memory.keys + memory.values + memory.indexer),
          graph_gb: round(memory.graphs),
          token_capacity: memory.tokens,
        },
        disaggregation: {
          mode: "null",
          prefill_prealloc_queue_reqs: 0,
          prefill_inflight_queue_reqs: 0,
          decode_prealloc_queue_reqs: 0,
          decode_transfer_queue_reqs: 0,
          decode_retracted_queue_reqs: 0,
          kv_transfer_speed_gb_s: 0,
          kv_transfer_latency_ms: 0,
        },
        queues: { waiting: scheduler.waiting, grammar: 0, paused: 0, retracted: 0 },
        num_total_reqs: total,
      },
    ],
    aggregate: {
      total_running_reqs: scheduler.running,
      total_waiting_reqs: scheduler.waiting,
      total_reqs: total,
      total_used_tokens: used,
      total_tokens: used,
      avg_token_usage: usage,
      avg_throughput: scheduler.throughput,
      avg_utilization: 0,
    },
  });
}

/** `GET /get_load`. */
export async function oldLoad(engine: Engine, exchange: Exchange): Promise<void> {
  engine.onTokenizerUse();
  await engine.scheduler.control(exchange.signal);
  const { scheduler, clock, startedAt } = engine;
  exchange.send(200, [
    {
      dp_rank: null,
      num_reqs: scheduler.running + scheduler.waiting,
      num_waiting_reqs: scheduler.waiting,
      num_tokens: scheduler.usedTokens,
      num_pending_tokens: 0,
      ts_tic: (clock.now() - startedAt) / 1000,
    },
  ]);
}

/** `GET` or `POST /flush_cache`: refused while requests run. */
export async function flushCache(engine: Engine, exchange: Exchange): Promise<void> {
  engine.onTokenizerUse();
  await engine.scheduler.control(exchange.signal);
  const isIdle = engine.scheduler.running + engine.scheduler.waiting === 0;
  if (isIdle) engine.log.message("Cache flushed successfully!");
  const text =
    "Cache flushed.\nPlease check backend logs for more details. (When there are running or waiting requests, the operation will not be performed.)\n";
  exchange.sendText(isIdle ? 200 : 400, text, "text/plain; charset=utf-8");
}

function deprecated({ log }: Engine, exchange: Exchange, old: string, now: string): void {
  if (exchange.path !== old) return;
  log.message(`Endpoint '${old}' is deprecated and will be removed in a future version. Please use '${now}' instead.`);
}

function round(value: number): number {
  return Number(value.toFixed(2));
}
