import { describe, expect, test } from "vitest";
import { DeployError } from "../../../../infra/core/errors.ts";
import { revisionName } from "../../../../infra/core/names.ts";
import { type Traffic, trafficOfRevision } from "../../../../infra/core/traffic.ts";
import type { HeldLease, WatchdogOrders } from "../../../../infra/gate/ports.ts";
import {
  judgeApp,
  type LeaseLook,
  LeaseWatch,
  type WatchdogVerdict,
  type WatchPost,
  watchOver,
} from "../../../../infra/gate/recreate/watchdog.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const [stable, candidate] = ["aaaaaaaaaa", "bbbbbbbbbb"];
const orders: WatchdogOrders = { stable, candidate, replicas: 2, staleSeconds: 120 };
const ramp: Traffic = { kind: "ramp", from: stable, to: candidate };

describe("an app that nobody promotes any more", () => {
  test.each([
    { name: "whose old revision is at 0", traffic: trafficOfRevision(stable), stableReplicas: 0, kind: "restore" },
    { name: "whose old revision is at 1 of 2", traffic: trafficOfRevision(stable), stableReplicas: 1, kind: "restore" },
    {
      name: "whose old revision was not touched",
      traffic: trafficOfRevision(stable),
      stableReplicas: 2,
      kind: "leave",
    },
    { name: "whose old revision was scaled up", traffic: trafficOfRevision(stable), stableReplicas: 3, kind: "leave" },
    {
      name: "whose old revision is gone",
      traffic: trafficOfRevision(stable),
      stableReplicas: undefined,
      kind: "leave",
    },
    { name: "whose candidate serves", traffic: trafficOfRevision(candidate), stableReplicas: 0, kind: "leave" },
    { name: "in a canary's ramp", traffic: ramp, stableReplicas: 0, kind: "leave" },
    { name: "that selects nothing", traffic: trafficOfRevision("none"), stableReplicas: 0, kind: "leave" },
    { name: "without a Service", traffic: undefined, stableReplicas: 0, kind: "leave" },
  ])("$name: $kind", ({ traffic, stableReplicas, kind }) => {
    expect(judgeApp(orders, { traffic, stableReplicas }).kind).toBe(kind);
  });
});

describe("a Lease", () => {
  const held = (version: number): LeaseLook => ({ holder: "ci", version: String(version) });
  /** One look every `seconds`, each with what it shows. */
  function sightAfter(looks: readonly (LeaseLook | undefined)[], seconds: number) {
    const watch = new LeaseWatch(orders);
    return looks.map((look, index) => watch.note(look, index * seconds * 1000)).at(-1);
  }

  test.each([
    { name: "that is renewed is alive", looks: Array.from({ length: 100 }, (_, index) => held(index)), is: "alive" },
    { name: "that stands still for 119 s is alive", looks: Array.from({ length: 18 }, () => held(1)), is: "alive" },
    { name: "that stands still for 120 s is stale", looks: Array.from({ length: 19 }, () => held(1)), is: "stale" },
    {
      name: "that is renewed once starts anew",
      looks: [...Array.from({ length: 18 }, () => held(1)), ...Array.from({ length: 18 }, () => held(2))],
      is: "alive",
    },
    { name: "that nobody holds is released", looks: [held(1), { holder: "", version: "2" }], is: "released" },
    { name: "that does not exist is released", looks: [undefined], is: "released" },
  ])("$name", ({ looks, is }) => {
    expect(sightAfter(looks, 7)).toBe(is);
  });

  test("that could not be looked at for a while is alive: its holder could not reach it either", () => {
    const watch = new LeaseWatch(orders);
    watch.note(held(1), 0);
    expect(watch.note(held(1), 300_000)).toBe("alive");
    expect(watch.note(held(1), 310_000)).toBe("alive");
  });
});

/** What a watchdog stands in front of, in memory. */
class Post implements WatchPost {
  readonly clock = new ManualClock();
  readonly scales: string[] = [];
  readonly said: string[] = [];
  readonly replicas = new Map([
    [revisionName("keye", stable), 0],
    [revisionName("keye", candidate), 2],
  ]);
  traffic = trafficOfRevision(stable);
  holder = "ci";
  isRenewed = true;
  isAway = false;
  /** Called when the Lease is about to be taken. */
  onTake: () => void = () => undefined;
  #version = 0;
  #renewals: number;

  constructor() {
    this.#renewals = this.clock.now();
  }

