import fc from "fast-check";
import { expect, test } from "vitest";
import { RollbackFailed } from "../../../infra/gate/promotion-error.ts";
import { apiError } from "../../support/fake-cluster.ts";
import { failureOf, next, Scene, stable } from "./stage.ts";

const calls = [
  "observe",
  "capacity",
  "scale",
  "candidate",
  "waitForChange",
  "probePod",
  "saveEvidence",
  "assertHeld",
  "switchTraffic",
  "switched",
  "probeService",
] as const;

const actions = [
  "api-error",
  "hang",
  "cancel",
  "lose-lease",
  "restart",
  "replace",
  "wrong-pod",
  "wrong-traffic",
] as const;

type Action = (typeof actions)[number];

interface Fault {
  readonly call: string;
  readonly action: Action;
}

const anyFault = fc.record({
  call: fc.tuple(fc.constantFrom(...calls), fc.integer({ min: 1, max: 6 })).map(([name, count]) => `${name}#${count}`),
  action: fc.constantFrom(...actions),
});

/** The faults that the invariants are about, at the moments that matter most. */
const closeFault: fc.Arbitrary<Fault> = fc.record({
  call: fc.constantFrom("saveEvidence#1", "observe#2", "switchTraffic#1", "switched#1", "observe#3", "probeService#2"),
  action: fc.constantFrom("restart", "replace", "cancel", "api-error"),
});

const fault = fc.oneof(anyFault, closeFault);

/** What a run did wrong, as sentences; what it may not do at any step. */
interface Watch {
  readonly broken: string[];
  isCancelled: boolean;
  /** The selector as of the last step. */
  selector: string;
  /** Whether a pod changed after the last look before the switch: no API can close that gap, the checks after it must. */
  isInGap: boolean;
}

function unproven(scene: Scene): string[] {
  return scene.cluster
    .podsOf(next)
    .filter(({ deletedAt, uid, restarts }) => deletedAt === undefined && !scene.prober.passed.has(`${uid}/${restarts}`))
    .map(({ name }) => name);
}

function check(scene: Scene, watch: Watch): void {
  const { selector } = scene.cluster;
  const isVerified = scene.lines.some((line) => line.startsWith("[soak]"));
  if (selector === next && watch.selector !== next) {
    if (unproven(scene).length > 0 && !watch.isInGap) watch.broken.push(`switched to unproven ${unproven(scene)}`);
    if (watch.isCancelled) watch.broken.push("switched after a cancel");
  }
  if (scene.cluster.replicas(stable) < 2 && !isVerified) watch.broken.push("the old revision lost replicas too early");
  watch.selector = selector;
}

function interfere(scene: Scene, watch: Watch, faults: readonly Fault[]): void {
  scene.cluster.onStep = () => check(scene, watch);
  scene.cluster.intercept = async (call) => {
    for (const { action } of faults.filter((each) => each.call === call)) await act(scene, watch, { call, action });
  };
}

async function act(scene: Scene, watch: Watch, { call, action }: Fault): Promise<void> {
  const pod = scene.cluster.podsOf(next)[0];
  if (/^(assertHeld|switchTraffic)#/.test(call)) watch.isInGap ||= action === "restart" || action === "replace";
  switch (action) {
    case "api-error":
      throw apiError("keye", "the server answered 503.");
    case "hang":
      return await new Promise(() => undefined);
    case "cancel":
      watch.isCancelled = true;
      return scene.abort.abort(new Error("SIGINT"));
    case "lose-lease":
      return scene.cluster.loseLease();
    case "restart":
      return pod && scene.cluster.changePod(pod.uid, { restarts: pod.restarts + 1 });
    case "replace":
      return pod && scene.cluster.deletePod(pod.uid);
    case "wrong-pod":
      return pod && void scene.prober.pods.set(pod.uid, "wrong");
    case "wrong-traffic":
      return void scene.prober.traffic.set(next, "wrong");
    default:
      return action satisfies never;
  }
}

test("whatever fails whenever, no unproven pod is switched to, the old revision stays whole until the new one is verified, and nothing is left half done", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { minLength: 1, maxLength: 3 }), async (faults) => {
      const scene = new Scene();
      const watch: Watch = { broken: [], isCancelled: false, selector: stable, isInGap: false };
      let unprovenAtEndOfSoak: string[] = [];
      interfere(scene, watch, faults);
      const line = scene.lines.push.bind(scene.lines);
      scene.lines.push = (...texts) => {
        if (texts.some((text) => text.startsWith("[soak]"))) unprovenAtEndOfSoak = unproven(scene);
        return line(...texts);
      };
      const ending = await scene.promote();
      expect(watch.broken).toEqual([]);
      if (ending.kind === "resolved") {
        expect(unprovenAtEndOfSoak).toEqual([]);
        expect(scene.state).toBe(`${next} serves; ${stable} at 0, ${next} at 2`);
        return;
      }
      const error = failureOf(ending);
      const isVerified = scene.lines.some((text) => text.startsWith("[soak]"));
      const isLeaseLost = scene.cluster.leaseHolder !== undefined;
      if (error instanceof RollbackFailed || isLeaseLost || isVerified) return;
      expect(scene.state).toBe(`${stable} serves; ${stable} at 2, ${next} at 0`);
    }),
    { numRuns: 60 },
  );
});
