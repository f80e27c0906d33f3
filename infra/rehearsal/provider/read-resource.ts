import { lookOnce } from "./awaiter.ts";
import { InitFailure } from "./init-failure.ts";
import { type JsonObject, objectAt } from "./json.ts";
import { idOf, kindOf, kindOfToken, type ObjectKind, parseId, tokenOfUrn } from "./kind.ts";
import { fieldManagerFor, findObject, type OperationContext, type StoredResource, waitContext } from "./operation.ts";
import { fromOutputs, importedInputs, inputsFromLive, toOutputs } from "./state.ts";
import { plainObject, protectLike } from "./values.ts";

export interface ReadRequest {
  readonly urn: string;
  readonly id: string;
  /** Inputs in the state; empty for an import. */
  readonly inputs: JsonObject;
  /** Outputs in the state; empty for an import. */
  readonly outputs: JsonObject;
}

/** A resource as the cluster has it. */
export interface ReadResource extends StoredResource {
  readonly inputs: JsonObject;
}

/**
 * The resource as it now is in the cluster, drift in its inputs included; undefined where the object is gone.
 * Rejects with {@link InitFailure} where the object is there and not ready.
 */
export async function readResource(request: ReadRequest, context: OperationContext): Promise<ReadResource | undefined> {
  const isImport = Object.keys(request.inputs).length === 0;
  const kind = isImport ? importedKind(tokenOfUrn(request.urn)) : kindOf(plainObject(request.inputs));
  const { ref, existing: live } = await findObject(kind, parseId(request.id), context);
  if (live === undefined) return undefined;
  const state = fromOutputs(request.outputs);
  // After a failed update the engine keeps the old inputs; what the object was last made from is in the outputs.
  const applied = objectAt(request.outputs, "__inputs");
  const hasApplied = Object.keys(applied).length > 0;
  const olds = hasApplied ? state.inputs : plainObject(request.inputs);
  const inputs = isImport ? importedInputs(live) : inputsFromLive(olds, state.live, live);
  const fieldManager = fieldManagerFor(inputs, state.fieldManager);
  const protect = (value: JsonObject) => protectLike(protectLike(value, request.inputs), applied);
  const outputs = protect(toOutputs({ inputs, live, fieldManager }, request.inputs));
  const read = { id: idOf(ref), outputs, inputs: protect(inputs) };
  if (isImport) return read;
  const readiness = await lookOnce(inputs, live, waitContext(inputs, 0, context));
  if (readiness.kind === "ready") return read;
  throw new InitFailure(`${idOf(ref)} is not ready: ${readiness.reason}.`, read);
}

/** The type of a patch names no kind of its own: an import has only the type to go by. */
function importedKind(token: string): ObjectKind {
  const { apiVersion, kind } = kindOfToken(token);
  return { apiVersion, kind: kind.replace(/Patch$/, "") };
}
