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
  /** Batch sizes captured, while the phase is `graphs` and the capture shows them. */
  readonly graphs?: StepCount;
}

/** A line of a log that explains a failure. */
export interface FoundFailure {
  readonly signature: FailureSignature;
  /** The line as logged, not redacted. */
  readonly line: string;
}

/** Lines that look like trouble and are not. */
const benign =
  /Ignore import error when loading|Using default MoE kernel config|Received output for rid='HEALTH_CHECK|KV cache pool is full\. Retract|parameter not found in model|DeprecationWarning|is deprecated/;

const shardCount = /shards:.*?\b(\d+)\/(\d+)\b/;
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
  return { phase, ...(shards === undefined ? {} : { shards }), ...(graphs === undefined ? {} : { graphs }) };
}

/**
 * Finds what a log says went wrong: the topmost signature of the table that any line matches, with its first such line.
 * Signatures whose text also appears in logs of healthy engines count only with `hasExited`.
 */
export function findFailure(log: string, hasExited: boolean): FoundFailure | undefined {
  let phase: StartupPhase = "process";
  const lines = linesOf(log).flatMap((text) => {
    phase = furthest(phase, phaseOfLine(text));
    return benign.test(text) ? [] : [{ text, phase }];
  });
  for (const signature of failureSignatures) {
    if (signature.onlyAfterExit && !hasExited) continue;
    const line = lines.find(
      ({ text, phase: at }) => signature.pattern.test(text) && (signature.phases?.includes(at) ?? true),
    );
    if (line !== undefined) return { signature, line: line.text.trim() };
  }
  return undefined;
}

/** Progress bars overwrite themselves with a carriage return: each of their states is a line here. */
function linesOf(log: string): string[] {
  return log.split(/\r?\n|\r/);
}

function lastCount(lines: readonly string[], pattern: RegExp): StepCount | undefined {
  const match = lines.map((line) => pattern.exec(line)).findLast((found) => found !== null);
  return match ? { done: Number(match[1]), total: Number(match[2]) } : undefined;
}
