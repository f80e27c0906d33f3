import type { Clock } from "../../core/clock.ts";
import { DeployError } from "../../core/errors.ts";
import { inLanes } from "../lanes.ts";
import { seededRandom } from "../seeded-random.ts";
import { Session } from "../session.ts";
import type { ProbeTarget } from "../target.ts";
import { shorten } from "../text.ts";
import { withoutSecrets } from "../without-secrets.ts";
import { askGolden, type GoldenAnswer } from "./ask-golden.ts";
import type { Baseline, GoldenRecord } from "./document.ts";
import { toleranceOf } from "./fingerprint.ts";
import { type Golden, goldens } from "./goldens.ts";
import { describeEngine, type RecordedEngine } from "./recorded-engine.ts";

const defaultRuns = 5;
const defaultTimeoutSeconds = 60;
/** Prompts that a run with company asks at once. */
const lanes = 4;

/** What a recording needs beside its target. */
export interface RecordOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Sent as `model`. @default empty, which SGLang accepts */
  readonly servedModelName?: string;
  /** How often each prompt is asked: at least 2, since the tolerance is learnt from the differences. @default 5 */
  readonly runs?: number;
  /** Of the engine's image, where known. */
  readonly imageDigest?: string;
}

/**
 * Asks every golden prompt repeatedly and keeps what was said. Greedy answers are not stable: a warm cache and the company
 * of other requests change sums, so that every second run asks several prompts at once.
 *
 * Throws `GATE_FAILED` for an engine that answers wrongly, since a baseline of it would defend its mistakes, and
 * `GATE_INCONCLUSIVE` for one that does not answer.
 */
export async function recordBaseline(target: ProbeTarget, options: RecordOptions): Promise<Baseline> {
  const runs = Math.max(2, options.runs ?? defaultRuns);
  const expectation = options.servedModelName === undefined ? {} : { servedModelName: options.servedModelName };
  const session = new Session(target, { profile: "gate", expectation }, { ...options, random: seededRandom(0) });
  const engine = await knownEngine(session);
  const answers: GoldenAnswer[][] = goldens.map(() => []);
  for (let run = 0; run < runs; run++) {
    const round = await inLanes(goldens.length, run % 2 === 0 ? 1 : lanes, async (index) => {
      // The lanes count the goldens.
      const golden = goldens[index] as Golden;
      return goodAnswer(session, golden);
    });
    for (const [index, answer] of round.entries()) answers[index]?.push(answer);
  }
  return {
    apiVersion: "keye-stack.dev/v1",
    kind: "ProbeBaseline",
    recordedAt: new Date(options.clock.now()).toISOString(),
    weightVersion: answers[0]?.[0]?.weightVersion ?? null,
    engine: { ...engine, imageDigest: options.imageDigest ?? null },
    runs,
    goldens: goldens.map((golden, index) => recordOf(golden, answers[index] ?? [])),
  };
}

async function knownEngine(session: Session): Promise<RecordedEngine> {
  const engine = await describeEngine(session, defaultTimeoutSeconds * 1000);
  if ("outcome" in engine) throw refusal(session, "GATE_INCONCLUSIVE", engine.reason);
  return engine;
}

async function goodAnswer(session: Session, golden: Golden): Promise<GoldenAnswer> {
  const answer = await askGolden(session, golden, defaultTimeoutSeconds * 1000);
  if ("outcome" in answer) {
    throw refusal(session, answer.outcome === "fail" ? "GATE_FAILED" : "GATE_INCONCLUSIVE", answer.reason);
  }
  if (golden.expects?.test(answer.text) === false) {
    throw refusal(session, "GATE_FAILED", `"${golden.prompt}": got "${shorten(answer.text)}", which is wrong.`);
  }
  return { ...answer, text: withoutSecrets(answer.text, session.target.apiKey) };
}

function refusal({ target }: Session, code: "GATE_FAILED" | "GATE_INCONCLUSIVE", reason: string): DeployError {
  const message = `No baseline can be recorded: ${withoutSecrets(reason, target.apiKey)}`;
  return new DeployError({ code, where: target.name, message });
}

function recordOf({ prompt }: Golden, answers: readonly GoldenAnswer[]): GoldenRecord {
  const fingerprints = answers.map(({ fingerprint }) => fingerprint).filter(({ length }) => length > 0);
  const distinct = new Map(fingerprints.map((fingerprint) => [JSON.stringify(fingerprint), fingerprint]));
  return {
    prompt,
    answers: [...new Set(answers.map(({ text }) => text))],
    fingerprints: [...distinct.values()],
    tolerance: toleranceOf(fingerprints),
  };
}
