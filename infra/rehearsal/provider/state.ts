import { isArray, isObject, isSame, type Json, type JsonObject, objectAt, textAt } from "./json.ts";
import { serverFields } from "./server-fields.ts";
import { isSecretObject, plainObject, protectLike, unknownText } from "./values.ts";

/** What the state keeps of one resource, beside the live object. The names are the official provider's. */
export interface ResourceState {
  readonly inputs: JsonObject;
  readonly live: JsonObject;
  /** The field manager that owns the fields we applied; empty where the state names none. */
  readonly fieldManager: string;
}

/** Outputs of a resource: the live object's fields at the top level, and what later calls need to know. */
export function toOutputs(state: ResourceState, secretLike: JsonObject): JsonObject {
  const { managedFields: _, ...metadata } = objectAt(state.live, "metadata");
  const object = protectLike({ ...state.live, metadata }, secretLike);
  return {
    ...object,
    __inputs: protectLike(state.inputs, secretLike),
    __initialApiVersion: textAt(state.inputs, "apiVersion"),
    __fieldManager: state.fieldManager,
  };
}

/** Reads {@link toOutputs}. */
export function fromOutputs(outputs: JsonObject): ResourceState {
  const { __inputs, __initialApiVersion, __fieldManager, ...live } = plainObject(outputs);
  return {
    inputs: isObject(__inputs) ? __inputs : {},
    live,
    fieldManager: typeof __fieldManager === "string" ? __fieldManager : "",
  };
}

const assignedOnCreate = ["uid", "resourceVersion", "creationTimestamp", "generation"];

/**
 * The outputs of a create that is only previewed: fields that the real one settles are unknown, the status is left out,
 * which the engine takes as unknown.
 *
 * @param object the result of a dry run, or the inputs where there is none
 */
export function previewed(object: JsonObject, inputs: JsonObject): JsonObject {
  const { status: _, ...kept } = object;
  const unknowns = Object.fromEntries(assignedOnCreate.map((field) => [field, unknownText]));
  const metadata = isObject(kept.metadata) ? { ...kept.metadata, ...unknowns } : (kept.metadata ?? unknowns);
  if (textAt(inputs, "kind") !== "Service" || textAt(inputs, "spec", "clusterIP") !== "") return { ...kept, metadata };
  return { ...kept, metadata, spec: { ...objectAt(kept, "spec"), clusterIP: unknownText, clusterIPs: unknownText } };
}

/**
 * The inputs as the live object now has them: a field that moved since we last saw it shows its live value, all others
 * stay as they were written. Comparing live with live leaves out what the server normalises (`0.5` of a CPU is `500m`).
 *
 * @param lastLive the live object in the state
 */
export function inputsFromLive(inputs: JsonObject, lastLive: JsonObject, live: JsonObject): JsonObject {
  const withTexts = isSecretObject(live) ? withDecodedData(inputs, lastLive, live) : inputs;
  const moved = moveWith(withTexts, withStringData(lastLive, withTexts), withStringData(live, withTexts));
  return isObject(moved) ? moved : {};
}

function moveWith(input: Json, last: Json | undefined, live: Json | undefined): Json | undefined {
  if (isSame(last, live)) return input;
  if (live === undefined) return undefined;
  if (isObject(input) && isObject(live)) {
    const before = isObject(last) ? last : {};
    const entries = Object.entries(input).map(
      ([key, field]) => [key, moveWith(field, before[key], live[key])] as const,
    );
    return Object.fromEntries(entries.flatMap(([key, field]) => (field === undefined ? [] : [[key, field]])));
  }
  if (isArray(input) && isArray(live)) {
    const before = isArray(last) ? last : [];
    return live.map((item, i) => {
      const own = input[i];
      return own === undefined ? item : (moveWith(own, before[i], item) ?? item);
    });
  }
  return live;
}

/** `stringData` is never read back: its drift is that of `data`. */
function withDecodedData(inputs: JsonObject, lastLive: JsonObject, live: JsonObject): JsonObject {
  if (!isObject(inputs.stringData)) return inputs;
  const entries = Object.entries(inputs.stringData).flatMap(([key, text]) => {
    const data = textAt(live, "data", key);
    if (data === textAt(lastLive, "data", key)) return [[key, text] as const];
    return data === "" ? [] : [[key, Buffer.from(data, "base64").toString("utf8")] as const];
  });
  return { ...inputs, stringData: Object.fromEntries(entries) };
}

/** Makes `stringData` equal on both sides, so that its absence in the live object is no drift. */
function withStringData(object: JsonObject, inputs: JsonObject): JsonObject {
  return inputs.stringData === undefined ? object : { ...object, stringData: inputs.stringData };
}

/** With what old servers wrote too. */
const serverMetadata = [...serverFields, "selfLink"];
const serverAnnotations = ["deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"];

/** Inputs for an object that the program did not make: all of it but what only the server writes. For imports. */
export function importedInputs(live: JsonObject): JsonObject {
  const { status: _, ...object } = live;
  const metadata = without(objectAt(live, "metadata"), serverMetadata);
  const kept = without(objectAt(metadata, "annotations"), serverAnnotations);
  const annotations = Object.keys(kept).length === 0 ? {} : { annotations: kept };
  return { ...object, metadata: { ...without(metadata, ["annotations"]), ...annotations } };
}

function without(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}
