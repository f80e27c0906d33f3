import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FaultWatch } from "../../../infra/gate/fault-watch.ts";
import type { CandidateView } from "../../../infra/gate/ports.ts";
import type { Event, Pod } from "../../../infra/status/objects.ts";
import { podStatus } from "../../../infra/status/pod-status.ts";
import { type GroupPodChange, groupPod } from "../../support/group-pods.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const a = "aaaaaaaaaa";
const lostPeer = "RuntimeError: [gloo/transport/tcp/pair.cc:538] Connection closed by peer [10.0.0.7]:41";
const ncclFault = "RuntimeError: NCCL error: unhandled cuda error (run with NCCL_DEBUG=INFO for details)";

interface Look {
  readonly pods: readonly Pod[];
  readonly events: readonly Event[];
}

function viewOf({ pods, events }: Look): CandidateView {
  const spec = { replicas: 1, selector: {}, template: { spec: { containers: [] } } };
  return { pods, events, deployment: { metadata: { name: `keye-${a}` }, group: { size: 2 }, spec } };
}

/** One watch over the looks, where only these logs could be read: pod to the log of its life before. */
class Watched {
  readonly clock = new ManualClock();
  readonly #watch = new FaultWatch(this.clock, 1);
  readonly #logs: Readonly<Record<string, string>>;

  constructor(logs: Readonly<Record<string, string>> = {}) {
    this.#logs = logs;
  }

  due(look: Look) {
    const statuses = look.pods.map((pod) =>
      podStatus({ pod, events: look.events, log: "", previousLog: this.#logs[pod.metadata.name] ?? "" }),
    );
    return this.#watch.due(viewOf(look), statuses, undefined);
  }

  get nextLook(): number {
    return this.#watch.nextLook();
  }
}

function recorded(name: string): readonly Look[] {
  const file = join(import.meta.dirname, `../../fixtures/status/groups/${name}.json`);
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly looks: readonly Look[] }).looks;
}

describe("of a recorded crash of a worker, whose logs could not be read,", () => {
  test("the worker is named where both ended in one look and in the same second: the controller says so", () => {
    const watched = new Watched();
    const verdicts = recorded("both-ended-in-one-look").map((look) => watched.due(look));
    expect(verdicts).toEqual([
      undefined,
      expect.objectContaining({
        code: "E_CRASH",
        where: "pod/keye-bd47d8137a-0-1",
        reason: "The engine ended while it should run, exit code 137.",
      }),
    ]);
  });

  test("the worker is named where it was gone before it was seen to end", () => {
    const watched = new Watched();
    const verdicts = recorded("worker-gone").map((look) => watched.due(look));
    expect(verdicts).toEqual([
      undefined,
      expect.objectContaining({
        code: "E_CRASH",
        where: "pod/keye-bd47d8137a-0-1",
        reason:
          "Its engine ended first in its group, which was made anew before the log could be read: Worker pod keye-bd47d8137a-0-1 failed, deleted leader pod keye-bd47d8137a-0 to recreate group 0.",
      }),
    ]);
  });

  test("a verdict waits a moment for that word, and then names the leader all the same", async () => {
    const watched = new Watched();
    const [before, both] = recorded("both-ended-in-one-look").map(({ pods }) => ({ pods, events: [] }));
    if (before === undefined || both === undefined) throw new Error("the recording has two looks");
    watched.due(before);
    expect(watched.due(both)).toBeUndefined();
    expect(watched.nextLook).toBe(5_000);
    await watched.clock.advance(4_999);
    expect(watched.due(both)).toBeUndefined();
    await watched.clock.advance(1);
    expect(watched.due(both)?.where).toBe("pod/keye-bd47d8137a-0");
  });
});

const crashed = { isReady: false, restarts: 1, ended: 137 };
const early = "2026-11-24T18:10:41Z";
const late = "2026-11-24T18:10:42Z";
const [leader, worker] = [`keye-${a}-0`, `keye-${a}-0-1`];

function blaming(pod: string, lastTimestamp: string): Event {
  const message = `Worker pod ${pod} failed, deleted leader pod ${leader} to recreate group 0`;
  const involvedObject = { kind: "LeaderWorkerSet", name: `keye-${a}` };
  return { metadata: { name: "e" }, reason: "RecreateGroupOnPodRestart", message, lastTimestamp, involvedObject };
}

interface Case {
  readonly what: string;
  readonly ends: readonly [leader: GroupPodChange, worker: GroupPodChange];
  readonly logs?: Readonly<Record<string, string>>;
  readonly events?: readonly Event[];
  readonly named: string;
}

test.each<Case>([
  { what: "the worker, which ended a second before", ends: [{ endedAt: late }, { endedAt: early }], named: worker },
  { what: "the leader, which ended a second before", ends: [{ endedAt: early }, { endedAt: late }], named: leader },
  {
    what: "the worker, since the leader says that it lost its peer, whenever that was",
    ends: [{ endedAt: early }, { endedAt: late }],
    logs: { [leader]: lostPeer },
    named: worker,
  },
  {
    what: "the worker, which ended before the leader found a cause in the GPUs",
    ends: [{ endedAt: late }, { endedAt: early }],
    logs: { [leader]: ncclFault },
    named: worker,
  },
  {
    what: "the leader, whose log alone has a cause, where all else is the same",
    ends: [{ endedAt: late }, { endedAt: late }],
    logs: { [leader]: ncclFault },
    named: leader,
  },
  {
    what: "the leader, which the controller blames in the words that it has for workers",
    ends: [{ endedAt: late }, { endedAt: late }],
    events: [blaming(leader, late)],
    named: leader,
  },
  {
    what: "the worker, which the controller blames, and not the leader, which it did an hour ago",
    ends: [{ endedAt: late }, { endedAt: late }],
    events: [blaming(leader, "2026-11-24T17:10:42Z"), blaming(worker, late)],
    named: worker,
  },
])("of a group whose pods have all ended is named $what", ({ ends, logs, events = [], named }) => {
  const watched = new Watched(logs);
  const pods = (changes: readonly GroupPodChange[]) => changes.map((change, index) => groupPod(a, 0, index, change));
  expect(watched.due({ pods: pods([{ isReady: false }, { isReady: false }]), events: [] })).toBeUndefined();
  const ended = pods(ends.map((end) => ({ ...crashed, ...end })));
  expect(watched.due({ pods: ended, events })?.where).toBe(`pod/${named}`);
});

test("pods by themselves are named in their order, whichever ended first", () => {
  const alone = (name: string, finishedAt: string): Pod => ({
    metadata: { name, uid: name },
    status: {
      phase: "Running",
      containerStatuses: [
        { name: "engine", ready: false, restartCount: 3, lastState: { terminated: { exitCode: 1, finishedAt } } },
      ],
    },
  });
  const pods = [alone("keye-a", late), alone("keye-b", early)];
  expect(new Watched().due({ pods, events: [] })?.where).toBe("pod/keye-a");
});
