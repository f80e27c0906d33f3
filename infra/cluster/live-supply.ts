import { supplyContainer, supplyLabel } from "../core/names.ts";
import type { AppRef, SupplyPort } from "../gate/ports.ts";
import type { Job, JobView } from "../status/job-status.ts";
import type { Pod } from "../status/objects.ts";
import type { ApiClient } from "./api-client.ts";
import { refusedError } from "./api-errors.ts";
import { collectionPath, labelSelector, objectPath } from "./api-paths.ts";
import type { ApiRequest } from "./api-request.ts";
import { type ApiEvent, orderedEvents } from "./events.ts";
import { type Jobs, jobNameLabel, oldestFirst } from "./jobs.ts";
import { listAll } from "./list.ts";

/** What a server writes into a Job, or derives from its UID: a copy must not carry it. */
const serverLabels = ["controller-uid", "job-name", "batch.kubernetes.io/controller-uid", jobNameLabel];

interface WholeJob {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly template: {
      readonly metadata?: {
        readonly labels?: Readonly<Record<string, string>>;
        readonly annotations?: Readonly<Record<string, string>>;
      };
      readonly spec: unknown;
    };
    readonly [field: string]: unknown;
  };
}

/** The supply port over the real API. */
export class LiveSupply implements SupplyPort {
  readonly #client: ApiClient;
  readonly #jobs: Jobs;

  constructor(client: ApiClient, jobs: Jobs) {
    this.#client = client;
    this.#jobs = jobs;
  }

  async jobs({ namespace, app }: AppRef, signal: AbortSignal): Promise<readonly JobView[]> {
    const query = { labelSelector: labelSelector({ [supplyLabel]: app }) };
    const [jobs, pods, events] = await Promise.all([
      listAll<Job>(this.#client, collectionPath("jobs", namespace), { query, signal }),
      listAll<Pod>(this.#client, collectionPath("pods", namespace), { query, signal }),
      listAll<ApiEvent>(this.#client, collectionPath("events", namespace), { signal }),
    ]);
    return jobs.items.map((job) => {
      const { name } = job.metadata;
      const own = oldestFirst(pods.items.filter(({ metadata }) => metadata.labels?.[jobNameLabel] === name));
      const names = [name, ...own.map(({ metadata }) => metadata.name)];
      return { job, pods: own, events: orderedEvents(events.items, (about) => names.includes(about.name ?? "")) };
    });
  }

  async start(ref: AppRef, job: string, signal: AbortSignal): Promise<void> {
    const path = objectPath("jobs", ref.namespace, job);
    const contentType = "application/merge-patch+json";
    await this.#client.call({ method: "PATCH", path, contentType, body: { spec: { suspend: false } } }, signal);
  }

  /** The copy is read before the old one goes: a run that ends in between leaves no Job, which `pulumi up --refresh` mends. */
  async restart(ref: AppRef, job: string, signal: AbortSignal): Promise<void> {
    const path = objectPath("jobs", ref.namespace, job);
    const old = await this.#client.call<WholeJob>({ method: "GET", path }, signal);
    await this.#jobs.remove({ namespace: ref.namespace, name: job, uid: old.metadata.uid }, signal);
    const create: ApiRequest = { method: "POST", path: collectionPath("jobs", ref.namespace), body: copyOf(old) };
    const response = await this.#client.send(create, signal);
    // 409: an earlier attempt whose answer was cut off has made it.
    if (response.status >= 300 && response.status !== 409) throw refusedError(create, response);
  }

  log(ref: AppRef, pod: string, lines: number, signal: AbortSignal): Promise<string> {
    const place = { namespace: ref.namespace, name: pod };
    return this.#jobs.logTail(place, { container: supplyContainer, lines }, signal);
  }
}

/** A Job as it was declared, allowed to run: whatever were missing, the next update would replace the Job for. */
function copyOf({ metadata, spec }: WholeJob): unknown {
  const { selector: _, manualSelector: __, template, ...rest } = spec;
  const { labels = {}, annotations } = template.metadata ?? {};
  const templateMetadata = {
    labels: without(labels, serverLabels),
    ...(annotations === undefined ? {} : { annotations }),
  };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: metadata.name,
      labels: without(metadata.labels ?? {}, serverLabels),
      annotations: without(metadata.annotations ?? {}, ["batch.kubernetes.io/job-tracking"]),
    },
    spec: { ...rest, suspend: false, template: { metadata: templateMetadata, spec: template.spec } },
  };
}

function without(map: Readonly<Record<string, string>>, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));
}
