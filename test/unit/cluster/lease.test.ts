import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ApiClient } from "../../../infra/cluster/api-client.ts";
import { Leases } from "../../../infra/cluster/lease.ts";
import { FakeKubeApi } from "../../support/fake-kube-api.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { until } from "../../support/until.ts";

const never = new AbortController().signal;
const ref = { namespace: "keye", app: "keye", service: "keye" };
const path = "/apis/coordination.k8s.io/v1/namespaces/keye/leases/rollgate-keye";

describe("the Lease", () => {
  let api: FakeKubeApi;
  let client: ApiClient;
  let clock: ManualClock;
  let leases: Leases;

  beforeEach(async () => {
    api = await new FakeKubeApi().start();
    clock = new ManualClock();
    client = new ApiClient(api.kubeconfig, clock);
    leases = new Leases(client, clock);
  });

  afterEach(async () => {
    client.close();
    await api.stop();
  });

  function spec() {
    return (api.get(path) as unknown as { spec: Record<string, unknown> } | undefined)?.spec;
  }

  function heldBy(holder: string, renewTime = "2025-12-31T23:59:30.000000Z") {
    api.put(path, {
      metadata: { name: "rollgate-keye", namespace: "keye" },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: 30,
        acquireTime: renewTime,
        renewTime,
        leaseTransitions: 4,
      },
    });
  }

  /** Moves the clock on until `settled` is, giving the network a turn between the steps. */
  async function pass(seconds: number, isSettled: () => boolean) {
    for (let step = 0; step < seconds && !isSettled(); step++) {
      await until(() => clock.sleeping > 0 || isSettled());
      await clock.advance(1_000);
    }
  }

  function watched<T>(promise: Promise<T>) {
    const state: { outcome?: { value: T } | { error: unknown } } = {};
    promise.then(
      (value) => {
        state.outcome = { value };
      },
      (error: unknown) => {
        state.outcome = { error };
      },
    );
    return { isSettled: () => state.outcome !== undefined, outcome: () => state.outcome };
  }

  test("a free Lease is taken, with holder, duration and times", async () => {
    const lease = await leases.acquire(ref, "me", never);
    expect(spec()).toEqual({
      holderIdentity: "me",
      leaseDurationSeconds: 30,
      acquireTime: "2026-01-01T00:00:00.000000Z",
      renewTime: "2026-01-01T00:00:00.000000Z",
      leaseTransitions: 0,
    });
    await lease.release();
    expect(spec()).toMatchObject({ holderIdentity: "" });
  });

  test("a released Lease is taken at once, as a further transition", async () => {
    heldBy("");
    const lease = await leases.acquire(ref, "me", never);
    expect(spec()).toMatchObject({ holderIdentity: "me", leaseTransitions: 5 });
    await lease.release();
  });

  test("it is renewed every ten seconds while held, and no longer once released", async () => {
    const lease = await leases.acquire(ref, "me", never);
    await until(() => clock.sleeping === 1);
    await clock.advance(10_000);
    await until(() => spec()?.renewTime === "2026-01-01T00:00:10.000000Z");
    await until(() => clock.sleeping === 1);
    await lease.release();
    expect(clock.sleeping).toBe(0);
  });

  test("a holder that renews it keeps it: the other one is told who holds it, and since when", async () => {
    heldBy("ci/1");
    const other = watched(leases.acquire(ref, "me", never));
    await pass(3, other.isSettled);
    heldBy("ci/1", "2026-01-01T00:00:02.000000Z");
    await pass(5, other.isSettled);
    await until(other.isSettled);
    expect(other.outcome()).toMatchObject({
      error: {
        code: "E_LOCKED",
        message: expect.stringMatching(
          /^E_LOCKED: keye\/leases\/rollgate-keye: holder=ci\/1 since=2026-01-01T00:00:02\.000000Z, renewed \d s ago by its clock: another promotion of "keye" is running\. Wait/,
        ),
      },
    });
  });

  test.each([
    { name: "long ago", renewTime: "2020-01-01T00:00:00.000000Z" },
    { name: "in the future", renewTime: "2030-01-01T00:00:00.000000Z" },
  ])(
    "a dead holder whose clock says that it renewed $name is replaced after thirty seconds of ours",
    async ({ renewTime }) => {
      heldBy("ci/1", renewTime);
      const mine = watched(leases.acquire(ref, "me", never));
      await pass(29, mine.isSettled);
      expect(spec()).toMatchObject({ holderIdentity: "ci/1" });
      await pass(5, mine.isSettled);
      await until(mine.isSettled);
      expect(spec()).toMatchObject({ holderIdentity: "me", leaseTransitions: 5 });
    },
  );

  test("a writer that stalled and was replaced is refused at its next write, and told that it lost", async () => {
    const lease = await leases.acquire(ref, "me", never);
    heldBy("ci/2");
    await expect(lease.assertHeld(never)).rejects.toMatchObject({
      code: "E_LOCKED",
      message: expect.stringContaining("holder=ci/2"),
    });
    expect(lease.lost.aborted).toBe(true);
    await lease.release();
    expect(spec()).toMatchObject({ holderIdentity: "ci/2" });
  });

  test("a Lease that went to another and came back is lost all the same: the transitions tell", async () => {
    const lease = await leases.acquire(ref, "me", never);
    heldBy("me");
    await expect(lease.assertHeld(never)).rejects.toMatchObject({ code: "E_LOCKED" });
  });

  test("a deleted Lease is lost", async () => {
    const lease = await leases.acquire(ref, "me", never);
    api.faults.push({ status: 404 });
    await expect(lease.assertHeld(never)).rejects.toMatchObject({ message: expect.stringContaining("holder=nobody") });
  });

  test("a check that comes late renews first, so that the write after it has the whole duration", async () => {
    const lease = await leases.acquire(ref, "me", never);
    await until(() => clock.sleeping === 1);
    // The renewal is cut off and waits to try again.
    api.faults.push("reset");
    await clock.advance(12_000);
    await until(() => api.faults.length === 0 && clock.sleeping === 1);
    await lease.assertHeld(never);
    expect(spec()).toMatchObject({ renewTime: "2026-01-01T00:00:12.000000Z" });
    await lease.release();
  });

  test("somebody who is faster at a free Lease wins", async () => {
    api.faults.push({ status: 404 }, { status: 409 });
    heldBy("ci/3");
    const mine = watched(leases.acquire(ref, "me", never));
    await pass(2, mine.isSettled);
    heldBy("ci/3", "2026-01-01T00:00:01.000000Z");
    await pass(3, mine.isSettled);
    await until(mine.isSettled);
    expect(mine.outcome()).toMatchObject({ error: { code: "E_LOCKED" } });
  });

  describe("taken from a holder that was seen to stand still", () => {
    test("is taken as a further transition, whatever its duration", async () => {
      heldBy("ci/1");
      const seen = await leases.look(ref, never);
      expect(seen).toMatchObject({ holder: "ci/1" });
      const lease = await leases.takeOver(ref, { holder: "watchdog", seen }, never);
      expect(spec()).toMatchObject({ holderIdentity: "watchdog", leaseTransitions: 5 });
      await lease?.release();
    });

    test("is left to a holder that has renewed it since", async () => {
      heldBy("ci/1");
      const seen = await leases.look(ref, never);
      heldBy("ci/1", "2026-01-01T00:00:02.000000Z");
      expect(await leases.takeOver(ref, { holder: "watchdog", seen }, never)).toBeUndefined();
      expect(spec()).toMatchObject({ holderIdentity: "ci/1" });
    });

    test("is lost to the one who held it: nothing more can be written under it", async () => {
      const asleep = await leases.acquire(ref, "ci/1", never);
      const lease = await leases.takeOver(ref, { holder: "watchdog", seen: await leases.look(ref, never) }, never);
      await expect(asleep.assertHeld(never)).rejects.toMatchObject({ code: "E_LOCKED" });
      expect(asleep.lost.aborted).toBe(true);
      await lease?.release();
      await asleep.release();
    });
  });
});
