import type { Clock } from "../core/clock.ts";
import { DeployError } from "../core/errors.ts";
import { leaseName } from "../core/names.ts";
import type { EpochMs, Milliseconds } from "../core/units.ts";
import type { LeaseView } from "../gate/ledger/standing.ts";
import type { AppRef, HeldLease, LeasePort } from "../gate/ports.ts";
import type { LeaseLook } from "../gate/recreate/watchdog.ts";
import type { ApiClient } from "./api-client.ts";
import { refusedError } from "./api-errors.ts";
import { collectionPath, objectPath } from "./api-paths.ts";
import type { ApiRequest } from "./api-request.ts";

/** A Lease as the API sends it. */
interface LeaseObject {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion?: string };
  readonly spec?: LeaseSpec;
}

interface LeaseSpec {
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number | null;
  readonly acquireTime?: string | null;
  readonly renewTime?: string | null;
  readonly leaseTransitions?: number | null;
}

const durationSeconds = 30;
const renewEvery: Milliseconds = 10_000;
const lookEvery: Milliseconds = 1_000;
const releaseWithin: Milliseconds = 10_000;

/**
 * Leases of `coordination.k8s.io/v1`.
 *
 * A Lease that somebody holds is watched until it moves (then its holder lives: `E_LOCKED`) or has stood still for its
 * whole duration by this process's clock (then it is taken over). The holder's clock is never compared with ours.
 */
export class Leases implements LeasePort {
  readonly #client: ApiClient;
  readonly #clock: Clock;

  constructor(client: ApiClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async acquire(ref: AppRef, holder: string, signal: AbortSignal): Promise<HeldLease> {
    let seen: { readonly version: string | undefined; readonly since: EpochMs } | undefined;
    for (;;) {
      const lease = await this.#read(ref, signal);
      const now = this.#clock.now();
      if (lease === undefined || !isHeldByOther(lease, holder) || isStale(lease, seen, now)) {
        const taken = await this.#write(ref, lease, takenBy(holder, lease, now), signal);
        if (taken !== undefined) return this.#held(ref, taken, now);
        seen = undefined;
        continue;
      }
      if (seen !== undefined && seen.version !== lease.metadata.resourceVersion) throw lockedError(ref, lease, now);
      seen ??= { version: lease.metadata.resourceVersion, since: now };
      await this.#clock.sleep(lookEvery, signal);
    }
  }

  /** The Lease as it is now; undefined where no promotion has ever run. */
  async look(ref: AppRef, signal: AbortSignal): Promise<LeaseLook | undefined> {
    const lease = await this.#read(ref, signal);
    if (lease === undefined) return undefined;
    return { holder: lease.spec?.holderIdentity ?? "", version: lease.metadata.resourceVersion ?? "" };
  }

  /** Takes the Lease from its holder, exactly as it was seen: undefined where it has been written since. */
  async takeOver(
    ref: AppRef,
    { holder, seen }: { readonly holder: string; readonly seen: LeaseLook | undefined },
    signal: AbortSignal,
  ): Promise<HeldLease | undefined> {
    const lease = await this.#read(ref, signal);
    if (lease?.metadata.resourceVersion !== seen?.version) return undefined;
    const now = this.#clock.now();
    const taken = await this.#write(ref, lease, takenBy(holder, lease, now), signal);
    return taken === undefined ? undefined : this.#held(ref, taken, now);
  }

  #held(ref: AppRef, lease: LeaseObject, now: EpochMs): HeldLease {
    const access: LeaseAccess = {
      now: () => this.#clock.now(),
      sleep: (duration, signal) => this.#clock.sleep(duration, signal),
      read: (signal) => this.#read(ref, signal),
      write: (over, spec, signal) => this.#write(ref, over, spec, signal),
      lostError: (found) => lockedError(ref, found, this.#clock.now()),
    };
    const held = new Held(access, lease, now);
    held.startRenewing();
    return held;
  }

  #read(ref: AppRef, signal: AbortSignal): Promise<LeaseObject | undefined> {
    const path = objectPath("leases", ref.namespace, leaseName(ref.app));
    return this.#client.find<LeaseObject>({ method: "GET", path }, signal);
  }

  /** Writes over exactly the Lease that was read, or creates it; undefined where somebody was faster. */
  async #write(
    ref: AppRef,
    over: LeaseObject | undefined,
    spec: LeaseSpec,
    signal: AbortSignal,
  ): Promise<LeaseObject | undefined> {
    const metadata = over?.metadata ?? { name: leaseName(ref.app), namespace: ref.namespace };
    const body = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec };
    const request: ApiRequest =
      over === undefined
        ? { method: "POST", path: collectionPath("leases", ref.namespace), body }
        : { method: "PUT", path: objectPath("leases", ref.namespace, leaseName(ref.app)), body };
    const response = await this.#client.send(request, signal);
    if (response.status === 409 || (response.status === 404 && over !== undefined)) return undefined;
    if (response.status >= 300) throw refusedError(request, response);
    // A successful write of a Lease answers with that Lease.
    return response.body as LeaseObject;
  }
}

/** Looks at the Lease of an app and leaves it to its holder; undefined where no promotion has ever run. */
export async function leaseView(client: ApiClient, ref: AppRef, signal: AbortSignal): Promise<LeaseView | undefined> {
  const path = objectPath("leases", ref.namespace, leaseName(ref.app));
  const lease = await client.find<LeaseObject>({ method: "GET", path }, signal);
  if (lease === undefined) return undefined;
  const { holderIdentity, acquireTime, renewTime, leaseDurationSeconds } = lease.spec ?? {};
  return {
    holder: holderIdentity ?? "",
    acquiredAt: acquireTime ?? undefined,
    renewedAt: renewTime ?? undefined,
    durationSeconds: leaseDurationSeconds ?? durationSeconds,
  };
}