  async lookAtLease(): Promise<LeaseLook> {
    if (this.isAway) throw new DeployError({ code: "ENV_UNREACHABLE", where: "https://api", message: "No answer." });
    if (this.isRenewed && this.clock.now() - this.#renewals >= 10_000) {
      this.#renewals = this.clock.now();
      this.#version++;
    }
    return { holder: this.holder, version: String(this.#version) };
  }

  async takeLease(seen: LeaseLook | undefined): Promise<HeldLease | undefined> {
    this.onTake();
    if (seen?.version !== String(this.#version)) return undefined;
    this.holder = "watchdog";
    this.#version++;
    return {
      lost: new AbortController().signal,
      assertHeld: async () => undefined,
      release: async () => {
        this.holder = "";
      },
    };
  }

  /** The holder that was believed dead writes once more. */
  renew(): void {
    this.#version++;
  }

  async liveTraffic(): Promise<Traffic> {
    return this.traffic;
  }

  async replicasOf(workload: string): Promise<number | undefined> {
    return this.replicas.get(workload);
  }

  async scale(workload: string, replicas: number): Promise<void> {
    this.scales.push(`${this.holder}: ${workload} ${replicas}`);
    this.replicas.set(workload, replicas);
  }

  say(text: string): void {
    this.said.push(text);
  }
}

/** Watches for so long; the verdict where there is one by then. */
async function watchFor(post: Post, seconds: number): Promise<WatchdogVerdict | undefined> {
  let verdict: WatchdogVerdict | undefined;
  const stop = new AbortController();
  const watching = watchOver("keye", orders, post, stop.signal).then(
    (found) => {
      verdict = found;
    },
    () => undefined,
  );
  await post.clock.advance(seconds * 1000);
  stop.abort();
  await watching;
  return verdict;
}

describe("a watchdog", () => {
  const restored = [`watchdog: keye-${candidate} 0`, `watchdog: keye-${stable} 2`];

  test("brings the old revision back under the Lease once its holder has died", async () => {
    const post = new Post();
    post.isRenewed = false;
    expect(await watchFor(post, 118)).toBeUndefined();
    expect((await watchFor(post, 130))?.kind).toBe("restore");
    expect(post.scales).toEqual(restored);
    expect(post.holder).toBe("");
  });

  test("does nothing for hours while the Lease is renewed", async () => {
    const post = new Post();
    expect(await watchFor(post, 3 * 3600)).toBeUndefined();
    expect(post.scales).toEqual([]);
  });

  test("leaves a candidate that serves when the run has died after its switch", async () => {
    const post = new Post();
    Object.assign(post, { isRenewed: false, traffic: trafficOfRevision(candidate) });
    expect(await watchFor(post, 130)).toEqual({
      kind: "leave",
      because: `the live Service selects ${candidate}, not ${stable} any more`,
    });
    expect(post.scales).toEqual([]);
  });

  test("ends at once where the promotion is over", async () => {
    const post = new Post();
    Object.assign(post, { holder: "", traffic: trafficOfRevision(candidate) });
    expect((await watchFor(post, 1))?.kind).toBe("leave");
  });

  test("does what a promotion has left undone that gave the Lease back with the old revision at 0", async () => {
    const post = new Post();
    post.holder = "";
    expect((await watchFor(post, 1))?.kind).toBe("restore");
    expect(post.scales).toEqual(restored);
  });

  test("goes on watching where the holder turns out to live", async () => {
    const post = new Post();
    post.isRenewed = false;
    post.onTake = () => {
      post.renew();
      post.isRenewed = true;
      post.onTake = () => undefined;
    };
    expect(await watchFor(post, 200)).toBeUndefined();
    expect(post.scales).toEqual([]);
  });

  test("leaves alone what the promotion has finished between its look and its taking of the Lease", async () => {
    const post = new Post();
    post.isRenewed = false;
    post.onTake = () => {
      post.traffic = trafficOfRevision(candidate);
    };
    expect((await watchFor(post, 130))?.kind).toBe("leave");
    expect(post.scales).toEqual([]);
    expect(post.holder).toBe("");
  });

  test("waits anew after an API that was away for longer than the Lease may stand still", async () => {
    const post = new Post();
    post.isRenewed = false;
    const seen = watchFor(post, 400);
    await post.clock.advance(10_000);
    post.isAway = true;
    await post.clock.advance(200_000);
    post.isAway = false;
    await post.clock.advance(100_000);
    expect(post.scales).toEqual([]);
    expect((await seen)?.kind).toBe("restore");
  });
});
