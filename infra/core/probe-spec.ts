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
}

/** What a prober is to do. Plain JSON: its canonical form is hashed into the probe hash. */
export interface ProbeSpec {
  readonly profile: "smoke" | "gate" | "soak";
  readonly expectation: EngineExpectation;
  /** Passes in a row that each answer check needs. @default 1 for smoke, 3 otherwise */
  readonly consecutivePasses?: number;
  /** Seconds one attempt may take, by check; the prober's own defaults where absent. */
  readonly timeoutsSeconds?: Readonly<Record<string, number>>;
}
