import type { ApiClient } from "../../cluster/api-client.ts";
import type { Clock } from "../../core/clock.ts";
import { DeployError } from "../../core/errors.ts";
import type { KubePod } from "./pod-types.ts";

export interface StatusWriterOptions {
  readonly api: ApiClient;
  readonly clock: Clock;
  readonly pod: KubePod;
  /** The status as it is now, as a strategic merge patch. */
  readonly status: () => object;
  readonly signal: AbortSignal;
}

const pauseWhileAway = 1_000;

/** Writes a pod's status: one write at a time, always the newest, again until the API server is back. */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  #isDirty = false;
  #writing: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** Has the present status written soon. */
  touch(): void {
    if (this.#isClosed) return;
    this.#isDirty = true;
    this.#writing ??= this.#drain();
  }

  /** Resolves when everything touched so far is written, or cannot be any more. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** Nothing is written from now on. */
  close(): void {
    this.#isClosed = true;
    this.#isDirty = false;
  }

  async #drain(): Promise<void> {
    // A burst of changes within one turn of the event loop is one write.
    await Promise.resolve();
    while (this.#isDirty) {
      this.#isDirty = false;
      await this.#write();
    }
    this.#writing = undefined;
  }

  async #write(): Promise<void> {
    const { api, clock, pod, status, signal } = this.#options;
    const { namespace, name, uid } = pod.metadata;
    try {
      await api.call(
        {
          method: "PATCH",
          path: `/api/v1/namespaces/${namespace}/pods/${name}/status`,
          body: { metadata: { uid }, status: status() },
          contentType: "application/strategic-merge-patch+json",
        },
        signal,
      );
    } catch (error) {
      if (signal.aborted) return this.close();
      // Refused: the pod is gone, or another one has its name. Anything else is the connection.
      if (error instanceof DeployError && error.code === "E_API") return this.close();
      await clock.sleep(pauseWhileAway, signal).catch(() => undefined);
      this.#isDirty = !this.#isClosed;
    }
  }
}
