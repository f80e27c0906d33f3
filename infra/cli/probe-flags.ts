import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { nearest } from "../config/suggest.ts";
import { DeployError, jsonFault } from "../core/errors.ts";
import type { EngineExpectation, ProbeSpec } from "../core/probe-spec.ts";
import type { FailOn } from "../prober/reports/document.ts";
import { reportFormats } from "../prober/reports/formats.ts";
import { parseFlags, usageError } from "./flags.ts";
import { aimOptions, type ProbeAim, readAim, wholeNumber } from "./probe-aim.ts";
import type { ReportPlace } from "./probe-reports.ts";

/** What `keye probe` was asked to do. */
export interface ProbeFlags {
  readonly aim: ProbeAim;
  readonly spec: ProbeSpec;
  readonly deadlineSeconds: number;
  readonly reports: readonly ReportPlace[];
  /** File with the user's own checks. */
  readonly suite: string | undefined;
  /** File with the answers to compare with. */
  readonly baseline: string | undefined;
  /** File for the answers of an engine that passes. */
  readonly record: string | undefined;
  readonly choice: CheckChoice;
  readonly failOn: FailOn;
  readonly seed: number | undefined;
  /** The JSON report goes to stdout. */
  readonly isJson: boolean;
}

/** Which checks are asked. */
export interface CheckChoice {
  /** Names of checks; empty for all. */
  readonly only: readonly string[];
  readonly exclude: readonly string[];
}

const textFields = [
  "modelPath",
  "modelRevision",
  "servedModelName",
  "weightVersion",
  "architecture",
  "attentionBackend",
  "prefillAttentionBackend",
  "decodeAttentionBackend",
  "kvCacheDtype",
  "quantization",
  "toolCallParser",
  "reasoningParser",
] as const satisfies readonly (keyof EngineExpectation)[];
const numericFields = [
  "tpSize",
  "dpSize",
  "ppSize",
  "epSize",
  "memFractionStatic",
  "pageSize",
  "contextLength",
] as const satisfies readonly (keyof EngineExpectation)[];

/** Every field that `--expect` takes. */
export const expectFields: readonly string[] = [...textFields, ...numericFields];

/** Reads the flags; throws `CONFIG_USAGE` or `CONFIG_FILE`. */
export function parseProbeFlags(args: readonly string[]): ProbeFlags {
  const { values, positionals } = parseFlags("probe", args, {
    ...aimOptions,
    profile: { type: "string" },
    expect: { type: "string", multiple: true },
    spec: { type: "string" },
    passes: { type: "string" },
    deadline: { type: "string" },
    report: { type: "string", multiple: true },
    suite: { type: "string" },
    baseline: { type: "string" },
    record: { type: "string" },
    only: { type: "string", multiple: true },
    exclude: { type: "string", multiple: true },
    "fail-on": { type: "string" },
    seed: { type: "string" },
    disposable: { type: "boolean" },
    json: { type: "boolean" },
  });
  const extra = positionals[0];
  if (extra !== undefined) throw usageError("probe", `unexpected argument "${extra}"; the URL goes into --base-url.`);
  const aim = readAim(values);
  const file = values.spec === undefined ? undefined : readSpec(values.spec);
  const passes =
    values.passes === undefined ? file?.consecutivePasses : wholeNumber("--passes", values.passes, [1, 100]);
  const profile = profileOf(values.profile ?? file?.profile ?? "smoke");
  if (values.disposable === true && profile !== "soak") {
    throw usageError("probe", `--disposable: only profile soak may ruin an engine, and this run's is ${profile}.`);
  }
  if (values.record !== undefined && aim.kind === "service") {
    throw usageError("probe", "--record keeps the answers of one engine: give its URL with --base-url.");
  }
  return {
    aim,
    spec: {
      ...file,
      profile,
      expectation: { ...file?.expectation, ...parseExpectations(values.expect ?? []) },
      ...(passes === undefined ? {} : { consecutivePasses: passes }),
      ...(values.disposable === true ? { isDisposable: true } : {}),
    },
    deadlineSeconds: wholeNumber("--deadline", values.deadline ?? (profile === "smoke" ? "120" : "600"), [1, 86_400]),
    reports: reportPlaces(values.report ?? []),
    suite: values.suite,
    baseline: values.baseline,
    record: values.record,
    choice: { only: values.only ?? [], exclude: values.exclude ?? [] },
    failOn: failOnOf(values["fail-on"] ?? "critical"),
    seed: values.seed === undefined ? undefined : wholeNumber("--seed", values.seed, [0, 2 ** 32 - 1]),
    isJson: values.json === true,
  };
}

function profileOf(text: string): ProbeSpec["profile"] {
  if (text === "smoke" || text === "gate" || text === "soak") return text;
  throw usageError("probe", `--profile: wanted smoke, gate or soak, got "${text}".`);
}

function failOnOf(text: string): FailOn {
  if (text === "critical" || text === "warning") return text;
  throw usageError("probe", `--fail-on: wanted critical or warning, got "${text}".`);
}

function reportPlaces(reports: readonly string[]): ReportPlace[] {
  const places = reports.map((report) => {
    const [name = "", ...rest] = report.split("=");
    const file = rest.join("=");
    const format = reportFormats.find((one) => one === name);
    if (format === undefined || file === "") {
      const guess = format === undefined ? nearest(name, reportFormats) : undefined;
      const meant = guess === undefined ? "" : ` Did you mean ${guess}?`;
      throw usageError(
        "probe",
        `--report: wanted FORMAT=FILE with FORMAT one of ${reportFormats.join(", ")}; got "${report}".${meant}`,
      );
    }
    return { format, file };
  });
  const files = places.map(({ file }) => resolve(file));
  const twice = files.find((file, index) => files.indexOf(file) !== index);
  if (twice !== undefined) throw usageError("probe", `--report: two reports would go into ${twice}.`);
  return places;
}

/** `tpSize=2 weightVersion=1a2b3c4d5e` to an expectation. */
function parseExpectations(pairs: readonly string[]): EngineExpectation {
  const entries = pairs.map((pair) => {
    const at = pair.indexOf("=");
    const field = at === -1 ? pair : pair.slice(0, at);
    const text = at === -1 ? "" : pair.slice(at + 1);
    if (!expectFields.includes(field) || text === "") {
      throw usageError(
        "probe",
        `--expect: wanted FIELD=VALUE with FIELD one of ${expectFields.join(", ")}; got "${pair}".`,
      );
    }
    const isNumeric = numericFields.some((name) => name === field);
    if (isNumeric && Number.isNaN(Number(text))) {
      throw usageError("probe", `--expect ${field}: wanted a number, got "${text}".`);
    }
    return [field, isNumeric ? Number(text) : text];
  });
  return Object.fromEntries(entries);
}

function readSpec(file: string): ProbeSpec {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (isProbeSpec(parsed)) return parsed;
  } catch (error) {
    throw new DeployError({
      code: "CONFIG_FILE",
      where: file,
      message: `It could not be read: ${jsonFault(error)}.`,
      hint: "The ConfigMap of a revision holds one, under probe.json.",
      cause: error,
    });
  }
  throw new DeployError({
    code: "CONFIG_FILE",
    where: file,
    message: "Not a probe spec: wanted an object with profile and expectation.",
    hint: "The ConfigMap of a revision holds one, under probe.json.",
  });
}

function isProbeSpec(value: unknown): value is ProbeSpec {
  return value !== null && typeof value === "object" && "profile" in value && "expectation" in value;
}
