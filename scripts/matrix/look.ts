import { setTimeout as pause } from "node:timers/promises";
import { revisionLabel } from "../../infra/core/names.ts";
import type { Seconds } from "../../infra/core/units.ts";
import { hasEnded } from "../../infra/status/pod-facts.ts";
import type { PromotionStack } from "../../test/support/promotion-stack.ts";
import type { ClientLoad } from "../story/load.ts";
import type { Serves } from "./row.ts";

/** Questions by which is found out who serves: enough to meet each of two pods. */
const questions = 6;

/** Seconds in which pods that were told to go must be gone. */
const endingSeconds: Seconds = 60;

const lookAgainMs = 500;

/** Who answers clients now; asks again until it is one of `expected`, or so many seconds are over. */
export async function whoServes(
  load: ClientLoad,
  old: string | undefined,
  { expected, seconds }: { readonly expected: readonly Serves[]; readonly seconds: Seconds },
): Promise<Serves> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answered = new Set<"old" | "new" | "nobody">();
    for (let asked = 0; asked < questions; asked++) {
      const by = await load.ask();
      answered.add(by === undefined ? "nobody" : by === old ? "old" : "new");
    }
    const [who = "nobody"] = answered;
    const serves = answered.size === 1 ? who : answered.has("nobody") ? "nobody" : "both";
    if (expected.includes(serves) || Date.now() > end) return serves;
    await pause(lookAgainMs);
  }
}

/** Revisions that hold pods, though clients do not reach them; looked at until none is left or a minute is over. */
export async function idleRevisions(stack: PromotionStack, atMost = endingSeconds): Promise<readonly string[]> {
  const end = Date.now() + atMost * 1000;
  for (;;) {
    const { live = "none" } = await stack.standing();
    const pods = await stack.cluster.pods(stack.ref.namespace);
    const living = pods.filter((pod) => !hasEnded(pod));
    const holding = new Set(living.map(({ metadata }) => metadata.labels?.[revisionLabel]));
    const idle = [...holding]
      .filter((revision) => revision !== undefined)
      .filter((revision) => !live.includes(revision));
    if (idle.length === 0 || Date.now() > end) return idle;
    await pause(lookAgainMs);
  }
}
