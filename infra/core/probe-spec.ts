/** What the running engine must say of itself. Absent fields are not compared. */
export interface EngineExpectation {
  /** `--model-path`. */
  readonly modelPath?: string;
  readonly servedModelName?: string;
  /** `--weight-version`: the revision. */
  readonly weightVersion?: string;
  readonly tpSize?: number;
  readonly memFractionStatic?: number;
  /** @default "keye_sa" for Keye on Hopper */
  readonly attentionBackend?: string;
  readonly pageSize?: number;
  /** Tokens. `max_req_input_len` must allow for it. */
  readonly contextLength?: number;
  /** `architectures[0]` of `/model_info`. */
  readonly architecture?: string;
  /** @default "keye_sa" for Keye on Hopper */
  readonly prefillAttentionBackend?: string;
  /** @default "keye_sa" for Keye on Hopper */
  readonly decodeAttentionBackend?: string;
  /** `--revision`: commit of the weights on the hub. */
  readonly modelRevision?: string;
  readonly trustRemoteCode?: boolean;
  /** `auto` where `--kv-cache-dtype` is not given. */
  readonly kvCacheDtype?: string;
  /** `--quantization`; `none` where it must not be set. */
  readonly quantization?: string;
  readonly dpSize?: number;
  readonly ppSize?: number;
  readonly epSize?: number;
  /** Whether `/model_info` must say that it understands pictures. */
  readonly hasImageUnderstanding?: boolean;
  /** `--tool-call-parser`; where it is set, the prober has the model call a tool. */
  readonly toolCallParser?: string;
  /** `--reasoning-parser`; where it is set, the prober wants thoughts apart from the answer. */
  readonly reasoningParser?: string;
}

/** How fast the engine must be, as the prober's latency sample sees it. Without a limit the sample is told, not judged. */
export interface LatencyObjective {
  /** Until the first token of a short answer. */
  readonly ttftSeconds?: number;
  /** Mean pause between the tokens of one answer. */
  readonly interTokenSeconds?: number;
  /** Between 0 and 1, both excluded. @default 0.95 */
  readonly quantile?: number;
  /** Of the claim that the quantile is below the limit; between 0 and 1, both excluded. @default 0.95 */
  readonly confidence?: number;
}

/** What a prober is to do. Plain JSON: its canonical form is hashed into the probe hash. */
export interface ProbeSpec {
  readonly profile: "smoke" | "gate" | "soak";
  readonly expectation: EngineExpectation;
  /**
   * Whether the engine may be ruined: wrong requests make its drain last for ever, so they are sent only where this says
   * that it is thrown away afterwards. Never set by a promotion.
   * @default false
   */
  readonly isDisposable?: boolean;
  /** Passes in a row that each answer check needs. @default 1 for smoke, 3 otherwise */
  readonly consecutivePasses?: number;
  /** Seconds one attempt may take, by check; the prober's own defaults where absent. */
  readonly timeoutsSeconds?: Readonly<Record<string, number>>;
  /** Seconds a whole check may take, its retries included, by check; what the prober derives where absent. */
  readonly deadlinesSeconds?: Readonly<Record<string, number>>;
  readonly latency?: LatencyObjective;
  /** Questions that the burst asks at once, 1 to 64. @default 8 */
  readonly burstRequests?: number;
}
