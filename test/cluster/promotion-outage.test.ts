import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AtLine, PromotionStack } from "../support/promotion-stack.ts";

/** Another revision, with deadlines that leave room for the outages. */
const candidate = [
  { path: ["engine", "maxRunningRequests"], value: 60 },
  { path: ["rollout", "deadlines", "verifySeconds"], value: 240 },
  { path: ["rollout", "deadlines", "totalSeconds"], value: 900 },
  { path: ["rollout", "keepRevisions"], value: 0 },
];

describe("an API server that goes away during a promotion", () => {
  let stack: PromotionStack;

  beforeAll(async () => {
    stack = await PromotionStack.start();
    const first = await stack.up();
    if (first.exitCode !== 0) throw new Error(first.output);
  });

  afterAll(() => stack?.close());

  function outage(line: RegExp, seconds: number): AtLine {
    const action = async () => {
      await stack.cluster.rehearsal.pauseApiserver();
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      await stack.cluster.rehearsal.resumeApiserver();
    };
    return { line, action };
  }

  test("for a minute while pods start, then shortly in each later phase: it goes on where it was, and promotes", async () => {
    const { exitCode, output } = await stack.up(
      candidate,
      // By then both pods exist: a create that is cut off is tried again only minutes later.
      outage(/\[ready\] keye-\S+: (?!waits|container|pulling)/, 60),
      outage(/\[probe\] .*health pass/, 5),
      outage(/\[switch\] .* -> /, 5),
      outage(/\[traffic\] \d+ of \d+/, 5),
    );
    expect(output).not.toContain("error:");
    expect(exitCode).toBe(0);
    const { activeRevision, revision } = await stack.outputs();
    expect(activeRevision).toBe(revision);
    await stack.becomes({ live: String(revision), replicas: { [String(revision)]: 2 } });
  });
});
