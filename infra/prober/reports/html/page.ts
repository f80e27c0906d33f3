import type { ProbePicture } from "../../session.ts";
import type { ProbeReportDocument } from "../document.ts";
import { Markup, markup } from "../markup.ts";
import { checkCard } from "./check-card.ts";
import { latencyPlot } from "./latency.ts";
import { style } from "./style.ts";
import { timeline } from "./timeline.ts";

/** Nothing but the page's own style and the pictures in it: whatever an answer holds, the browser loads and runs nothing. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** The report as one HTML page that needs no network: the verdict, when each check ran, every check with its pictures. */
export function htmlReport(document: ProbeReportDocument, pictures: readonly ProbePicture[]): string {
  const cards = document.checks.map((check) =>
    checkCard(
      check,
      pictures.filter((picture) => picture.check === check.name),
    ),
  );
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${document.verdict}: ${document.target}</title>
<link rel="icon" href="data:,">
<style>${new Markup(style)}</style>
</head>
<body>
${verdict(document)}
<main>
${timeline(document)}${latencyPlot(document)}<section>
<h2>Checks</h2>
${cards}</section>
</main>
<footer>The same questions and pictures again: <code>keye probe --base-url ${document.target} --profile ${document.profile} --seed ${document.seed}</code></footer>
</body>
</html>
`.text;
}

function verdict(document: ProbeReportDocument): Markup {
  const { counts, expectation } = document;
  const declared = Object.entries(expectation);
  const facts: readonly (readonly [string, string])[] = [
    ["Profile", document.profile],
    ["Started", `${document.startedAt.slice(0, 19).replace("T", " ")} UTC`],
    ["Took", `${document.durationSeconds.toFixed(1)} s`],
    ["Passed", String(counts.pass)],
    ["Failed", String(counts.fail)],
    ["No answer", String(counts.error)],
    ["Skipped", String(counts.skipped)],
    ["Fails on", document.failOn === "critical" ? "critical checks" : "warnings too"],
  ];
  return markup`<header class="verdict ${document.verdict}">
<h1>${document.target}</h1>
<div class="word">${document.verdict}</div>
<p class="reason">${document.reason}</p>
</header>
<dl class="meta">
${facts.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>
${declared.length === 0 ? undefined : markup`<p class="soft">Declared: ${declared.map(([field, value]) => `${field} ${value}`).join(", ")}.</p>`}`;
}
