import { checksOf, type ProbeReportDocument, type ReportedTarget } from "../document.ts";
import type { SentPicture } from "../formats.ts";
import { Markup, markup } from "../markup.ts";
import { checkCard } from "./check-card.ts";
import { latencyPlot } from "./latency.ts";
import { style } from "./style.ts";
import { timeline } from "./timeline.ts";

/** Nothing but the page's own style and the pictures in it: whatever an answer holds, the browser loads and runs nothing. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** The report as one HTML page that needs no network: the verdict, when each check ran, every check with its pictures. */
export function htmlReport(document: ProbeReportDocument, pictures: readonly SentPicture[]): string {
  const { targets } = document;
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
${targets.length > 1 ? podTable(targets) : undefined}${targets.map((target, index) => targetPart(document, { target, index }, pictures))}</main>
<footer>The same questions and pictures again: <code>keye probe ${targetFlag(document)} --profile ${document.profile} --seed ${document.seed}</code></footer>
</body>
</html>
`.text;
}

/** How the run was told what to ask. */
function targetFlag({ target, targets }: ProbeReportDocument): string {
  if (targets[0]?.name === target) return `--base-url ${target}`;
  const [namespace = "", service = ""] = target.split("/");
  return `--service ${service} --namespace ${namespace}`;
}

function podTable(targets: readonly ReportedTarget[]): Markup {
  const rows = targets.map(
    ({ name, verdict: word, reason }, index) =>
      markup`<tr><td><a href="#pod-${index}">${name}</a></td><td>${word}</td><td class="said">${reason}</td></tr>`,
  );
  return markup`<section>
<h2>Pods</h2>
<table>${rows}</table>
</section>
`;
}

interface PagePart {
  readonly target: ReportedTarget;
  readonly index: number;
}

/** Everything about one target. Where there are several, each has a heading and anchors of its own. */
function targetPart(document: ProbeReportDocument, { target, index }: PagePart, pictures: readonly SentPicture[]) {
  const checks = checksOf(document, target);
  const isOnly = document.targets.length === 1;
  const anchor = isOnly ? "check" : `check-${index}`;
  const sent = pictures.filter((picture) => picture.target === target.name);
  const cards = checks.map((check) =>
    checkCard(
      check,
      `${anchor}-${check.name}`,
      sent.filter((picture) => picture.check === check.name),
    ),
  );
  const heading = markup`<h2 id="pod-${index}">${target.name}: ${target.verdict}</h2>
<p class="reason">${target.reason}</p>
`;
  return markup`${isOnly ? undefined : heading}${timeline(checks, { startedAt: target.startedAt, anchor })}${latencyPlot(checks)}<section>
<h2>Checks</h2>
${cards}</section>
`;
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
