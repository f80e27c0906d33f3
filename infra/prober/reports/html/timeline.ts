import type { ProbeReportDocument } from "../document.ts";
import { type Markup, markup } from "../markup.ts";
import { axisFor, axisRow, formatMilliseconds, place } from "./axis.ts";

/** When each check ran and how long it took, on one axis from the start of the run. */
export function timeline(document: ProbeReportDocument): Markup | undefined {
  if (document.checks.length === 0) return undefined;
  const begin = Date.parse(document.startedAt);
  const bars = document.checks.map((check) => ({
    ...check,
    from: Date.parse(check.startedAt) - begin,
    duration: check.durationSeconds * 1000,
  }));
  const axis = axisFor(Math.max(...bars.map(({ from, duration }) => from + duration)));
  const rows = bars.map(
    ({ name, outcome, from, duration }) => markup`<div class="row">
<a href="#check-${name}">${name}</a>
<div class="track ${outcome}" role="img" aria-label="${outcome}, from ${formatMilliseconds(from)} for ${formatMilliseconds(duration)}"><i style="left:${place(from, axis)}%;width:${place(duration, axis)}%"></i></div>
<span>${outcome === "skipped" ? "skipped" : formatMilliseconds(duration)}</span>
</div>
`,
  );
  return markup`<section>
<h2>Timeline</h2>
<div class="plot">
${rows}${axisRow(axis)}
</div>
</section>
`;
}
