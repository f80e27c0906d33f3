import type { ApiClient } from "../../../infra/cluster/api-client.ts";
import { revisionLabel } from "../../../infra/core/names.ts";
import type { ClockPhase } from "../../../infra/core/phase-budgets.ts";
import type { EpochMs, Seconds } from "../../../infra/core/units.ts";
import type { Event, Pod } from "../../../infra/status/objects.ts";
import { evidenceOf } from "../evidence-of.ts";
import { stampedLines, startupSpans } from "./stamped-log.ts";

/** How a rollout went, read from what it left in the cluster. Simulated seconds, but for `schedule` and `probe`, which are real. */
export interface Rollout {
  /** What the supply's Jobs took, side by side: `pull` on the slowest node, `hydrate`. 0 where nothing was brought. */
  readonly supply: { readonly pull: Seconds; readonly hydrate: Seconds };
  /** Each engine's phases, in the order in which they were made. */
  readonly pods: readonly ReadonlyMap<ClockPhase, Seconds>[];
  /** Whether the second engine was made only after the first one was ready. */
  readonly isOneByOne: boolean;
  readonly probe: Seconds;
}

/** What is read from, and how many simulated seconds pass in a real one. */
export interface Reading {
  readonly api: ApiClient;
  readonly signal: AbortSignal;
  readonly speed: number;
}

/** Reads the rollout of the revision that serves. `since` leaves out Jobs of earlier rollouts. */
export async function readRollout(
  reading: Reading,
  outputs: Readonly<Record<string, unknown>>,
  since: EpochMs,
): Promise<Rollout> {
  const { api, signal, speed } = reading;
  const get = <T>(path: string) => api.call<T>({ method: "GET", path }, signal);
  const events = (await get<{ items: readonly Event[] }>("/api/v1/namespaces/keye/events")).items;
  const pods = (await get<{ items: readonly Pod[] }>("/api/v1/namespaces/keye/pods")).items;
  const engines = pods
    .filter(({ metadata }) => metadata.labels?.[revisionLabel] === outputs.revision)
    .toSorted(byBirth);
  const brought = pods.filter((pod) => pod.metadata.labels?.[revisionLabel] === undefined && bornAt(pod) >= since);
  const spans = await Promise.all(
    engines.map(async (pod) => {
      const log = await readLog(reading, pod);
      const before = [
        ["schedule", scheduleSeconds(pod)],
        ["pull", pullSeconds(events, pod)],
      ] as const;
      return new Map<ClockPhase, Seconds>([...before, ...startupSpans(stampedLines(log), speed)]);
    }),
  );
  const hydrate = brought.find(({ metadata }) => metadata.name.startsWith("keye-hydrate-"));
  return {
    supply: {
      pull: Math.max(0, ...brought.map((pod) => pullSeconds(events, pod))),
      hydrate: hydrate === undefined ? 0 : hydrateSeconds(await readLog(reading, hydrate), speed),
    },
    pods: spans,
    isOneByOne: engines.length > 1 && readyAt(engines[0]) <= bornAt(engines[1]),
    probe: await probeSeconds(reading, outputs),
  };
}

function readLog({ api, signal }: Reading, { metadata }: Pod): Promise<string> {
  const path = `/api/v1/namespaces/keye/pods/${metadata.name}/log`;
  return api.call<string>({ method: "GET", path, query: { timestamps: true } }, signal);
}

function bornAt(pod: Pod | undefined): EpochMs {
  return Date.parse(pod?.metadata.creationTimestamp ?? "");
}

function byBirth(a: Pod, b: Pod): number {
  return bornAt(a) - bornAt(b);
}

function readyAt(pod: Pod | undefined): EpochMs {
  return conditionAt(pod, "Ready");
}

function conditionAt(pod: Pod | undefined, type: string): EpochMs {
  return Date.parse(pod?.status?.conditions?.find((condition) => condition.type === type)?.lastTransitionTime ?? "");
}

function scheduleSeconds(pod: Pod): Seconds {
  return (conditionAt(pod, "PodScheduled") - bornAt(pod)) / 1000;
}

/** What the kubelet says that the pull took, which the rehearsal says in simulated time; 0 for an image that was there. */
function pullSeconds(events: readonly Event[], { metadata }: Pod): Seconds {
  const pulled = events.find(
    ({ reason, involvedObject }) => reason === "Pulled" && involvedObject.uid === metadata.uid,
  );
  const [, minutes = "0", seconds = "0"] = / in (?:(\d+)m)?(\d+)s \(/.exec(pulled?.message ?? "") ?? [];
  return 60 * Number(minutes) + Number(seconds);
}

/** From the listing to the last word: the start of the process is not simulated. */
function hydrateSeconds(log: string, speed: number): Seconds {
  const lines = stampedLines(log);
  const begun = lines.find(({ text }) => text.endsWith(" to load"))?.at;
  const ended = lines.find(({ text }) => text.includes("complete after"))?.at;
  if (begun === undefined || ended === undefined) return 0;
  return ((ended - begun) / 1000) * speed;
}

async function probeSeconds({ api, signal }: Reading, outputs: Readonly<Record<string, unknown>>): Promise<Seconds> {
  return (await evidenceOf(api, outputs, signal)).phases.find(({ name }) => name === "probe")?.seconds ?? 0;
}
