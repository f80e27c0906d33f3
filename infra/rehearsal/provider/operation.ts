import { randomBytes } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import { annotationOf, annotations, isAnnotated, timeoutSecondsOf } from "./annotations.ts";
import { ApiFailure } from "./api-failure.ts";
import { type WaitContext, waitUntilReady } from "./awaiter.ts";
import { InitFailure } from "./init-failure.ts";
import { type JsonObject, textAt, withValueAt } from "./json.ts";
import { idOf, type ObjectKind, type ObjectRef } from "./kind.ts";
import type { KubeObjects } from "./kube-objects.ts";
import { patchHoldsRequired, type RefusedVerb, refusal } from "./refusals.ts";
import { toOutputs } from "./state.ts";

/** What an operation on one resource needs beside its request. */
export interface OperationContext {
  readonly objects: KubeObjects;
  readonly clock: Clock;
  /** Aborts when the engine cancels. */
  readonly signal: AbortSignal;
  /** Shows beside the resource what is waited for; empty to clear it. */
  readonly report: (text: string) => void;
  /** Takes fields from other managers always. */
  readonly enablePatchForce: boolean;
  /** A create takes over an object that is there. */
  readonly upsertExistingObjects: boolean;
}

/** A resource as the engine keeps it. */
export interface StoredResource {
  /** Empty in a preview. */
  readonly id: string;
  readonly outputs: JsonObject;
}

/** One server-side apply. */
export interface Application {
  readonly ref: ObjectRef;
  /** What to apply. */
  readonly object: JsonObject;
  /** The object as it is; undefined where there is none. */
  readonly existing: JsonObject | undefined;
  readonly fieldManager: string;
  readonly isPreview: boolean;
}

/**
 * Finds the object of a resource. Drops the namespace of a kind that lives in none.
 *
 * @param place from the resource's id or inputs
 */
export async function findObject(
  kind: ObjectKind,
  place: { readonly namespace: string; readonly name: string },
  context: OperationContext,
): Promise<{ readonly ref: ObjectRef; readonly existing: JsonObject | undefined }> {
  const served = await context.objects.served(kind, context.signal);
  const ref = { ...kind, ...place, namespace: served?.isNamespaced === false ? "" : place.namespace };
  return { ref, existing: await orRefusal("read", ref, () => context.objects.read(ref, context.signal)) };
}

/**
 * Applies an object. Naming the uid of the one that is there makes sure that no half object comes into being where it was
 * deleted meanwhile.
 */
export async function applyObject(application: Application, context: OperationContext): Promise<JsonObject> {
  const { ref, existing, fieldManager, isPreview } = application;
  const uid = textAt(existing, "metadata", "uid");
  const body = uid === "" ? application.object : withValueAt(application.object, ["metadata", "uid"], uid);
  const force = context.enablePatchForce || isAnnotated(application.object, annotations.patchForce);
  return context.objects.apply(ref, body, { fieldManager, force, dryRun: isPreview }, context.signal);
}

/** Runs a call of the API and turns a refusal into the error that the person sees. */
export async function orRefusal<T>(verb: RefusedVerb, ref: ObjectRef, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof ApiFailure ? refusal(verb, ref, error) : error;
  }
}

/**
 * The result of a dry run, or undefined where the server cannot tell: the namespace or the kind may be created by the same
 * update, and who may only preview need not be allowed to write.
 */
export async function dryRunOf(call: () => Promise<JsonObject>): Promise<JsonObject | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ApiFailure && (error.status === 404 || error.reason === "Forbidden")) return undefined;
    throw error;
  }
}

/** Waits for an applied object and returns it as it then is. Rejects with {@link InitFailure} if it does not get ready. */
export async function settle(
  applied: JsonObject,
  request: {
    readonly ref: ObjectRef;
    readonly inputs: JsonObject;
    readonly fieldManager: string;
    /** The inputs with their secrets marked. */
    readonly secretLike: JsonObject;
    readonly timeout: number;
  },
  context: OperationContext,
): Promise<StoredResource> {
  const { ref, inputs, fieldManager } = request;
  const outcome = await waitUntilReady(inputs, applied, waitContext(inputs, request.timeout, context));
  const live = outcome.live ?? applied;
  const stored = { id: idOf(ref), outputs: toOutputs({ inputs, live, fieldManager }, request.secretLike) };
  if (outcome.problem !== undefined) throw new InitFailure(outcome.problem, stored);
  return stored;
}

/** Gives up all fields that a manager owns; those that nobody else owns go. */
export async function relinquish(
  ref: ObjectRef,
  existing: JsonObject,
  fieldManager: string,
  context: OperationContext,
): Promise<void> {
  const { apiVersion, kind, namespace, name } = ref;
  const metadata = { name, ...(namespace === "" ? {} : { namespace }) };
  const nothing = { ref, object: { apiVersion, kind, metadata }, existing, fieldManager, isPreview: false };
  try {
    await applyObject(nothing, context);
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    throw error.requiredFields.length > 0 ? patchHoldsRequired(ref, error) : refusal("patch", ref, error);
  }
}

/** Who owns what a resource applies: as annotated, else as before, else a new name, so that two stacks never share one. */
export function fieldManagerFor(inputs: JsonObject, before: string): string {
  const annotated = annotationOf(inputs, annotations.patchFieldManager);
  return annotated || before || `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
}

/** What a wait for this object needs. */
export function waitContext(inputs: JsonObject, customTimeout: number, context: OperationContext): WaitContext {
  return { ...context, timeout: timeoutSecondsOf(inputs, customTimeout) };
}
