import { isArray, isObject, type Json, type JsonObject } from "./json.ts";

/**
 * How the engine writes special values into property JSON: an object with this key holds a secret, an asset and so on.
 * @see pulumi `sdk/go/common/resource/sig/sig.go`, v3.259.0
 */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const assetSignatures = ["c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7"];

/** What stands for a value that is not known before the update has run. */
export const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The engine has one such text for each type. @see pulumi `sdk/go/common/resource/plugin/rpc.go`, v3.259.0 */
const unknownTexts = new Set([
  unknownText,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** Whether this value itself is not known yet. */
export function isUnknown(value: Json | undefined): boolean {
  return typeof value === "string" && unknownTexts.has(value);
}

/** Whether this value or one inside it is not known yet. */
export function hasUnknowns(value: Json | undefined): boolean {
  return isUnknown(value) || childrenOf(value).some(hasUnknowns);
}

/** Whether this value or one inside it is a file or archive, which no Kubernetes object can hold. */
export function hasAssets(value: Json | undefined): boolean {
  const isAsset = isObject(value) && assetSignatures.some((signature) => value[signatureKey] === signature);
  return isAsset || childrenOf(value).some(hasAssets);
}

/** Marks a value as secret, so that the engine encrypts it in the state and hides it on the screen. */
export function secret(value: Json): Json {
  return isSecret(value) ? value : { [signatureKey]: secretSignature, value };
}

/** The value as the API server is to see it: secrets opened, nulls left out. */
export function plain(value: Json): Json {
  if (isSecret(value)) return plain(value.value ?? null);
  if (isArray(value)) return value.filter((item) => item !== null).map(plain);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, field]) => [key, plain(field)] as const);
  return Object.fromEntries(entries.filter(([, field]) => field !== null));
}

/** {@link plain} of an object. */
export function plainObject(value: JsonObject): JsonObject {
  const opened = plain(value);
  return isObject(opened) ? opened : {};
}

/**
 * Marks as secret in `value` what is secret in `like`, field by field. A secret inside an array makes the whole array
 * secret, because the server may reorder it. `data` and `stringData` of a Kubernetes Secret are secret always.
 */
export function protectLike(value: JsonObject, like: JsonObject): JsonObject {
  return protectFields(isSecretObject(value) ? protectData(value) : value, like);
}

function protectFields(value: JsonObject, like: JsonObject): JsonObject {
  const entries = Object.entries(value).map(([key, field]) => {
    const model = like[key];
    if (isSecret(field) || model === undefined) return [key, field] as const;
    if (!isSecret(model) && isObject(model) && isObject(field)) return [key, protectFields(field, model)] as const;
    return [key, hasSecrets(model) ? secret(field) : field] as const;
  });
  return Object.fromEntries(entries);
}

function protectData(value: JsonObject): JsonObject {
  const { data, stringData } = value;
  return {
    ...value,
    ...(data === undefined ? {} : { data: secret(data) }),
    ...(stringData === undefined ? {} : { stringData: secret(stringData) }),
  };
}

/** Whether a Kubernetes object is a core/v1 Secret. */
export function isSecretObject(value: JsonObject): boolean {
  return value.kind === "Secret" && value.apiVersion === "v1";
}

function isSecret(value: Json | undefined): value is JsonObject {
  return isObject(value) && value[signatureKey] === secretSignature;
}

function hasSecrets(value: Json | undefined): boolean {
  return isSecret(value) || childrenOf(value).some(hasSecrets);
}

function childrenOf(value: Json | undefined): readonly Json[] {
  if (isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}
