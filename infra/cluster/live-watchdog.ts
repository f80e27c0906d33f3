import { watchdogLabel } from "../core/names.ts";
import type { AppRef, WatchdogPlan, WatchdogPort } from "../gate/ports.ts";
import type { Job, JobView } from "../status/job-status.ts";
import type { ApiClient } from "./api-client.ts";
import { refusedError } from "./api-errors.ts";
import { collectionPath, labelSelector, objectPath } from "./api-paths.ts";
import type { ApiRequest } from "./api-request.ts";
import type { Jobs } from "./jobs.ts";
import { listAll } from "./list.ts";
import { watchdogJob } from "./watchdog-job.ts";

/** The watchdog port over the real API. */
export class LiveWatchdog implements WatchdogPort {
  readonly #client: ApiClient;
  readonly #jobs: Jobs;

  constructor(client: ApiClient, jobs: Jobs) {
    this.#client = client;
    this.#jobs = jobs;
  }

  /** The new one comes first: two do no harm, for each takes the Lease before it acts. */
  async start(ref: AppRef, plan: WatchdogPlan, signal: AbortSignal): Promise<string> {
    const path = collectionPath("jobs", ref.namespace);
    const { metadata } = await this.#client.call<Job>({ method: "POST", path, body: watchdogJob(ref, plan) }, signal);
    await this.#removeAll(ref, metadata.name, signal);
    return metadata.name;
  }

  look({ namespace }: AppRef, job: string, signal: AbortSignal): Promise<JobView | undefined> {
    return this.#jobs.find({ namespace, name: job }, signal);
  }

  async stop(ref: AppRef, signal: AbortSignal): Promise<void> {
    await this.#removeAll(ref, undefined, signal);
  }

  async #removeAll(ref: AppRef, kept: string | undefined, signal: AbortSignal): Promise<void> {
    const query = { labelSelector: labelSelector({ [watchdogLabel]: ref.app }) };
    const { items } = await listAll<Job>(this.#client, collectionPath("jobs", ref.namespace), { query, signal });
    const others = items.filter(({ metadata }) => metadata.name !== kept);
    await Promise.all(others.map(({ metadata }) => this.#remove(ref, metadata.name, signal)));
  }

  async #remove({ namespace }: AppRef, name: string, signal: AbortSignal): Promise<void> {
    const path = objectPath("jobs", namespace, name);
    const request: ApiRequest = { method: "DELETE", path, body: { propagationPolicy: "Background" } };
    const response = await this.#client.send(request, signal);
    if (response.status >= 300 && response.status !== 404) throw refusedError(request, response);
  }
}
