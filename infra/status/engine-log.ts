import { quoteTail } from "../core/redact.ts";
import { type FailureSignature, failureSignatures } from "./failure-signatures.ts";
import { furthest, phaseOfLine, type StartupPhase } from "./startup-phase.ts";

/** How much of a countable step is done. */
export interface StepCount {
  readonly done: number;
  readonly total: number;
}

/** How far an engine has come, read from its log. */
export interface EngineProgress {
  readonly phase: StartupPhase;
  /** Weight shards read, while the phase is `load` and the loader shows them. */
  readonly shards?: StepCount;
  /** True while the last thing that the engine told of is the compilation of kernels. */
  readonly isCompiling?: true;
  /** Batch sizes captured, while the phase is `graphs` and the capture shows them. */
  readonly graphs?: StepCount;
}

/** A line of a log that explains a failure. */
export interface FoundFailure {
  readonly signature: FailureSignature;
  /** The line that says it, not redacted; where a traceback stands beside it, the traceback's last line. */
  readonly line: string;
  /** Where in the log the story ends: index of the later one of signature and exception, progress-bar states counted as lines. */
  readonly lineIndex: number;
}

/** Lines that look like trouble and are not. */
const benign =
  /Ignore import error when loading|Using default MoE kernel config|Received output for rid='HEALTH_CHECK|KV cache pool is full\. Retract|parameter not found in model|DeprecationWarning|is deprecated/;

/** How Python ends a traceback; a cancelled wait is the consequence of something else. */
const exceptionLine = /^(?!asyncio\.exceptions\.CancelledError)(?:\w+\.)*\w*(?:Error|Exception)\b/;

const shardCount = /shards:.*?\b(\d+)\/(\d+)\b/;
/** A signature's line is often followed by its reason. */
const linesAfterFailure = 3;

/**
 * What SGLang says when DeepGEMM has no kernel for a shape yet and compiles it.
 * @see sglang srt/layers/deep_gemm_wrapper/compile_utils.py
 */
const compiling = /Entering DeepGEMM JIT|DeepGEMM JIT (?:Pre-)?[Cc]ompil|DeepGEMM warmup/;

const graphCount = /Capturing batches.*?\b(\d+)\/(\d+)\b/;

/**
 * Reads how far an engine has come from the tail of its log. The tail may begin anywhere: the furthest marker in it
 * counts, since the lines of several processes interleave.
 */
export function readProgress(log: string): EngineProgress {
  const lines = linesOf(log);
  const phase = lines.reduce<StartupPhase>((reached, line) => furthest(reached, phaseOfLine(line)), "process");
  const shards = phase === "load" ? lastCount(lines, shardCount) : undefined;
  const graphs = phase === "graphs" ? lastCount(lines, graphCount) : undefined;
  return {
    phase,
    ...(shards === undefined ? {} : { shards }),
    ...(graphs === undefined ? {} : { graphs }),
    ...(isCompiling(lines) ? { isCompiling: true } : {}),
  };
}

/** No stage has begun since the engine last told of compiling. */
function isCompiling(lines: readonly string[]): boolean {
  const last = lines.findLastIndex((line) => compiling.test(line));
  return last >= 0 && !lines.slice(last + 1).some((line) => phaseOfLine(line) !== undefined);
}

/**
 * Finds what a log says went wrong: the topmost signature of the table that any line matches, with its first such line.
 * Signatures whose text also appears in logs of healthy engines count only with `hasExited`.
 */
export function findFailure(log: string, hasExited: boolean): FoundFailure | undefined {
  let phase: StartupPhase = "process";
  const lines = linesOf(log).map((text) => {
    phase = furthest(phase, phaseOfLine(text));
    return { text: benign.test(text) ? "" : text, phase };
  });
  for (const signature of failureSignatures) {
    if (signature.onlyAfterExit && !hasExited) continue;
    const index = lines.findIndex(
      ({ text, phase: at }) => signature.pattern.test(text) && (signature.phases?.includes(at) ?? true),
    );
    const line = lines[index]?.text;
    if (line === undefined) continue;
    const causeIndex = signature.namesNoCause ? exceptionNear(lines, index) : undefined;
    const cause = causeIndex === undefined ? undefined : lines[causeIndex]?.text;
    return { signature, line: (cause ?? line).trim(), lineIndex: Math.max(index, causeIndex ?? 0) };
  }
  return undefined;
}

/** Logs of an engine's present life and of the one before, each empty where there is none. */
export interface LivesLogged {
  readonly log: string;
  readonly previousLog: string;
  readonly isRunning: boolean;
}

/**
 * What an engine has said before it ended; empty where that is not known. Until the next start the log of the life that
 * ended is the present one, and that start may come between the look at the pod and the one at its log.
 */
export function lastWords({ log, previousLog, isRunning }: LivesLogged): string {
  const lives = isRunning ? [previousLog] : [log, previousLog].filter((text) => text !== "");
  return lives.find((text) => findFailure(text, true) !== undefined) ?? lives[0] ?? "";
}

/**
 * The lines to show a person: those that lead up to what went wrong, where that is found, else the last ones. A dying
 * engine may log hundreds of cancelled requests after the line that matters. Redacted.
 */
export function quoteEvidence(log: string, count: number): string[] {
  const found = findFailure(log, true);
  const lines = linesOf(log);
  return quoteTail(found === undefined ? lines : lines.slice(0, found.lineIndex + 1 + linesAfterFailure), count);
}

/** Index of the exception that a line announces, or else of the last one before it. */
function exceptionNear(lines: readonly { readonly text: string }[], index: number): number | undefined {
  const found = lines.flatMap(({ text }, at) => (exceptionLine.test(text) ? [at] : []));
  return found.find((at) => at >= index) ?? found.at(-1);
}

/** Lines of a log. Progress bars overwrite themselves with a carriage return: each of their states is a line here. */
function linesOf(log: string): string[] {
  return log.split(/\r?\n|\r/);
}

function lastCount(lines: readonly string[], pattern: RegExp): StepCount | undefined {
  const match = lines.map((line) => pattern.exec(line)).findLast((found) => found !== null);
  return match ? { done: Number(match[1]), total: Number(match[2]) } : undefined;
}
