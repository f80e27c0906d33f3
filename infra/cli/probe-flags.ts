import { readFileSync } from "node:fs";
import { DeployError, faultLine } from "../core/errors.ts";
import type { EngineExpectation, ProbeSpec } from "../core/probe-spec.ts";
import { parseFlags, usageError } from "./flags.ts";

/** What `keye probe` was asked to do. */
export interface ProbeFlags {
  readonly baseUrl: string;
  readonly spec: ProbeSpec;
  readonly deadlineSeconds: number;
  /** File for the JSON report. */
  readonly jsonFile: string | undefined;
  /** The JSON report goes to stdout. */
  readonly isJson: boolean;
}

const numericFields = ["tpSize", "memFractionStatic", "pageSize", "contextLength"] as const;
const textFields = ["modelPath", "servedModelName", "weightVersion", "attentionBackend", "architecture"] as const;

/** Every field that `--expect` takes. */
export const expectFields: readonly string[] = [...textFields, ...numericFields];

/** Reads the flags; throws `CONFIG_USAGE` or `CONFIG_FILE`. */
export function parseProbeFlags(args: readonly string[]): ProbeFlags {
  const { values, positionals } = parseFlags("probe", args, {
    "base-url": { type: "string" },
    profile: { type: "string" },
    expect: { type: "string", multiple: true },
    spec: { type: "string" },
    passes: { type: "string" },
    deadline: { type: "string" },
    report: { type: "string", multiple: true },
    json: { type: "boolean" },
  });
  const extra = positionals[0];
  if (extra !== undefined) throw usageError("probe", `unexpected argument "${extra}"; the URL goes into --base-url.`);
  const baseUrl = values["base-url"];
  if (baseUrl === undefined)
    throw usageError("probe", "--base-url is missing, such as --base-url http://127.0.0.1:8000.");
  const file = values.spec === undefined ? undefined : readSpec(values.spec);
  const passes = values.passes === undefined ? file?.consecutivePasses : count("--passes", values.passes, 1, 100);
  const profile = profileOf(values.profile ?? file?.profile ?? "smoke");
  return {
    baseUrl: checkUrl(baseUrl),
    spec: {
      profile,
      expectation: { ...file?.expectation, ...parseExpectations(values.expect ?? []) },
      ...(passes === undefined ? {} : { consecutivePasses: passes }),
      ...(file?.timeoutsSeconds === undefined ? {} : { timeoutsSeconds: file.timeoutsSeconds }),
    },
    deadlineSeconds: count("--deadline", values.deadline ?? (profile === "smoke" ? "120" : "600"), 1, 86_400),
    jsonFile: jsonFileOf(values.report ?? []),
    isJson: values.json === true,
  };
}

function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw usageError("probe", `--base-url: wanted an http or https URL, got "${text}".`);
  }
  if (url.username !== "" || url.password !== "") {
    throw usageError("probe", "--base-url holds a user name or password; give the API key in KEYE_API_KEY instead.");
  }
  return text;
}

function profileOf(text: string): ProbeSpec["profile"] {
  if (text === "smoke" || text === "gate" || text === "soak") return text;
  throw usageError("probe", `--profile: wanted smoke, gate or soak, got "${text}".`);
}

function count(flag: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw usageError("probe", `${flag}: wanted a whole number from ${min} to ${max}, got "${text}".`);
}

function jsonFileOf(reports: readonly string[]): string | undefined {
  let file: string | undefined;
  for (const report of reports) {
    if (!report.startsWith("json=") || report === "json=") {
      throw usageError("probe", `--report: wanted json=FILE, got "${report}".`);
    }
    file = report.slice("json=".length);
  }
  return file;
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
      message: `Cannot read it as JSON: ${faultLine(error)}.`,
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
