import { type Markup, markup } from "../markup.ts";

/** A linear scale from 0 to a round number that holds every value. */
export interface Axis {
  readonly end: number;
  /** From 0 to `end`, evenly spaced. */
  readonly ticks: readonly number[];
}

/** The scale whose end is the least round one for `largest`: 1, 2 or 5 times a power of ten between ticks. */
export function axisFor(largest: number): Axis {
  const rough = Math.max(largest, 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const count = Math.max(1, Math.ceil(largest / step));
  return { end: step * count, ticks: Array.from({ length: count + 1 }, (_, index) => index * step) };
}

/** Where a value is on the axis, in percent. */
export function place(value: number, axis: Axis): string {
  return ((100 * Math.min(Math.max(value, 0), axis.end)) / axis.end).toFixed(2);
}

/** The row of tick marks under a plot. */
export function axisRow(axis: Axis): Markup {
  const spans = axis.ticks.map(
    (tick) => markup`<span style="left:${place(tick, axis)}%">${formatMilliseconds(tick)}</span>`,
  );
  return markup`<div class="row axis" aria-hidden="true"><span></span><div class="track">${spans}</div><span></span></div>`;
}

/** `0`, `320 ms`, `1.4 s`, `12 s`. */
export function formatMilliseconds(value: number): string {
  if (value === 0) return "0";
  if (value < 1000) return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} ms`;
  return `${value < 10_000 ? Number((value / 1000).toFixed(1)) : Math.round(value / 1000)} s`;
}
