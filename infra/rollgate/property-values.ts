/** Stands for a value that is not known yet. @see pulumi sdk/nodejs/runtime/rpc.ts, unknownValue (3.270) */
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Marks an object of the wire as special. @see pulumi sdk/nodejs/runtime/rpc.ts, specialSigKey (3.270) */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** Whether a value of the wire will only be known once something has been created. */
export function isUnknown(value: unknown): boolean {
  return value === unknownValue;
}

/** The plain JSON within a value of the wire: secrets and outputs unwrapped, unknown outputs as the unknown mark. */
export function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainOf);
  if (!isRecord(value)) return value;
  if (value[signatureKey] === secretSignature) return plainOf(value.value);
  if (value[signatureKey] === outputSignature) return "value" in value ? plainOf(value.value) : unknownValue;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plainOf(field)]));
}

/** Whether an unknown is anywhere in a plain value. */
export function hasUnknown(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isRecord(value) ? Object.values(value).some(hasUnknown) : isUnknown(value);
}

/** Narrows to an object with fields: no null, no array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