/** What a held Lease needs of the API, bound to its app. */
interface LeaseAccess {
  now(): EpochMs;
  sleep(duration: Milliseconds, signal: AbortSignal): Promise<void>;
  read(signal: AbortSignal): Promise<LeaseObject | undefined>;
  write(over: LeaseObject, spec: LeaseSpec, signal: AbortSignal): Promise<LeaseObject | undefined>;
  lostError(found: LeaseObject | undefined): DeployError;
}

class Held implements HeldLease {
  readonly #access: LeaseAccess;
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  #mine: LeaseObject;
  #renewedAt: EpochMs;
  #renewing: Promise<void> = Promise.resolve();

  constructor(access: LeaseAccess, lease: LeaseObject, now: EpochMs) {
    this.#access = access;
    this.#mine = lease;
    this.#renewedAt = now;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  startRenewing(): void {
    this.#renewing = this.#renewUntilReleased();
  }

  async assertHeld(signal: AbortSignal): Promise<void> {
    this.#lost.signal.throwIfAborted();
    const found = await this.#access.read(signal);
    if (!this.#isMine(found)) throw this.#lose(found);
    // A renewal starts the others' waiting anew: the write that follows is ours alone for a whole duration.
    if (this.#access.now() - this.#renewedAt >= renewEvery) await this.#renew(found, signal);
  }

  async release(): Promise<void> {
    this.#released.abort(new Error("released"));
    await this.#renewing;
    const signal = AbortSignal.timeout(releaseWithin);
    try {
      const found = await this.#access.read(signal);
      if (this.#isMine(found)) await this.#access.write(found, { ...found.spec, holderIdentity: "" }, signal);
    } catch {
      // The Lease then expires by itself; what was promoted stands.
    }
  }

  /** Only a Lease that was read in other hands is lost: while the API is away nobody else can take it either. */
  async #renewUntilReleased(): Promise<void> {
    const stop = AbortSignal.any([this.#released.signal, this.#lost.signal]);
    while (!stop.aborted) {
      try {
        await this.#access.sleep(renewEvery, stop);
        await this.#renew(this.#mine, stop);
      } catch {
        // Released, lost, or an API that is away: the loop's condition tells which.
      }
    }
  }

  async #renew(over: LeaseObject, signal: AbortSignal): Promise<void> {
    const now = this.#access.now();
    let current = over;
    for (;;) {
      const spec = { ...current.spec, renewTime: microTime(now), leaseDurationSeconds: durationSeconds };
      const written = await this.#access.write(current, spec, signal);
      if (written !== undefined) {
        this.#mine = written;
        this.#renewedAt = now;
        return;
      }
      const found = await this.#access.read(signal);
      if (!this.#isMine(found)) throw this.#lose(found);
      current = found;
    }
  }

  #isMine(found: LeaseObject | undefined): found is LeaseObject {
    return (
      found?.spec?.holderIdentity === this.#mine.spec?.holderIdentity &&
      found?.spec?.leaseTransitions === this.#mine.spec?.leaseTransitions
    );
  }

  #lose(found: LeaseObject | undefined): DeployError {
    const error = this.#access.lostError(found);
    this.#lost.abort(error);
    return error;
  }
}

function isHeldByOther(lease: LeaseObject, holder: string): boolean {
  const current = lease.spec?.holderIdentity ?? "";
  return current !== "" && current !== holder;
}

function isStale(
  lease: LeaseObject,
  seen: { readonly version: string | undefined; readonly since: EpochMs } | undefined,
  now: EpochMs,
): boolean {
  if (seen === undefined || seen.version !== lease.metadata.resourceVersion) return false;
  return now - seen.since >= (lease.spec?.leaseDurationSeconds ?? durationSeconds) * 1000;
}

function takenBy(holder: string, before: LeaseObject | undefined, now: EpochMs): LeaseSpec {
  const transitions = before === undefined ? 0 : (before.spec?.leaseTransitions ?? 0) + 1;
  return {
    holderIdentity: holder,
    leaseDurationSeconds: durationSeconds,
    acquireTime: microTime(now),
    renewTime: microTime(now),
    leaseTransitions: transitions,
  };
}

function lockedError(ref: AppRef, lease: LeaseObject | undefined, now: EpochMs): DeployError {
  const spec = lease?.spec;
  const where = `${ref.namespace}/leases/${leaseName(ref.app)}`;
  const holder = spec?.holderIdentity || "nobody";
  const since = spec?.acquireTime ?? "unknown";
  const age = spec?.renewTime ? Math.max(0, Math.round((now - Date.parse(spec.renewTime)) / 1000)) : "?";
  return new DeployError({
    code: "E_LOCKED",
    where,
    message: `holder=${holder} since=${since}, renewed ${age} s ago by its clock: another promotion of "${ref.app}" is running.`,
    hint: `Wait for it to end. A holder that has died is replaced after ${durationSeconds} s: then run again.`,
  });
}

/** RFC 3339 with microseconds, as `MicroTime` fields want it. */
function microTime(at: EpochMs): string {
  return new Date(at).toISOString().replace("Z", "000Z");
}
