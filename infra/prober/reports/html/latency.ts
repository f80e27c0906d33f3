import type { ReportedCheck } from "../document.ts";
import { type Markup, markup } from "../markup.ts";
import { axisFor, axisRow, formatMilliseconds, place } from "./axis.ts";

interface Series {
  readonly label: string;
  /** Milliseconds, at least one. */
  readonly values: readonly number[];
}

/**
 * Every time that the checks measured, as dots on one axis: numbers in facts named `…Ms`, quantiles in facts named
 * `…MsP95` and the like, and lists of numbers in facts named `…SamplesMs`. What a whole answer took is in the timeline.
 */
export function latencyPlot(checks: readonly ReportedCheck[]): Markup | undefined {
  const series = merged(
    checks.flatMap(({ name, facts }) =>
      Object.entries(facts).flatMap(([fact, value]) => seriesOf(`${name} ${wordsOf(fact)}`, fact, value)),
    ),
  );
  if (series.length === 0) return undefined;
  const axis = axisFor(Math.max(...series.flatMap(({ values }) => values)));
  const rows = series.map(({ label, values }) => {
    const kind = values.length > 3 ? "many" : "one";
    const dots = values.map((value) => markup`<b class="${kind}" style="left:${place(value, axis)}%"></b>`);
    const largest = formatMilliseconds(Math.max(...values));
    const spoken = values.map(formatMilliseconds).join(", ");
    return markup`<div class="row"><span>${label}</span><div class="track" role="img" aria-label="${spoken}">${dots}</div><span>${values.length > 1 ? `≤ ${largest}` : largest}</span></div>
`;
  });
  return markup`<section>
<h2>Latency</h2>
<div class="plot">
${rows}${axisRow(axis)}
</div>
</section>
`;
}

function seriesOf(label: string, fact: string, value: unknown): Series[] {
  if (fact === "tookMs" || !/Ms(P\d+|Min|Max)?$/.test(fact)) return [];
  if (typeof value === "number") return Number.isFinite(value) ? [{ label, values: [value] }] : [];
  if (typeof value !== "string" || !fact.endsWith("SamplesMs")) return [];
  const values = value.split(/[\s,]+/).map(Number);
  return values.length > 0 && values.every(Number.isFinite) ? [{ label, values }] : [];
}

/** One series a label: the quantiles of one thing lie on one line. */
function merged(all: readonly Series[]): Series[] {
  const byLabel = new Map<string, readonly number[]>();
  for (const { label, values } of all) byLabel.set(label, [...(byLabel.get(label) ?? []), ...values]);
  return [...byLabel].map(([label, values]) => ({ label, values }));
}

/** `longestPauseMs` is `longest pause`, `ttftMsP50` is `ttft`. */
function wordsOf(fact: string): string {
  return fact
    .replace(/(Samples)?Ms(P\d+|Min|Max)?$/, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase();
}
