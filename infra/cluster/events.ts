import type { Event } from "../status/objects.ts";

/** An event as the API sends it, in its old form or that of `events.k8s.io`: absent times are null. */
export interface ApiEvent extends Omit<Event, "lastTimestamp" | "count"> {
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly count?: number;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string | null } | null;
}

/** The events that `isOf` accepts, oldest first, each with the time when it was last seen in `lastTimestamp`. */
export function orderedEvents(
  events: readonly ApiEvent[],
  isOf: (involved: Event["involvedObject"]) => boolean,
): Event[] {
  return events
    .filter((event) => isOf(event.involvedObject))
    .map(withLastTime)
    .sort((a, b) => timeOf(a) - timeOf(b));
}

/** Events of the new form, such as the scheduler's, have their time in `eventTime` or `series`. */
function withLastTime(event: ApiEvent): Event {
  const { lastTimestamp, count, eventTime, series, ...rest } = event;
  const last = lastTimestamp ?? series?.lastObservedTime ?? eventTime ?? event.metadata.creationTimestamp;
  const times = series?.count ?? count;
  return {
    ...rest,
    ...(last === undefined ? {} : { lastTimestamp: last }),
    ...(times === undefined ? {} : { count: times }),
  };
}

function timeOf(event: Event): number {
  return event.lastTimestamp === undefined ? 0 : Date.parse(event.lastTimestamp);
}
