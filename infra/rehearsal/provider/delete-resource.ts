import { DeployError } from "../../core/errors.ts";
import { annotations, deletionPolicyOf, isAnnotated } from "./annotations.ts";
import { waitUntilGone } from "./awaiter.ts";
import { type JsonObject, textAt } from "./json.ts";
import { isPatchToken, kindOf, parseId, titleOf, tokenOfUrn } from "./kind.ts";
import { findObject, type OperationContext, orRefusal, relinquish, waitContext } from "./operation.ts";
import { hasReadiness } from "./readiness.ts";
import { fromOutputs } from "./state.ts";

export interface DeleteRequest {
  readonly urn: string;
  readonly id: string;
  /** Outputs in the state. */
  readonly outputs: JsonObject;
  /** Seconds of `customTimeouts`; 0 where the program sets none. */
  readonly timeout: number;
}

/** Deletes the object and waits until it is gone; takes a patch back. An object that is not there counts as deleted. */
export async function deleteResource(request: DeleteRequest, context: OperationContext): Promise<void> {
  const { inputs, live, fieldManager } = fromOutputs(request.outputs);
  const { ref, existing } = await findObject(kindOf(live), parseId(request.id), context);
  if (existing === undefined) return;
  if (isPatchToken(tokenOfUrn(request.urn), ref.kind)) {
    await relinquish(ref, existing, fieldManager, context);
    return;
  }
  await orRefusal("delete", ref, () => context.objects.remove(ref, deletionPolicyOf(inputs), context.signal));
  if (isAnnotated(inputs, annotations.skipAwait) && hasReadiness(inputs)) return;
  const wait = waitContext(inputs, request.timeout, context);
  const outcome = await waitUntilGone(ref, textAt(existing, "metadata", "uid"), wait);
  if (outcome.problem === undefined) return;
  throw new DeployError({ code: "E_API", where: titleOf(ref), message: outcome.problem });
}
