import type { Clock } from "../core/clock.ts";
import { textOf } from "../core/errors.ts";
import type { ProbeSpec } from "../core/probe-spec.ts";
import type { Seconds } from "../core/units.ts";
import type { Measurement, ProbeReport } from "../gate/measurement.ts";
import type { Baseline, NoBaseline } from "./baseline/document.ts";
import type { Check, Finding } from "./check.ts";
import { authors } from "./checks/authors.ts";
import { burst } from "./checks/burst.ts";
import { fluency } from "./checks/fluency.ts";
import { golden } from "./checks/golden.ts";
import { health } from "./checks/health.ts";
import { healthWindow } from "./checks/health-window.ts";
import { identity } from "./checks/identity.ts";
import { image } from "./checks/image.ts";
import { imageContrast } from "./checks/image-contrast.ts";
import { latency } from "./checks/latency.ts";
import { longPrompt } from "./checks/long-prompt.ts";
import { negative } from "./checks/negative.ts";
import { reasoning } from "./checks/reasoning.ts";
import { streaming } from "./checks/streaming.ts";
import { text } from "./checks/text.ts";
import { toolCall } from "./checks/tool-call.ts";
import { video } from "./checks/video.ts";
import { roundsOf } from "./expectations.ts";
import { seededRandom } from "./seeded-random.ts";
import { type ProbePicture, Session } from "./session.ts";
import type { ProbeTarget } from "./target.ts";
import { factsWithoutSecrets, withoutSecrets } from "./without-secrets.ts";

/** All checks, in the order in which they run: the cheap ones that explain the others come first. */
export const checks: readonly Check[] = [
  health,
  identity,
  text,
  streaming,
  fluency,
  golden,
  longPrompt,
  image,
  imageContrast,
  video,
  authors,
  burst,
  healthWindow,
  latency,
  toolCall,
  reasoning,
  // Last: it asks what may ruin the engine.
  negative,
];

/** What a run of probes needs beside target and spec. */
export interface ProbeOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called after each check, for live progress. */
  readonly onMeasurement?: (measurement: Measurement) => void;
  /** Called with each picture that is sent. */
  readonly onPicture?: (picture: ProbePicture) => void;
  /** What a good engine said to the golden prompts; without it the check `golden` is skipped, with the reason that is given. */
  readonly baseline?: Baseline | NoBaseline;
  /** Decides every question and picture of the run. @default a new one */
  readonly seed?: number;
  /** Skips what comes after a failed check: for a promotion, which needs the verdict soon more than the whole list. @default false */
  readonly stopsAtFail?: boolean;
  /** What is run, in this order; the profile chooses among them. @default every check of the suite */
  readonly checks?: readonly Check[];
}

/**
 * Runs the suite against one engine. After a check that got no answer or failed, the rest still runs, so that one report
 * shows everything that is wrong; only where nothing listens are the other checks skipped.
 *
 * Rejects only with the reason of an aborted signal.
 */
export async function runSuite(target: ProbeTarget, spec: ProbeSpec, options: ProbeOptions): Promise<ProbeReport> {
  const startedAt = options.clock.now();
  const measurements: Measurement[] = [];
  const seeded = { ...options, seed: options.seed ?? freshSeed() };
  for (const check of (options.checks ?? checks).filter(({ profiles }) => profiles.includes(spec.profile))) {
    const end = whyEnded(measurements, options.stopsAtFail === true);
    const measurement =
      end === undefined ? await measure(check, target, spec, seeded) : skipped(check, end, options.clock);
    measurements.push(measurement);
    options.onMeasurement?.(measurement);
  }
  return {
    target: target.name,
    ...(target.podUid === undefined ? {} : { podUid: target.podUid }),
    startedAt,
    finishedAt: options.clock.now(),
    measurements,
  };
}

/**
 * Runs one check and turns whatever happens into a measurement; what is not done at the check's deadline is an `error`. An engine may repeat the key that it was asked with, or
 * tell another's: neither gets any further than here.
 */
export async function measure(
  check: Check,
  target: ProbeTarget,
  spec: ProbeSpec,
  options: ProbeOptions,
): Promise<Measurement> {
  const random = seededRandom((options.seed ?? freshSeed()) ^ checksum(check.name));
  const deadlineSeconds = deadlineOf(check, spec);
  // By the same watch as the timeouts of its requests.
  const deadline = AbortSignal.timeout(deadlineSeconds * 1000);
  const signal = AbortSignal.any([options.signal, deadline]);
  const session = new Session(target, spec, { ...options, signal, random });
  const startedAt = options.clock.now();
  const found = await check.run(session, timeoutOf(check, spec)).catch((error: unknown): Finding => {
    options.signal.throwIfAborted();
    return { outcome: "error", reason: `${check.name} could not be run: ${textOf(error)}.` };
  });
  const finding = deadline.aborted ? tooLate(check, deadlineSeconds, session) : found;
  return {
    check: check.name,
    outcome: finding.outcome,
    ...(check.severity === undefined ? {} : { severity: check.severity }),
    reason: withoutSecrets(finding.reason, target.apiKey),
    startedAt,
    duration: Math.round(options.clock.now() - startedAt),
    attempts: session.attempts,
    transportErrors: session.transportErrors,
    facts: factsWithoutSecrets(finding.facts ?? {}, target.apiKey),
  };
}

function timeoutOf(check: Check, spec: ProbeSpec): Seconds {
  return spec.timeoutsSeconds?.[check.name] ?? check.timeoutSeconds;
}

/** How long a whole check may take in a run of this spec. */
export function deadlineOf(check: Check, spec: ProbeSpec): Seconds {
  const derived = timeoutOf(check, spec) * (roundsOf(spec) + 2);
  return spec.deadlinesSeconds?.[check.name] ?? check.deadlineSeconds ?? derived;
}

function tooLate(check: Check, deadlineSeconds: Seconds, { attempts, lastRequest }: Session): Finding {
  const requests = attempts === 1 ? "1 request was" : `${attempts} requests were`;
  const last = lastRequest === undefined ? "" : `, the last was ${lastRequest}`;
  const reason = `${check.name} took longer than its ${deadlineSeconds} s deadline; ${requests} asked${last}.`;
  return { outcome: "error", reason };
}

/** Why nothing more is asked; undefined to go on. */
function whyEnded(measurements: readonly Measurement[], stopsAtFail: boolean): string | undefined {
  const critical = measurements.filter(({ severity }) => severity !== "warning");
  const silent = critical.find(({ outcome }) => outcome === "error");
  if (silent !== undefined) return `${silent.check} got no answer.`;
  const failed = stopsAtFail ? critical.find(({ outcome }) => outcome === "fail") : undefined;
  return failed === undefined ? undefined : `${failed.check} has failed already.`;
}

/** A seed that no engine can know. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}

/** Tells the checks of one seed apart. */
function checksum(name: string): number {
  return [...name].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0, 7);
}

function skipped(check: Check, reason: string, clock: Clock): Measurement {
  const startedAt = clock.now();
  return {
    check: check.name,
    outcome: "skipped",
    reason,
    startedAt,
    duration: 0,
    attempts: 0,
    transportErrors: 0,
    facts: {},
  };
}
