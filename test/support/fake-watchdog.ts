import type { AppRef, WatchdogPlan, WatchdogPort } from "../../infra/gate/ports.ts";
import type { JobView } from "../../infra/status/job-status.ts";
import type { FakeCluster } from "./fake-cluster.ts";

/** The Jobs of watchdogs, in memory; what one would do, a test does. */
export class FakeWatchdog implements WatchdogPort {
  readonly #cluster: FakeCluster;
  /** The one that watches now. */
  plan: WatchdogPlan | undefined;
  /** Why its pod does not run; it runs where undefined. */
  waitingFor: string | undefined;

  constructor(cluster: FakeCluster) {
    this.#cluster = cluster;
  }

  async start(_ref: AppRef, plan: WatchdogPlan, signal: AbortSignal): Promise<string> {
    await this.#cluster.call("startWatchdog", signal);
    this.plan = plan;
    this.#cluster.writes.push("watchdog on");
    return "keye-watchdog-1";
  }

  async look(_ref: AppRef, job: string, signal: AbortSignal): Promise<JobView | undefined> {
    await this.#cluster.call("lookAtWatchdog", signal);
    if (this.plan === undefined) return undefined;
    const why = this.waitingFor;
    const state = why === undefined ? { running: {} } : { waiting: { reason: "ImagePullBackOff", message: why } };
    const container = { name: "watchdog", ready: why === undefined, restartCount: 0, state };
    return {
      job: { metadata: { name: job }, spec: {} },
      pods: [{ metadata: { name: `${job}-pod` }, status: { phase: "Pending", containerStatuses: [container] } }],
      events: [],
    };
  }

  async stop(_ref: AppRef, signal: AbortSignal): Promise<void> {
    await this.#cluster.call("stopWatchdog", signal);
    if (this.plan !== undefined) this.#cluster.writes.push("watchdog off");
    this.plan = undefined;
  }
}
