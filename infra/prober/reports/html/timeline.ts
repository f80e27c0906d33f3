import type { ReportedCheck } from "../document.ts";
import { type Markup, markup } from "../markup.ts";
import { axisFor, axisRow, formatMilliseconds, place } from "./axis.ts";

/** Where a timeline begins, and what the anchors of its checks begin with. */
export interface TimelinePlace {
  /** RFC 3339. */
  readonly startedAt: string;
  readonly anchor: string;
}

/** When each check of one target ran and how long it took, on one axis from its start. */
export function timeline(checks: readonly ReportedCheck[], { startedAt, anchor }: TimelinePlace): Markup | undefined {
  if (checks.length === 0) return undefined;
  const begin = Date.parse(startedAt);
  const bars = checks.map((check) => ({
    ...check,
    from: Date.parse(check.startedAt) - begin,
    duration: check.durationSeconds * 1000,
  }));
  const axis = axisFor(Math.max(...bars.map(({ from, duration }) => from + duration)));
  const rows = bars.map(
    ({ name, outcome, from, duration }) => markup`<div class="row">
<a href="#${anchor}-${name}">${name}</a>
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
