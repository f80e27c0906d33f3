import { DeployError, jsonFault } from "../../core/errors.ts";
import { objectOf } from "../chat.ts";
import { parseRecordedEngine, type RecordedEngine } from "./recorded-engine.ts";

/** A token and the natural logarithm of its chance. */
export interface TokenChance {
  readonly token: string;
  readonly logprob: number;
}

/** One place in an answer: the token that was taken, and the likeliest ones that could have been. */
export interface TokenChoice {
  readonly token: string;
  readonly top: readonly TokenChance[];
}

/** What repeated runs of one golden prompt gave. */
export interface GoldenRecord {
  readonly prompt: string;
  /** Every different answer that was seen, without thoughts, in the order in which they came. */
  readonly answers: readonly string[];
  /** Every different beginning that was seen; empty where the server gives no logprobs. */
  readonly fingerprints: readonly (readonly TokenChoice[])[];
  /** The distance from the nearest fingerprint that is still the same engine: from 0 to 1. */
  readonly tolerance: number;
}

/** What an engine that was found good said to the golden prompts. A JSON document that is kept with the deployment. */
export interface Baseline {
  readonly apiVersion: "keye-stack.dev/v1";
  readonly kind: "ProbeBaseline";
  /** RFC 3339. */
  readonly recordedAt: string;
  /** `metadata.weight_version` of the engine that was recorded; null where it sends none. */
  readonly weightVersion: string | null;
  /** What was recorded. Absent in baselines that were made before this was kept: nothing is known of their engine. */
  readonly engine?: RecordedEngine;
  /** How often each prompt was asked. */
  readonly runs: number;
  readonly goldens: readonly GoldenRecord[];
}

/** What a comparison is made without, and why. */
export interface NoBaseline {
  readonly because: string;
}

/** Reads a baseline; throws `CONFIG_FILE` for anything else. `where` is the file that an error names. */
export function parseBaseline(text: string, where = "the baseline"): Baseline {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw broken(where, `It could not be read: ${jsonFault(error)}.`, error);
  }
  const document = objectOf(value);
  if (document?.apiVersion !== "keye-stack.dev/v1" || document.kind !== "ProbeBaseline") {
    const got = `apiVersion ${JSON.stringify(document?.apiVersion)}, kind ${JSON.stringify(document?.kind)}`;
    throw broken(where, `Wanted apiVersion "keye-stack.dev/v1", kind "ProbeBaseline", got ${got}.`);
  }
  const { recordedAt, weightVersion, runs, goldens } = document;
  if (typeof recordedAt !== "string") throw broken(where, "recordedAt: wanted a time.");
  if (weightVersion !== null && typeof weightVersion !== "string") {
    throw broken(where, "weightVersion: wanted a text or null.");
  }
  if (typeof runs !== "number" || runs < 1) throw broken(where, "runs: wanted a number of 1 or more.");
  if (!Array.isArray(goldens) || goldens.length === 0) throw broken(where, "goldens: wanted a list that is not empty.");
  return {
    apiVersion: document.apiVersion,
    kind: document.kind,
    recordedAt,
    weightVersion,
    ...(document.engine === undefined ? {} : { engine: readEngine(document.engine, where) }),
    runs,
    goldens: goldens.map((golden, index) => readGolden(golden, { where, path: `goldens[${index}]` })),
  };
}

function readEngine(value: unknown, where: string): RecordedEngine {
  const engine = parseRecordedEngine(value);
  if (typeof engine === "string") throw broken(where, `engine: ${engine}`);
  return engine;
}

interface Place {
  readonly where: string;
  readonly path: string;
}

function readGolden(value: unknown, { where, path }: Place): GoldenRecord {
  const golden = objectOf(value);
  const { prompt, answers, fingerprints, tolerance } = golden ?? {};
  if (typeof prompt !== "string") throw broken(where, `${path}.prompt: wanted a text.`);
  if (!isTexts(answers)) throw broken(where, `${path}.answers: wanted a list of texts.`);
  if (typeof tolerance !== "number" || tolerance < 0 || tolerance > 1) {
    throw broken(where, `${path}.tolerance: wanted a number from 0 to 1, got ${JSON.stringify(tolerance)}.`);
  }
  if (!Array.isArray(fingerprints) || !fingerprints.every(isFingerprint)) {
    throw broken(where, `${path}.fingerprints: wanted lists of {token, top: [{token, logprob}]}.`);
  }
  return { prompt, answers, fingerprints, tolerance };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isFingerprint(value: unknown): value is readonly TokenChoice[] {
  return Array.isArray(value) && value.every(isChoice);
}

function isChoice(value: unknown): value is TokenChoice {
  const choice = objectOf(value);
  return typeof choice?.token === "string" && Array.isArray(choice.top) && choice.top.every(isChance);
}

function isChance(value: unknown): value is TokenChance {
  const chance = objectOf(value);
  return typeof chance?.token === "string" && typeof chance.logprob === "number";
}

function broken(where: string, message: string, cause?: unknown): DeployError {
  return new DeployError({
    code: "CONFIG_FILE",
    where,
    message,
    hint: "Record one with keye probe --record FILE.",
    cause,
  });
}
