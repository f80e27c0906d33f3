import { describe, expect, test } from "vitest";
import { FaultWatch } from "../../../infra/gate/fault-watch.ts";
import type { CandidateView } from "../../../infra/gate/ports.ts";
import type { Fault } from "../../../infra/status/fault.ts";
import type { PodStatus } from "../../../infra/status/pod-status.ts";
import { ManualClock } from "../../support/manual-clock.ts";

function fault(change: Partial<Fault> = {}): Fault {
  return { code: "E_IMAGE", reason: "x.", where: "pod/a", verdictAfterSeconds: 60, tolerated: 0, ...change };
}

function look(pods: Readonly<Record<string, Fault | undefined>>): { view: CandidateView; statuses: PodStatus[] } {
  const entries = Object.entries(pods);
  return {
    view: {
      deployment: undefined,
      events: [],
      pods: entries.map(([uid]) => ({ metadata: { name: `pod-${uid}`, uid } })),
    },
    statuses: entries.map(([uid, found]) => ({
      pod: `pod-${uid}`,
      uid,
      phase: "failed",
      detail: "",
      restarts: 0,
      ...(found === undefined ? {} : { fault: found }),
    })),
  };
}

describe("a fault", () => {
  test("is a verdict once it has lasted as long as it is to be watched", async () => {
    const clock = new ManualClock();
    const watch = new FaultWatch(clock, 1);
    const { view, statuses } = look({ a: fault() });
    expect(watch.due(view, statuses, undefined)).toBeUndefined();
    expect(watch.nextLook()).toBe(60_000);
    await clock.advance(59_000);
    expect(watch.due(view, statuses, undefined)).toBeUndefined();
    await clock.advance(1_000);
    expect(watch.due(view, statuses, undefined)?.code).toBe("E_IMAGE");
  });

  test("that went away in between starts anew", async () => {
    const clock = new ManualClock();
    const watch = new FaultWatch(clock, 1);
    const ill = look({ a: fault() });
    const well = look({ a: undefined });
    watch.due(ill.view, ill.statuses, undefined);
    await clock.advance(59_000);
    watch.due(well.view, well.statuses, undefined);
    watch.due(ill.view, ill.statuses, undefined);
    await clock.advance(59_000);
    expect(watch.due(ill.view, ill.statuses, undefined)).toBeUndefined();
  });

  test("of the whole revision is watched like one of a pod", () => {
    const watch = new FaultWatch(new ManualClock(), 1);
    const { view, statuses } = look({});
    expect(watch.due(view, statuses, fault({ code: "E_QUOTA", verdictAfterSeconds: 0 }))?.code).toBe("E_QUOTA");
  });
});

describe("a pod that the cluster takes away", () => {
  const evicted = fault({ code: "E_EVICTED", verdictAfterSeconds: 0, tolerated: 1 });

  test("is replaced once without a verdict; the second is one", () => {
    const watch = new FaultWatch(new ManualClock(), 1);
    const looks = [look({ a: undefined }), look({ a: evicted, b: undefined }), look({ a: evicted, b: evicted })];
    const verdicts = looks.map(({ view, statuses }) => watch.due(view, statuses, undefined)?.code);
    expect(verdicts).toEqual([undefined, undefined, "E_EVICTED"]);
  });

  test("counts too where it is simply gone", () => {
    const watch = new FaultWatch(new ManualClock(), 1);
    const looks = [look({ a: undefined }), look({ b: undefined }), look({ c: undefined })];
    const verdicts = looks.map(({ view, statuses }) => watch.due(view, statuses, undefined)?.where);
    expect(verdicts).toEqual([undefined, undefined, "pod/pod-a"]);
  });

  test("does not count where an earlier run left it", () => {
    const watch = new FaultWatch(new ManualClock(), 1);
    const looks = [look({ a: evicted, b: evicted, c: undefined }), look({ a: evicted, b: evicted, c: undefined })];
    const verdicts = looks.map(({ view, statuses }) => watch.due(view, statuses, undefined));
    expect(verdicts).toEqual([undefined, undefined]);
  });

  test("does not count where there were more than wanted: that is scaling down", () => {
    const watch = new FaultWatch(new ManualClock(), 1);
    const looks = [look({ a: undefined, b: undefined, c: undefined }), look({ c: undefined }), look({ c: undefined })];
    const verdicts = looks.map(({ view, statuses }) => watch.due(view, statuses, undefined));
    expect(verdicts).toEqual([undefined, undefined, undefined]);
  });
});
