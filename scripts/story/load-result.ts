import type { EpochMs, Seconds } from "../../infra/core/units.ts";

/**
 * How one request of a client ended. `unanswered`: no answer at all, or a refusal; `wrong`: an answer that is not right;
 * `cut`: a stream that began and did not come to its end.
 */
export interface Outcome {
  readonly kind: "right" | "unanswered" | "wrong" | "cut";
  readonly isStream: boolean;
  readonly sentAt: EpochMs;
  readonly endedAt: EpochMs;
  /** That answered; absent where it did not say so, as streams do not. */
  readonly revision?: string;
  /** Why it is not right. */
  readonly failure?: string;
}

/** What constant clients saw. */
export interface LoadResult {
  readonly sent: number;
  /** Requests without a right answer outside of outages; wrong ones everywhere. */
  readonly failed: number;
  /** Of {@link failed}: answered, and wrongly. */
  readonly wrong: number;
  /** Of {@link failed}: streams that began and did not come to their end. */
  readonly cutStreams: number;
  /** The first ten reasons. */
  readonly failures: readonly string[];
  /** Right answers by the revision that gave them; streams do not name theirs. */
  readonly byRevision: Readonly<Record<string, number>>;
  readonly wholeStreams: number;
  /** Seconds in which clients asked and nobody answered. */
  readonly outageSeconds: Seconds;
  /** Requests that found nobody in them; not in {@link failed}. */
  readonly refused: number;
}

/** A gap between two right answers is an outage from here on; a shorter one is a few failed requests. */
const outageFrom: Seconds = 1;

/** Reasons that are kept. */
const keptFailures = 10;

interface Gap {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/**
 * Sums up what clients saw. An outage is a time of more than a second in which requests went unanswered and none got a
 * right answer: what nobody serves is told apart from what a server that is there failed to do.
 */
export function summarize(outcomes: readonly Outcome[]): LoadResult {
  const gaps = outages(outcomes);
  const isInGap = ({ kind, sentAt, endedAt }: Outcome) =>
    kind === "unanswered" && gaps.some(({ from, to }) => sentAt >= from && endedAt <= to);
  const right = outcomes.filter(({ kind }) => kind === "right");
  const refused = outcomes.filter(isInGap);
  const failed = outcomes.filter((outcome) => outcome.kind !== "right" && !isInGap(outcome));
  const byRevision: Record<string, number> = {};
  for (const { revision } of right) {
    if (revision !== undefined) byRevision[revision] = (byRevision[revision] ?? 0) + 1;
  }
  const spent = gaps.reduce((sum, { from, to }) => sum + (to - from) / 1000, 0);
  return {
    sent: outcomes.length,
    failed: failed.length,
    wrong: failed.filter(({ kind }) => kind === "wrong").length,
    cutStreams: failed.filter(({ kind }) => kind === "cut").length,
    failures: failed.slice(0, keptFailures).map(({ failure }) => failure ?? "no reason"),
    byRevision,
    wholeStreams: right.filter(({ isStream }) => isStream).length,
    outageSeconds: Math.round(spent * 10) / 10,
    refused: refused.length,
  };
}

/** A stream that begins to answer says nothing of later requests, so only whole answers end an outage. */
function outages(outcomes: readonly Outcome[]): readonly Gap[] {
  const plain = outcomes.filter(({ isStream }) => !isStream).toSorted((a, b) => a.endedAt - b.endedAt);
  const gaps: Gap[] = [];
  let from: EpochMs | undefined;
  let to: EpochMs = 0;
  const close = (end: EpochMs) => {
    if (from !== undefined && end - from > outageFrom * 1000) gaps.push({ from, to: end });
    from = undefined;
  };
  for (const { kind, sentAt, endedAt } of plain) {
    to = endedAt;
    if (kind === "right") close(endedAt);
    else if (kind === "unanswered") from = Math.min(from ?? sentAt, sentAt);
  }
  close(to);
  return gaps;
}
