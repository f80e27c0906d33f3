import { isObject, type JsonObject, listAt, objectAt, textAt, valueAt, withoutValueAt, withValueAt } from "./json.ts";
import { type PropertyPath, parsePropertyPath } from "./property-path.ts";

/** Who owns a field, by the object's `metadata.managedFields`. */
interface FieldOwners {
  readonly isOurs: boolean;
  readonly isTheirs: boolean;
}

/** Owners of a field or of anything inside it. Steps into lists are not followed: owners of a list are owners of its items. */
function ownersOf(live: JsonObject, path: PropertyPath, manager: string): FieldOwners {
  const owners = { isOurs: false, isTheirs: false };
  for (const entry of listAt(live, "metadata", "managedFields")) {
    if (!owns(objectAt(entry, "fieldsV1"), path)) continue;
    const isOurs = textAt(entry, "manager") === manager && textAt(entry, "subresource") === "";
    if (isOurs) owners.isOurs = true;
    else owners.isTheirs = true;
  }
  return owners;
}

function owns(fields: JsonObject, path: PropertyPath): boolean {
  let node = fields;
  for (const step of path) {
    if (typeof step === "number") return true;
    const next = node[`f:${step}`];
    if (!isObject(next)) return false;
    // An empty set marks the end: an atomic field, owned whole.
    if (Object.keys(next).length === 0) return true;
    node = next;
  }
  return true;
}

/**
 * What to apply where `ignoreChanges` names fields: one that only others own is left out, so that it is neither taken nor
 * fought over; one that is ours too is sent with its live value, because leaving it out would unset it.
 */
export function withIgnoredFields(
  news: JsonObject,
  live: JsonObject,
  request: { readonly ignoreChanges: readonly string[]; readonly manager: string },
): JsonObject {
  let object = news;
  for (const text of request.ignoreChanges) {
    const [first, ...rest] = parsePropertyPath(text) ?? [];
    if (typeof first !== "string" || first === "*" || rest.includes("*")) continue;
    const owners = ownersOf(live, [first, ...rest], request.manager);
    const value = valueAt(live, [first, ...rest]);
    if (owners.isTheirs && !owners.isOurs) object = withoutValueAt(object, [first, ...rest]);
    else if (value !== undefined) object = withValueAt(object, [first, ...rest], value);
  }
  return object;
}
