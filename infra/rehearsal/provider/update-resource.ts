import type { CreateRequest } from "./create-resource.ts";
import type { JsonObject } from "./json.ts";
import { kindOf, parseId } from "./kind.ts";
import { withIgnoredFields } from "./managed-fields.ts";
import {
  applyObject,
  dryRunOf,
  fieldManagerFor,
  findObject,
  type OperationContext,
  orRefusal,
  relinquish,
  type StoredResource,
  settle,
} from "./operation.ts";
import { notThere } from "./refusals.ts";
import { fromOutputs, toOutputs } from "./state.ts";
import { hasUnknowns, plainObject } from "./values.ts";

export interface UpdateRequest extends CreateRequest {
  readonly id: string;
  /** Outputs in the state. */
  readonly olds: JsonObject;
  /** Property paths. The engine has already put the old inputs there. */
  readonly ignoreChanges: readonly string[];
}

/** Applies the new inputs to the object and waits until it is ready. A preview asks by a dry run and writes nothing. */
export async function updateResource(request: UpdateRequest, context: OperationContext): Promise<StoredResource> {
  const { id, isPreview, ignoreChanges } = request;
  const inputs = plainObject(request.inputs);
  const unvalidated = { id, outputs: request.inputs };
  if (isPreview && hasUnknowns(inputs)) return unvalidated;
  const { ref, existing } = await findObject(kindOf(inputs), parseId(id), context);
  if (existing === undefined) throw notThere(ref, false);
  const managerBefore = fromOutputs(request.olds).fieldManager;
  const fieldManager = fieldManagerFor(inputs, managerBefore);
  const object = withIgnoredFields(inputs, existing, { ignoreChanges, manager: fieldManager });
  const apply = () => applyObject({ ref, object, existing, fieldManager, isPreview }, context);
  if (isPreview) {
    const live = await orRefusal("update", ref, () => dryRunOf(apply));
    return live === undefined
      ? unvalidated
      : { id, outputs: toOutputs({ inputs, live, fieldManager }, request.inputs) };
  }
  const applied = await orRefusal("update", ref, apply);
  if (managerBefore !== "" && managerBefore !== fieldManager) await relinquish(ref, existing, managerBefore, context);
  const settling = { ref, inputs, fieldManager, secretLike: request.inputs, timeout: request.timeout };
  return settle(applied, settling, context);
}
