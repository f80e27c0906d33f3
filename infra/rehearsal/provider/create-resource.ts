import { ApiFailure } from "./api-failure.ts";
import { type JsonObject, objectAt, valueAt } from "./json.ts";
import { isPatchToken, kindOf, tokenOfUrn } from "./kind.ts";
import {
  applyObject,
  dryRunOf,
  fieldManagerFor,
  findObject,
  type OperationContext,
  orRefusal,
  type StoredResource,
  settle,
} from "./operation.ts";
import { alreadyExists, notThere } from "./refusals.ts";
import { previewed, toOutputs } from "./state.ts";
import { hasUnknowns, plainObject, protectLike } from "./values.ts";

export interface CreateRequest {
  readonly urn: string;
  /** With secrets and unknowns marked. */
  readonly inputs: JsonObject;
  /** Seconds of `customTimeouts`; 0 where the program sets none. */
  readonly timeout: number;
  readonly isPreview: boolean;
}

/**
 * Creates the object, or applies a patch to one that is there, and waits until it is ready.
 *
 * A preview asks the server by a dry run and writes nothing; where the server cannot tell, the inputs come back as they are.
 */
export async function createResource(request: CreateRequest, context: OperationContext): Promise<StoredResource> {
  const { urn, isPreview } = request;
  const inputs = plainObject(request.inputs);
  const unvalidated = { id: "", outputs: protectLike(previewed(inputs, inputs), request.inputs) };
  if (isPreview && hasUnknowns(inputs)) return unvalidated;
  const token = tokenOfUrn(urn);
  const isPatch = isPatchToken(token, kindOf(inputs).kind);
  const { namespace, name } = objectAt(inputs, "metadata");
  const { ref, existing } = await findObject(
    kindOf(inputs),
    { namespace: String(namespace ?? ""), name: String(name) },
    context,
  );
  const mayExist = isPatch || context.upsertExistingObjects;
  if (isPreview && (existing === undefined ? isPatch : !mayExist)) return unvalidated;
  if (existing === undefined && isPatch) throw notThere(ref, true);
  if (existing !== undefined && !mayExist) {
    throw alreadyExists(token, ref, valueAt(existing, ["metadata", "deletionTimestamp"]) !== undefined);
  }
  const fieldManager = fieldManagerFor(inputs, "");
  const apply = () => applyObject({ ref, object: inputs, existing, fieldManager, isPreview }, context);
  const verb = isPatch ? "patch" : "create";
  if (isPreview) {
    const dryRun = await orRefusal(verb, ref, () => dryRunOf(apply));
    if (dryRun === undefined) return unvalidated;
    const live = existing === undefined ? previewed(dryRun, inputs) : dryRun;
    return { id: "", outputs: toOutputs({ inputs, live, fieldManager }, request.inputs) };
  }
  const applied = await orRefusal(verb, ref, () => withRetries(apply, context));
  const settling = { ref, inputs, fieldManager, secretLike: request.inputs, timeout: request.timeout };
  return settle(applied, settling, context);
}

/** Milliseconds before each further try. */
const retryPauses = [500, 1_000, 2_000, 4_000];

/** The namespace or the definition of the kind may be in the making, by this update or by somebody else's. */
async function withRetries(apply: () => Promise<JsonObject>, context: OperationContext): Promise<JsonObject> {
  for (const pause of retryPauses) {
    try {
      return await apply();
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.status !== 404) throw error;
      context.report(`trying again: ${error.message}`);
      await context.clock.sleep(pause, context.signal);
      context.report("");
    }
  }
  return apply();
}
