import { describe, expect, test } from "vitest";
import { shippedContracts } from "../../../../infra/config/contracts/shipped.ts";
import { type ParseResult, parseConfig } from "../../../../infra/config/parse.ts";

interface Case {
  readonly rule: string;
  readonly breaks: readonly string[];
  /** Arguments that differ as little as may be, and keep the rule. */
  readonly keeps: readonly string[];
  /** Further settings of `engine`. */
  readonly engine?: object;
  /** For `keeps` alone, in place of `engine`. */
  readonly engineOfKeeps?: object;
}

const apiKeySecret = { name: "keye-api-key", key: "key" };

const cases: readonly Case[] = [
  { rule: "pipeline", breaks: ["--pipeline-parallel-size=1"], keeps: [] },
  { rule: "disaggregation", breaks: ["--disaggregation-mode=null"], keeps: [] },
  { rule: "speculation", breaks: ["--speculative-algorithm=EAGLE"], keeps: [] },
  { rule: "hierarchical-sparse", breaks: ["--enable-hisparse"], keeps: [] },
  { rule: "quantized-communication", breaks: ["--enable-quant-communications"], keeps: [] },
  { rule: "chunk-of-pages", breaks: ["--chunked-prefill-size=100"], keeps: ["--chunked-prefill-size=128"] },
  { rule: "chunk-of-pages", breaks: ["--chunked-prefill-size=-64"], keeps: ["--chunked-prefill-size=-1"] },
  { rule: "pages-of-64", breaks: ["--page-size=1"], keeps: ["--page-size=64"] },
  { rule: "backend-of-both-phases", breaks: ["--attention-backend=fa3"], keeps: ["--attention-backend=keye_sa"] },
  { rule: "vision-backend", breaks: ["--mm-attention-backend=fa3"], keeps: [] },
  {
    rule: "cache-by-direct-io",
    breaks: ["--enable-hierarchical-cache", "--hicache-io-backend=kernel"],
    keeps: ["--enable-hierarchical-cache", "--hicache-io-backend=direct"],
  },
  {
    rule: "cache-by-direct-io",
    breaks: ["--hicache-io-backend=kernel", "--enable-hierarchical-cache"],
    keeps: ["--hicache-io-backend=kernel"],
  },
  { rule: "experts-over-gpus", breaks: ["--ep=4"], keeps: ["--ep=2"] },
  { rule: "experts-over-gpus", breaks: ["--ep-size=4"], keeps: ["--ep-size=4"], engineOfKeeps: { tpSize: 4 } },
  { rule: "context-over-gpus", breaks: ["--attn-cp-size=3"], keeps: ["--attn-cp-size=2"] },
  { rule: "expert-data-over-gpus", breaks: ["--moe-dp-size=0"], keeps: ["--moe-dp-size=1"] },
  { rule: "dense-layers", breaks: ["--moe-dense-tp-size=2"], keeps: ["--moe-dense-tp-size=1"] },
  { rule: "first-gpu", breaks: ["--base-gpu-id=1"], keeps: ["--base-gpu-id=0"] },
  { rule: "next-gpu", breaks: ["--gpu-id-step=2"], keeps: ["--gpu-id-step=1"] },
  { rule: "attention-over-data", breaks: ["--enable-dp-attention"], keeps: [] },
  { rule: "head-over-data", breaks: ["--enable-dp-lm-head"], keeps: [] },
  { rule: "queue-of-some", breaks: ["--max-queued-requests=0"], keeps: ["--max-queued-requests=1"] },
  { rule: "tokenizer-workers", breaks: ["--tokenizer-worker-num=0"], keeps: ["--tokenizer-worker-num=2"] },
  {
    rule: "workers-with-key",
    breaks: ["--tokenizer-worker-num=2"],
    keeps: ["--tokenizer-worker-num=1"],
    engine: { apiKeySecret },
  },
  {
    rule: "workers-with-key",
    breaks: ["--tokenizer-worker-num=2"],
    keeps: ["--tokenizer-worker-num=2"],
    engine: { apiKeySecret },
    engineOfKeeps: {},
  },
  { rule: "log-level", breaks: ["--log-level=WARNING"], keeps: ["--log-level=warning"] },
  { rule: "http-log-level", breaks: ["--log-level-http=warn"], keeps: ["--log-level-http=trace"] },
  {
    rule: "conservativeness",
    breaks: ["--schedule-conservativeness=-0.1"],
    keeps: ["--schedule-conservativeness=0"],
  },
  {
    rule: "priority-policy",
    breaks: ["--enable-priority-scheduling", "--schedule-policy=lpm"],
    keeps: ["--enable-priority-scheduling", "--schedule-policy=lof"],
  },
  {
    rule: "priority-policy",
    breaks: ["--schedule-policy=lpm", "--enable-priority-scheduling"],
    keeps: ["--schedule-policy=lpm"],
  },
  {
    rule: "preemption-without-priority",
    breaks: ["--disable-priority-preemption"],
    keeps: ["--disable-priority-preemption", "--enable-priority-scheduling"],
  },
  {
    rule: "priority-without-priority",
    breaks: ["--default-priority-value=1"],
    keeps: ["--default-priority-value=1", "--enable-priority-scheduling"],
  },
  {
    rule: "metrics-file-folder",
    breaks: ["--export-metrics-to-file"],
    keeps: ["--export-metrics-to-file", "--export-metrics-to-file-dir=/var/cache/keye/metrics"],
  },
  {
    rule: "two-batches",
    breaks: ["--enable-two-batch-overlap"],
    keeps: ["--enable-two-batch-overlap", "--moe-a2a-backend=deepep"],
  },
  {
    rule: "flashinfer-experts",
    breaks: ["--moe-a2a-backend=flashinfer"],
    keeps: ["--moe-a2a-backend=flashinfer", "--moe-runner-backend=flashinfer_cutlass"],
  },
  {
    rule: "multiplexing-chunks",
    breaks: ["--enable-pdmux", "--disable-overlap-schedule"],
    keeps: ["--enable-pdmux", "--disable-overlap-schedule", "--chunked-prefill-size=-1"],
  },
  {
    rule: "multiplexing-overlap",
    breaks: ["--enable-pdmux", "--chunked-prefill-size=-1"],
    keeps: ["--enable-pdmux", "--chunked-prefill-size=-1", "--disable-overlap-schedule"],
  },
  { rule: "loras-of-some", breaks: ["--max-loras-per-batch=0"], keeps: ["--max-loras-per-batch=1"] },
  { rule: "lora-rank", breaks: ["--enable-lora"], keeps: ["--enable-lora", "--lora-paths=a=/models/a"] },
  {
    rule: "lora-modules",
    breaks: ["--enable-lora", "--max-lora-rank=8"],
    keeps: ["--enable-lora", "--max-lora-rank=8", "--lora-target-modules=all"],
  },
  {
    rule: "lora-experts",
    breaks: ["--enable-lora", "--lora-paths=a=/models/a", "--lora-use-virtual-experts"],
    keeps: ["--enable-lora", "--lora-paths=a=/models/a", "--lora-use-virtual-experts", "--lora-backend=triton"],
  },
  { rule: "media-settings", breaks: ["--mm-process-config=[]"], keeps: ['--mm-process-config={"image":{}}'] },
  {
    rule: "media-limits",
    breaks: ["--limit-mm-data-per-request=8"],
    keeps: ['--limit-mm-data-per-request={"image":8}'],
  },
  {
    rule: "model-overrides",
    breaks: ["--json-model-override-args={a: 1}"],
    keeps: ['--json-model-override-args={"a":1}'],
  },
  {
    rule: "loader-settings",
    breaks: ["--model-loader-extra-config=null"],
    keeps: ['--model-loader-extra-config={"num_threads":8}'],
  },
  {
    rule: "loader-of-dummies",
    breaks: ["--load-format=dummy", '--model-loader-extra-config={"num_threads":8}'],
    keeps: ["--load-format=auto", '--model-loader-extra-config={"num_threads":8}'],
  },
];

