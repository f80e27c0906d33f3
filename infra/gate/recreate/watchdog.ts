import type { Clock } from "../../core/clock.ts";
import { DeployError, textOf } from "../../core/errors.ts";
import { revisionName } from "../../core/names.ts";
import { isSameTraffic, type Traffic, trafficOfRevision, trafficText } from "../../core/traffic.ts";
import type { EpochMs, Milliseconds } from "../../core/units.ts";
import type { HeldLease, WatchdogOrders } from "../ports.ts";

/** Time between two looks at the Lease. */
const lookMs: Milliseconds = 2_000;

/** Looks that are further apart than this say nothing of the time between: who could not look could not have been seen. */
const blindMs: Milliseconds = 15_000;

/** The Lease of an app at one look. */
export interface LeaseLook {
  /** Empty where nobody holds it. */
  readonly holder: string;
  /** Another one after every write. */
  readonly version: string;
}

/** The app as far as a watchdog looks. */
export interface GuardedApp {
  /** What the live Service selects; undefined without a Service. */
  readonly traffic: Traffic | undefined;
  /** Replicas that the old revision is asked to have; undefined where its Deployment is gone. */
  readonly stableReplicas: number | undefined;
}

/** What a watchdog touches the world with. */
export interface WatchPost {
  readonly clock: Clock;
  /** The Lease now; undefined where there is none. */
  lookAtLease(signal: AbortSignal): Promise<LeaseLook | undefined>;
  /** Takes the Lease as it was seen; undefined where it has moved since. */
  takeLease(seen: LeaseLook | undefined, signal: AbortSignal): Promise<HeldLease | undefined>;
  liveTraffic(signal: AbortSignal): Promise<Traffic | undefined>;
  /** Replicas that a Deployment is asked to have; undefined without one. */
  replicasOf(deployment: string, signal: AbortSignal): Promise<number | undefined>;
  scale(deployment: string, replicas: number, signal: AbortSignal): Promise<void>;
  /** A line for whoever reads the Job's log. */
  say(text: string): void;
}

/** Whether somebody promotes. `alive`: as far as can be told. `released`: nobody. `stale`: the holder has died. */
export type LeaseSight = "alive" | "released" | "stale";

/** Remembers since when the Lease stands still, by our own clock alone: the holder's may differ. */
export class LeaseWatch {
  readonly #staleMs: Milliseconds;
  #version: string | undefined;
  #since: EpochMs = 0;
  #lookedAt: EpochMs | undefined;

  constructor({ staleSeconds }: Pick<WatchdogOrders, "staleSeconds">) {
    this.#staleMs = staleSeconds * 1000;
  }

  /** Takes in one look. A look that failed is not told: the next one that succeeds starts the waiting anew. */
  note(look: LeaseLook | undefined, now: EpochMs): LeaseSight {
    const isBlind = this.#lookedAt === undefined || now - this.#lookedAt > blindMs;
    if (isBlind || look?.version !== this.#version) this.#since = now;
    this.#lookedAt = now;
    this.#version = look?.version;
    if (look === undefined || look.holder === "") return "released";
    return now - this.#since >= this.#staleMs ? "stale" : "alive";
  }
}

/** What a watchdog is to do once nobody promotes any more. */
export interface WatchdogVerdict {
  readonly kind: "restore" | "leave";
  /** Without its full stop. */
  readonly because: string;
}

/** Only a revision that still owns the traffic and was scaled below its replicas is brought back. Pure. */
export function judgeApp(
  { stable, replicas }: WatchdogOrders,
  { traffic, stableReplicas }: GuardedApp,
): WatchdogVerdict {
  if (traffic === undefined) return { kind: "leave", because: "there is no live Service" };
  if (!isSameTraffic(traffic, trafficOfRevision(stable))) {
    return { kind: "leave", because: `the live Service selects ${trafficText(traffic)}, not ${stable} any more` };
  }
  if (stableReplicas === undefined) return { kind: "leave", because: `${stable} has no Deployment any more` };
  if (stableReplicas >= replicas)
    return { kind: "leave", because: `${stable} is asked for ${stableReplicas} replicas` };
  return { kind: "restore", because: `${stable} owns the traffic with ${stableReplicas} of ${replicas} replicas` };
}

/**
 * Watches over a promotion that takes the old revision away before the new one serves. Resolves with what was done once
 * nobody promotes any more: the Lease was released, or has stood still for `staleSeconds`.
 *
 * The old revision is brought back under the Lease, taken exactly as it was seen: a promotion that was only asleep finds
 * that it has lost it and writes nothing more. Rejects where the API refuses; run again, it watches anew.
 */
export async function watchOver(
  app: string,
  orders: WatchdogOrders,
  post: WatchPost,
  signal: AbortSignal,
): Promise<WatchdogVerdict> {
  const { clock } = post;
  const watch = new LeaseWatch(orders);
  for (;;) {
    const look = await lookOnce(post, signal);
    const sight = look.kind === "failed" ? "alive" : watch.note(look.lease, clock.now());
    if (look.kind === "seen" && sight !== "alive") {
      const verdict = judgeApp(orders, await appOf(app, orders, post, signal));
      if (verdict.kind === "leave") return verdict;
      const lease = await post.takeLease(look.lease, signal);
      if (lease !== undefined) {
        post.say(
          `${sight === "stale" ? `nobody has renewed the Lease for ${orders.staleSeconds} s` : "the Lease is free"}; ${verdict.because}`,
        );
        return await restore(app, { orders, post, lease }, signal);
      }
    }
    await clock.sleep(lookMs, signal);
  }
}

type Look = { readonly kind: "seen"; readonly lease: LeaseLook | undefined } | { readonly kind: "failed" };

/** An API that is away says nothing of the promotion, which cannot reach it either. */
async function lookOnce(post: WatchPost, signal: AbortSignal): Promise<Look> {
  try {
    return { kind: "seen", lease: await post.lookAtLease(signal) };
  } catch (error) {
    if (signal.aborted || !isAway(error)) throw error;
    post.say(`the Lease could not be read: ${textOf(error)}`);
    return { kind: "failed" };
  }
}

function isAway(error: unknown): boolean {
  return error instanceof DeployError && error.code === "ENV_UNREACHABLE";
}

async function appOf(
  app: string,
  { stable }: WatchdogOrders,
  post: WatchPost,
  signal: AbortSignal,
): Promise<GuardedApp> {
  const [traffic, stableReplicas] = await Promise.all([
    post.liveTraffic(signal),
    post.replicasOf(revisionName(app, stable), signal),
  ]);
  return { traffic, stableReplicas };
}

interface Rescue {
  readonly orders: WatchdogOrders;
  readonly post: WatchPost;
  readonly lease: HeldLease;
}

async function restore(app: string, { orders, post, lease }: Rescue, signal: AbortSignal): Promise<WatchdogVerdict> {
  const { stable, candidate, replicas } = orders;
  try {
    // Looked at again: between the first look and the taking, the promotion may have come to its end.
    const verdict = judgeApp(orders, await appOf(app, orders, post, signal));
    if (verdict.kind === "leave") return verdict;
    if (((await post.replicasOf(revisionName(app, candidate), signal)) ?? 0) > 0) {
      await lease.assertHeld(signal);
      await post.scale(revisionName(app, candidate), 0, signal);
      post.say(`${revisionName(app, candidate)}: scaled to 0`);
    }
    await lease.assertHeld(signal);
    await post.scale(revisionName(app, stable), replicas, signal);
    post.say(`${revisionName(app, stable)}: scaled back to ${replicas}`);
    return verdict;
  } finally {
    await lease.release();
  }
}
