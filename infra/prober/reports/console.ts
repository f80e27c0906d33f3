import type { Measurement, ProbeReport, VerdictKind } from "../../gate/measurement.ts";
import { printable } from "./markup.ts";

const words: Readonly<Record<Measurement["outcome"], string>> = {
  pass: "pass ",
  fail: "FAIL ",
  error: "ERROR",
  skipped: "skip ",
};

/** One line for one check: `pass   health          1.0 s  GET /health: 200 after 1003 ms.` */
export function checkLine(measurement: Measurement): string {
  const isMild = measurement.severity === "warning" && ["fail", "error"].includes(measurement.outcome);
  const word = isMild ? "warn " : words[measurement.outcome];
  const seconds = `${(measurement.duration / 1000).toFixed(1)} s`.padStart(7);
  const retried = measurement.transportErrors > 0 ? ` (${measurement.transportErrors} transport errors retried)` : "";
  return printable(`${word}  ${measurement.check.padEnd(14)}${seconds}  ${measurement.reason}${retried}`);
}

/** The closing line: verdict, target, time, reason. */
export function verdictLine(
  report: Pick<ProbeReport, "target" | "startedAt" | "finishedAt">,
  verdict: { readonly kind: VerdictKind; readonly reason: string },
): string {
  const seconds = ((report.finishedAt - report.startedAt) / 1000).toFixed(1);
  return printable(`${verdict.kind}: ${report.target} after ${seconds} s: ${verdict.reason}`);
}
