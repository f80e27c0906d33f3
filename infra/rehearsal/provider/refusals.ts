import { DeployError } from "../../core/errors.ts";
import { annotations } from "./annotations.ts";
import type { ApiFailure } from "./api-failure.ts";
import { idOf, type ObjectRef, titleOf } from "./kind.ts";

/** What was asked of the API server. */
export type RefusedVerb = "read" | "create" | "update" | "patch" | "delete";

/** What the program asked for and the API server refused, as an error that says what to do. */
export function refusal(verb: RefusedVerb, ref: ObjectRef, failure: ApiFailure): DeployError {
  if (failure.conflicts.length > 0) return conflict(ref, failure);
  const hint = hintFor(failure);
  return new DeployError({
    code: "E_API",
    where: titleOf(ref),
    message: `The API server refused to ${verb} it (${failure.title}): ${sentence(failure.message)}`,
    ...(hint === undefined ? {} : { hint }),
    cause: failure,
  });
}

function conflict(ref: ObjectRef, failure: ApiFailure): DeployError {
  return new DeployError({
    code: "E_CONFLICT",
    where: titleOf(ref),
    message: `Other field managers own fields that the program sets: ${failure.conflicts.join("; ")}.`,
    hint: `Leave the fields out, name them in ignoreChanges, or take them with the annotation ${annotations.patchForce}: "true".`,
    cause: failure,
  });
}

function hintFor(failure: ApiFailure): string | undefined {
  if (failure.isMissingNamespace) return "Create the namespace first, or let the object depend on it with dependsOn.";
  if (failure.status === 403 && failure.reason === "Forbidden")
    return "Check what the credentials may do: kubectl auth can-i --list.";
  return undefined;
}

/** The error for a create whose object is there already. */
export function alreadyExists(token: string, ref: ObjectRef, isBeingDeleted: boolean): DeployError {
  const adopt = `Adopt it with the resource option import: "${idOf(ref)}", or with: pulumi import ${token} NAME ${idOf(ref)}`;
  return new DeployError({
    code: "E_API",
    where: titleOf(ref),
    message: isBeingDeleted
      ? "AlreadyExists: it is there and being deleted."
      : "AlreadyExists: it is there and not in the state.",
    hint: isBeingDeleted ? "Wait until it is gone, and try again." : `${adopt}; or delete it.`,
  });
}

/** The error for an update or patch whose object is not there. */
export function notThere(ref: ObjectRef, isPatch: boolean): DeployError {
  return new DeployError({
    code: "E_API",
    where: titleOf(ref),
    message: isPatch ? "There is no such object to patch." : "The object of the state is not in the cluster any more.",
    hint: isPatch ? "Create it first, or correct metadata.name." : "Bring the state up to date with: pulumi refresh",
  });
}

/** The error for a patch that cannot be taken back, because the object would lack a field that it must have. */
export function patchHoldsRequired(ref: ObjectRef, failure: ApiFailure): DeployError {
  return new DeployError({
    code: "E_API",
    where: titleOf(ref),
    message: `The patch owns fields that the object must have: ${failure.requiredFields.join(", ")}.`,
    hint: "Set retainOnDelete on the patch, or let another manager apply the fields before it is removed.",
    cause: failure,
  });
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
