import { apiError } from "../support/fake-cluster.ts";
import { hasLeft, isPodReady, type PodScript } from "../support/fake-pod.ts";
import { next, stable } from "../unit/gate/stage.ts";
import type { Disturbance, Disturbed } from "./schedule.ts";
import type { World } from "./world.ts";

/** How long an API server is away; calls wait for it, as the adapter's do. */
const outageMs = 90_000;

const third = "cccccccccc";

/** Lets the disturbances of one update happen at their moments. */
export function disturb(world: World, disturbed: readonly Disturbed[]): void {
  let calls = 0;
  let awayUntil = 0;
  world.cluster.intercept = async (name, signal) => {
    calls++;
    const [call, count] = name.split("#");
    const due = disturbed.filter(({ at }) =>
      at.call === undefined ? at.count === calls : at.call === call && at.count === Number(count),
    );
    for (const { what } of due) {
      world.witness.disturbed(what, call ?? "");
      if (what === "api-outage") awayUntil = world.clock.now() + outageMs;
      else await happen(world, what);
    }
    world.witness.called(call ?? "");
    const left = awayUntil - world.clock.now();
    if (left > 0) await world.clock.sleep(left, signal);
  };
}

async function happen(world: World, what: Exclude<Disturbance, "api-outage">): Promise<void> {
  const { cluster, prober } = world;
  switch (what) {
    case "api-error":
      throw apiError("keye", "the server answered 503.");
    case "hang":
      return await new Promise(() => undefined);
    case "cancel":
      return world.abort.abort(new Error("SIGINT"));
    case "lose-lease":
      return cluster.loseLease();
    case "steal-lease":
      cluster.leaseHolder = "thief";
      return;
    case "die":
      world.life.isOver = true;
      return await new Promise(() => undefined);
    case "die-after":
      world.life.isOver = true;
      return;
    case "restart-new":
      return restart(world, next);
    case "restart-old":
      return restart(world, stable);
    case "delete-new":
      return cluster.deletePod(firstPod(world, next)?.uid ?? "");
    case "delete-old":
      return cluster.deletePod(firstPod(world, stable)?.uid ?? "");
    case "evict-new":
      return cluster.evictPod(firstPod(world, next)?.uid ?? "");
    case "evict-old":
      return cluster.evictPod(firstPod(world, stable)?.uid ?? "");
    case "new-wrong":
      return void prober.revisions.set(next, "wrong");
    case "new-silent":
      return void prober.revisions.set(next, "none");
    case "new-wrong-in-service":
      return void prober.traffic.set(next, "wrong");
    case "old-wrong":
      prober.revisions.set(stable, "wrong");
      return void prober.traffic.set(stable, "wrong");
    case "new-crashes":
      return behave(world, { kind: "crash", log: "Traceback (most recent call last):" });
    case "new-never-ready":
      return behave(world, { kind: "slow" });
    case "new-unschedulable":
      return behave(world, { kind: "unschedulable", message: "0/2 nodes are available." });
    case "new-refused":
      return behave(world, { kind: "quota", message: "exceeded quota: gpus" });
    case "scale-old-up":
      return cluster.scaleByHand(stable, cluster.replicas(stable) + 1);
    case "scale-old-down":
      return cluster.scaleByHand(stable, Math.max(0, cluster.replicas(stable) - 1));
    case "scale-new-up":
      return cluster.scaleByHand(next, cluster.replicas(next) + 1);
    case "scale-new-down":
      return cluster.scaleByHand(next, Math.max(0, cluster.replicas(next) - 1));
    case "select-nothing":
      return cluster.selectBeside("none");
    case "select-old":
      return cluster.selectBeside(stable);
    case "select-new":
      return cluster.selectBeside(next);
    case "select-third":
      return cluster.selectBeside(third);
    default:
      return what satisfies never;
  }
}

function firstPod({ cluster }: World, revision: string) {
  return cluster.podsOf(revision).find((pod) => !hasLeft(pod));
}

function restart(world: World, revision: string): void {
  const pod = firstPod(world, revision);
  if (pod !== undefined) world.cluster.changePod(pod.uid, { restarts: pod.restarts + 1 });
}

/** Pods of the candidate that are not ready yet, and all later ones, behave so. */
function behave({ cluster, clock }: World, script: PodScript): void {
  cluster.setScript(next, script);
  for (const pod of cluster.podsOf(next)) {
    if (!isPodReady(pod, clock.now())) cluster.changePod(pod.uid, { script });
  }
}
