import type { RowResult } from "./lane.ts";
import type { Played } from "./play.ts";
import { type Row, rowName } from "./row.ts";

/** One finished row as a line of progress. */
export function progressLine({ name, played, deviations, seconds }: RowResult, at: string): string {
  const head = `${at}  ${`${seconds.toFixed(0)} s`.padStart(5)}  ${deviations.length === 0 ? "ok    " : "FAILED"}  ${name}`;
  const what = played === undefined ? "" : `: ${cells(played).join("; ")}`;
  return [`${head}${what}`, ...deviations.map((deviation) => `        - ${deviation}`)].join("\n");
}

/** The whole matrix as a Markdown table. */
export function markdown(rows: readonly Row[], results: ReadonlyMap<string, RowResult>): string {
  const head = [
    "fault",
    "strategy",
    "deploy",
    "the update",
    "then serves",
    "clients",
    "verdict after",
    "the next update",
    "as the table of states says",
  ];
  const lines = rows.flatMap((row) => {
    const result = results.get(rowName(row));
    return result === undefined ? [] : [lineOf(row, result)];
  });
  return [`| ${head.join(" | ")} |`, `|${head.map(() => "---").join("|")}|`, ...lines].join("\n");
}

function lineOf({ fault, strategy, deploy }: Row, { played, deviations }: RowResult): string {
  const what = played === undefined ? ["not played to its end", "", "", "", ""] : cells(played);
  const verdict = deviations.length === 0 ? "yes" : `**no**: ${deviations.join("; ").replaceAll("|", "\\|")}`;
  const how = deploy === "first" ? "any" : strategy;
  return `| ${[fault.does, how, deploy, ...what, verdict].join(" | ")} |`;
}

function cells({ ends, code, serves, clients, verdictSeconds, next, nextCode }: Played): readonly string[] {
  return [
    withCode(ends, code),
    serves,
    clientsText(clients),
    `${verdictSeconds.toFixed(1)} s`,
    withCode(next, nextCode),
  ];
}

function withCode(ending: string, code: string): string {
  return code === "" || ending === "promoted" || ending === "unchanged" ? ending : `${ending} ${code}`;
}

function clientsText({
  sent,
  failed,
  wrong,
  cutStreams,
  wholeStreams,
  outageSeconds,
  refused,
}: Played["clients"]): string {
  if (sent === 0) return "none yet";
  const kinds = [wrong > 0 ? `${wrong} wrong` : "", cutStreams > 0 ? `${cutStreams} streams cut` : ""].filter(Boolean);
  const how = kinds.length === 0 ? "" : ` (${kinds.join(", ")})`;
  const outage = outageSeconds > 0 ? `, outage ${outageSeconds.toFixed(1)} s (${refused} refused)` : "";
  return `${failed} of ${sent} failed${how}, ${wholeStreams} streams whole${outage}`;
}
