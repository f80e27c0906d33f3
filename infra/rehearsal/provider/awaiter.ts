import type { Clock } from "../../core/clock.ts";
import { DeployError, textOf } from "../../core/errors.ts";
import type { Seconds } from "../../core/units.ts";
import { annotations, isAnnotated } from "./annotations.ts";
import { type JsonObject, textAt, valueAt } from "./json.ts";
import { type ObjectRef, refOf, titleOf } from "./kind.ts";
import type { KubeObjects } from "./kube-objects.ts";
import { hasReadiness, type Readiness, readinessOf, type Surroundings } from "./readiness.ts";
import { isMet, textOfWait, waitForOf } from "./wait-for.ts";

/** How a wait ended: with the object as it was last seen (undefined where it was never seen), and why it is not ready. */
export interface WaitOutcome {
  readonly live: JsonObject | undefined;
  /** Undefined where the object is ready. A sentence that ends in a full stop. */
  readonly problem: string | undefined;
}

/** What a wait needs. */
export interface WaitContext {
  readonly objects: KubeObjects;
  readonly clock: Clock;
  /** Aborts when the engine cancels. */
  readonly signal: AbortSignal;
  readonly timeout: Seconds;
  /** Gets what is waited for, when that changes; empty at the end. */
  readonly report: (text: string) => void;
}

const nothing: Surroundings = { endpointSlices: [], volumeBindingMode: "" };

/** Milliseconds between looks, growing from the first to the last: most objects are ready at once, some in minutes. */
const firstPause = 150;
const lastPause = 1_000;

/** Whether a wait would end at once, judged by one look; for a refresh. */
export async function lookOnce(inputs: JsonObject, live: JsonObject, context: WaitContext): Promise<Readiness> {
  if (!isAwaited(inputs)) return { kind: "ready" };
  return judge(inputs, live, await surroundingsOf(live, context));
}

/** Waits until the object is ready, as its kind and the annotations in `inputs` say. Never rejects: the object exists. */
export async function waitUntilReady(
  inputs: JsonObject,
  applied: JsonObject,
  context: WaitContext,
): Promise<WaitOutcome> {
  if (!isAwaited(inputs)) return { live: applied, problem: undefined };
  const ref = refOf(applied);
  const look = async (): Promise<Sight> => {
    const live = await context.objects.read(ref, context.signal);
    if (live === undefined) return { readiness: { kind: "failed", reason: "it was deleted meanwhile" }, live };
    return { readiness: judge(inputs, live, await surroundingsOf(live, context)), live };
  };
  return poll(look, `${titleOf(ref)} is not ready`, context);
}

/** Waits until the object is gone, or until one of the same name took its place. */
export async function waitUntilGone(ref: ObjectRef, uid: string, context: WaitContext): Promise<WaitOutcome> {
  const look = async (): Promise<Sight> => {
    const live = await context.objects.read(ref, context.signal);
    const isGone = live === undefined || textAt(live, "metadata", "uid") !== uid;
    if (isGone) return { readiness: { kind: "ready" }, live };
    return { readiness: { kind: "waiting", reason: `waiting for it to go; ${finalizersOf(live)}` }, live };
  };
  return poll(look, "It is not gone", context);
}

/** Whether the provider waits for this object at all. */
function isAwaited(inputs: JsonObject): boolean {
  if (isAnnotated(inputs, annotations.skipAwait)) return false;
  return hasReadiness(inputs) || waitForOf(inputs) !== undefined;
}

/** One look at the object. */
interface Sight {
  readonly readiness: Readiness;
  readonly live: JsonObject | undefined;
}

async function poll(look: () => Promise<Sight>, unmet: string, context: WaitContext): Promise<WaitOutcome> {
  const { clock, signal, timeout } = context;
  const deadline = clock.now() + timeout * 1000;
  let last: { readonly reason: string; readonly live: JsonObject | undefined } = {
    reason: "nothing was seen yet",
    live: undefined,
  };
  try {
    for (let pause = firstPause; ; pause = Math.min(lastPause, pause * 1.5)) {
      const { readiness, live } = await look().catch((error) => unseen(error, last.live, signal));
      if (readiness.kind === "ready") return { live, problem: undefined };
      if (readiness.kind === "failed") return { live, problem: `${unmet}: ${sentence(readiness.reason)}` };
      if (readiness.reason !== last.reason) context.report(readiness.reason);
      last = { reason: readiness.reason, live };
      if (clock.now() + pause > deadline)
        return { live, problem: `${unmet} after ${timeout} s: ${sentence(last.reason)}` };
      await clock.sleep(pause, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return { live: last.live, problem: `${unmet}, and the wait was cancelled: ${sentence(last.reason)}` };
  } finally {
    context.report("");
  }
}

/** An API server that is away may come back before the deadline; a refusal will stay one. */
function unseen(error: unknown, live: JsonObject | undefined, signal: AbortSignal): Sight {
  if (signal.aborted) throw error;
  const isAway = error instanceof DeployError && error.code === "ENV_UNREACHABLE";
  return { readiness: { kind: isAway ? "waiting" : "failed", reason: textOf(error) }, live };
}

function judge(inputs: JsonObject, live: JsonObject, surroundings: Surroundings): Readiness {
  if (valueAt(live, ["metadata", "deletionTimestamp"]) !== undefined) {
    return { kind: "waiting", reason: "the object is being deleted" };
  }
  const waits = waitForOf(inputs);
  if (waits === undefined) return readinessOf(live, surroundings);
  const unmet = waits.filter((wait) => !isMet(wait, live)).map(textOfWait);
  return unmet.length === 0 ? { kind: "ready" } : { kind: "waiting", reason: `not yet true: ${unmet.join(", ")}` };
}

async function surroundingsOf(live: JsonObject, context: WaitContext): Promise<Surroundings> {
  const { objects, signal } = context;
  const ref = refOf(live);
  if (ref.apiVersion === "v1" && ref.kind === "Service") {
    const slices = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", namespace: ref.namespace };
    const endpointSlices = await objects.list(slices, `kubernetes.io/service-name=${ref.name}`, signal);
    return { ...nothing, endpointSlices };
  }
  const className = textAt(live, "spec", "storageClassName");
  if (ref.apiVersion === "v1" && ref.kind === "PersistentVolumeClaim" && className !== "") {
    const where = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", namespace: "", name: className };
    const storageClass = await objects.read(where, signal);
    return { ...nothing, volumeBindingMode: textAt(storageClass, "volumeBindingMode") };
  }
  return nothing;
}

function sentence(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}

function finalizersOf(live: JsonObject): string {
  const finalizers = valueAt(live, ["metadata", "finalizers"]);
  return Array.isArray(finalizers) && finalizers.length > 0 ? `finalizers: ${finalizers.join(", ")}` : "no finalizers";
}