const { rules = [] } = shippedContracts.get("keye-vl-v2-30b-release") ?? {};

function parse(extraArgs: readonly string[], engine: object = {}, gate: object = {}): ParseResult {
  return parseConfig({ image: { digest: `sha256:${"0".repeat(64)}` }, engine: { ...engine, extraArgs }, gate });
}

function messagesOf(parsed: ParseResult): readonly string[] {
  return parsed.kind === "ok" ? [] : parsed.problems.map(({ message }) => message);
}

describe("a rule of the Keye branch", () => {
  test.each(cases)(
    "$rule is broken by $breaks and kept by $keeps",
    ({ rule, breaks, keeps, engine, engineOfKeeps }) => {
      const parts = rules.find(({ name }) => name === rule);
      const end = parts?.stopsWith === undefined ? "" : ` (the server stops with "${parts.stopsWith}")`;
      expect(messagesOf(parse(breaks, engine))).toEqual([expect.stringMatching(/^--/)]);
      expect(messagesOf(parse(breaks, engine))[0]).toContain(`${parts?.message}${end}.`);
      expect(messagesOf(parse(keeps, engineOfKeeps ?? engine))).toEqual([]);
    },
  );

  test("is in the table, each of them", () => {
    const tested = new Set(cases.map(({ rule }) => rule));
    expect(rules.map(({ name }) => name).filter((name) => !tested.has(name))).toEqual([]);
  });

  const onHopper = rules.filter(({ when = [] }) => when.some(({ kind }) => kind === "attention-backend"));

  test.each(onHopper)("$name is not asked for where another attention backend is expected", ({ name }) => {
    const { breaks = [] } = cases.find(({ rule }) => rule === name) ?? {};
    expect(messagesOf(parse(breaks, {}, { expect: { attentionBackend: null, pageSize: null } }))).toEqual([]);
  });
});

describe("a message", () => {
  const secret = "sk-do-not-print-me";

  test.each([
    `--max-total-tokens=${secret}`,
    `--load-format=${secret}`,
    `--log-requests=${secret}`,
    `--limit-mm-data-per-request=${secret}`,
    `--page-size=${secret}`,
    `--no-such-flag=${secret}`,
    `--mm-per-request=${secret}`,
    `--json-model-override-args=${secret}`,
  ])("does not repeat the value of %s", (argument) => {
    const parsed = parse([argument]);
    expect(parsed.kind === "problems" && parsed.problems).toHaveLength(1);
    expect(JSON.stringify(parsed)).not.toContain(secret);
  });

  test("about an argument that is wrong in two ways is given once", () => {
    expect(messagesOf(parse(["--page-size=1K", "--disaggregation-mode=x"]))).toEqual([
      "--page-size must be a whole number, all in digits.",
      expect.stringContaining("--disaggregation-mode cannot be used here"),
    ]);
  });
});
