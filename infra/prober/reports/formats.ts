import type { ProbePicture } from "../session.ts";
import type { ProbeReportDocument } from "./document.ts";
import { htmlReport } from "./html/page.ts";
import { junitReport } from "./junit.ts";
import { markdownReport } from "./markdown.ts";
import { prometheusReport } from "./prometheus.ts";
import { terminationMessage } from "./termination.ts";

/** Every form of a report that goes into a file. */
export const reportFormats = ["json", "junit", "markdown", "html", "prometheus", "termination"] as const;

/** One of {@link reportFormats}. */
export type ReportFormat = (typeof reportFormats)[number];

/** A picture, and the name of the target that it was sent to. */
export interface SentPicture extends ProbePicture {
  readonly target: string;
}

/** The whole text of a report. Only HTML shows the pictures that were sent. */
export function renderReport(
  format: ReportFormat,
  document: ProbeReportDocument,
  pictures: readonly SentPicture[],
): string {
  switch (format) {
    case "json":
      return `${JSON.stringify(document, null, 2)}\n`;
    case "junit":
      return junitReport(document);
    case "markdown":
      return markdownReport(document);
    case "html":
      return htmlReport(document, pictures);
    case "prometheus":
      return prometheusReport(document);
    case "termination":
      return terminationMessage(document);
    default:
      return format satisfies never;
  }
}
