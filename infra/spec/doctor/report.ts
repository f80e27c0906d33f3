import { notLookedAt } from "./examine.ts";
import type { Finding, FindingClass, Severity } from "./finding.ts";
import { findingClasses, findingIds, severities } from "./finding.ts";

/** A visit's outcome as JSON; published as `docs/schema/doctor-report.schema.json`. */
export interface DoctorReport {
  readonly apiVersion: "keye-stack.dev/v1";
  readonly kind: "DoctorReport";
  /** The file with the settings. */
  readonly stackFile: string;
  /** URL of the API server, and its version. */
  readonly server: string;
  readonly serverVersion: string;
  readonly counts: Readonly<Record<Severity, number>>;
  readonly findings: readonly (Finding & { readonly class: FindingClass })[];
  readonly notLookedAt: readonly string[];
}

/** How many findings there are of each severity. */
export function countsOf(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const count = (severity: Severity) => findings.filter((one) => one.severity === severity).length;
  return { error: count("error"), warning: count("warning"), note: count("note") };
}

/** Puts a visit's findings into their published shape. */
export function doctorReport(
  visit: Pick<DoctorReport, "stackFile" | "server" | "serverVersion">,
  findings: readonly Finding[],
): DoctorReport {
  return {
    apiVersion: "keye-stack.dev/v1",
    kind: "DoctorReport",
    ...visit,
    counts: countsOf(findings),
    findings: findings.map(({ id, ...rest }) => ({ id, class: findingIds[id], ...rest })),
    notLookedAt,
  };
}

const text = { type: "string" };
const count = { type: "integer", minimum: 0 };

function group(properties: Readonly<Record<string, object>>): object {
  return { type: "object", additionalProperties: false, required: Object.keys(properties), properties };
}

/** The JSON Schema of a {@link DoctorReport}, draft 7. */
export const doctorReportSchema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "DoctorReport",
  description: "What keye doctor found. Fields and findings may be added within v1; none changes its meaning or goes.",
  ...group({
    apiVersion: { const: "keye-stack.dev/v1" },
    kind: { const: "DoctorReport" },
    stackFile: { ...text, description: "The file with the settings." },
    server: { ...text, description: "URL of the API server." },
    serverVersion: { ...text, description: "Such as v1.36.3." },
    counts: group(Object.fromEntries(severities.map((severity) => [severity, count]))),
    findings: {
      type: "array",
      description: "The worst first.",
      items: group({
        id: {
          ...text,
          description: `Name of the finding; those known to this version: ${Object.keys(findingIds).join(", ")}.`,
        },
        class: { enum: findingClasses },
        severity: {
          enum: severities,
          description: "error: a rollout cannot succeed. warning: it may not. note: to be known.",
        },
        where: { ...text, description: "The object." },
        what: { ...text, description: "Got and wanted." },
        cure: { ...text, description: "What to do." },
      }),
    },
    notLookedAt: { type: "array", items: text, description: "What no visit looks at." },
  }),
};
