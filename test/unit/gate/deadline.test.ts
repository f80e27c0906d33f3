import { expect, test } from "vitest";
import { withinDeadline } from "../../../infra/gate/deadline.ts";
import { ManualClock } from "../../support/manual-clock.ts";

test("a body that aborts its own signal and then throws is told once, and leaves no rejection to nobody", async () => {
  const outer = new AbortController();
  const unheard: unknown[] = [];
  const note = (reason: unknown) => unheard.push(reason);
  process.on("unhandledRejection", note);
  try {
    const running = withinDeadline({ clock: new ManualClock(), milliseconds: 1_000 }, outer.signal, () => {
      outer.abort(new Error("the Lease was taken"));
      throw new Error("and the call failed");
    });
    await expect(running).rejects.toThrow("and the call failed");
    await new Promise((resolve) => setImmediate(resolve));
    expect(unheard).toEqual([]);
  } finally {
    process.off("unhandledRejection", note);
  }
});
