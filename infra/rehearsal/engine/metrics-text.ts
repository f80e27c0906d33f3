import type { Engine } from "./engine.ts";
import { type Histogram, labelsOf } from "./metrics.ts";

/** The text of `/metrics`: the series that an autoscaler, an alert or a dashboard reads, with the server's own names. */
export function metricsText(engine: Engine): string {
  const { args, memory, scheduler, metrics } = engine;
  const model_name = args.servedModelName;
  const scheduled = labelsOf({ engine_type: "unified", model_name, moe_ep_rank: "0", pp_rank: "0", tp_rank: "0" });
  const served = labelsOf({ engine_type: "unified", model_name });
  const lines: string[] = [];
  const family = (name: string, type: string, help: string, samples: readonly (readonly [string, number])[]) => {
    lines.push(`# HELP sglang:${name} ${help}`, `# TYPE sglang:${name} ${type}`);
    for (const [suffix, value] of samples) lines.push(`sglang:${name}${suffix} ${decimal(value)}`);
  };
  const gauge = (name: string, help: string, value: number) => family(name, "gauge", help, [[scheduled, value]]);
  const counter = (name: string, help: string, value: number) => family(name, "counter", help, [[served, value]]);
  gauge("max_total_num_tokens", "Maximum total number of tokens in the KV cache pool.", memory.tokens);
  gauge("engine_startup_time", "The time taken for the engine to start up.", 0);
  gauge("engine_load_weights_time", "The time taken for the engine to load weights.", 0);
  gauge("page_size", "KV cache page size in tokens.", args.pageSize);
  gauge("num_pages", "Number of KV cache pages.", Math.floor(memory.tokens / args.pageSize));
  gauge("context_len", "Maximum context length.", args.contextLength);
  gauge("startup_available_gpu_memory_gb", "Available GPU memory in GB at startup.", memory.afterGraphs);
  gauge("num_running_reqs", "The number of running requests.", scheduler.running);
  gauge("num_queue_reqs", "The number of requests in the waiting queue.", scheduler.waiting);
  gauge("num_grammar_queue_reqs", "The number of requests in the grammar waiting queue.", 0);
  gauge("num_retracted_reqs", "The number of retracted requests.", 0);
  gauge("num_paused_reqs", "The number of paused requests by async weight sync.", 0);
  gauge("gen_throughput", "The generation throughput (token/s).", scheduler.throughput);
  gauge("cache_hit_rate", "The prefix cache hit rate.", 0);
  gauge("token_usage", "The token usage.", scheduler.usedTokens / memory.tokens);
  gauge("full_token_usage", "The token usage for full attention layers.", scheduler.usedTokens / memory.tokens);
  gauge("num_used_tokens", "The number of used tokens.", scheduler.usedTokens);
  gauge(
    "kv_available_tokens",
    "Number of free token slots in the KV cache pool.",
    memory.tokens - scheduler.usedTokens,
  );
  gauge("kv_evictable_tokens", "Number of evictable (radix-cached) token slots in the KV cache pool.", 0);
  gauge("kv_used_tokens", "Number of actively used token slots in the KV cache pool.", scheduler.usedTokens);
  gauge("utilization", "The utilization.", 0);
  gauge("is_cuda_graph", "Whether the batch is using CUDA graph.", args.disableCudaGraph ? 0 : 1);
  const histograms = [
    ["time_to_first_token_seconds", "Histogram of time to first token in seconds.", metrics.firstToken],
    ["e2e_request_latency_seconds", "Histogram of End-to-end request latency in seconds", metrics.latency],
  ] as const;
  for (const [name, help, histogram] of histograms) family(name, "histogram", help, samplesOf(histogram, served));
  family("http_requests_total", "counter", "Total number of HTTP requests by endpoint and method", [
    ...metrics.httpRequests,
  ]);
  family("http_responses_total", "counter", "Total number of HTTP responses by endpoint and status code", [
    ...metrics.httpResponses,
  ]);
  counter("prompt_tokens_total", "Number of prefill tokens processed.", metrics.promptTokens);
  counter("generation_tokens_total", "Number of generation tokens processed.", metrics.generatedTokens);
  counter("num_requests_total", "Number of requests processed.", metrics.requests);
  counter("num_aborted_requests_total", "Number of requests aborted.", metrics.aborted);
  return `${lines.join("\n")}\n`;
}

function samplesOf(histogram: Histogram, labels: string): readonly (readonly [string, number])[] {
  const inner = labels.slice(1, -1);
  const buckets = histogram.bounds.map(
    (bound, index) => [`_bucket{${inner},le="${decimal(bound)}"}`, histogram.counts[index] ?? 0] as const,
  );
  return [
    [`_sum${labels}`, histogram.sum],
    ...buckets,
    [`_bucket{${inner},le="+Inf"}`, histogram.count],
    [`_count${labels}`, histogram.count],
  ];
}

/** A float as the Python client prints it. */
function decimal(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
