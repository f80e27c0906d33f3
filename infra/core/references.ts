/** Arguments of the function `rollgate:index:inspectReferences`: names of objects in one namespace that the settings refer to. */
export interface InspectReferencesArgs {
  readonly context?: string;
  readonly namespace: string;
  readonly claims: readonly string[];
  readonly secrets: readonly string[];
}

/** What `rollgate:index:inspectReferences` returns. What does not exist is left out. */
export interface InspectReferencesResult {
  readonly claims: readonly FoundClaim[];
  /** Never with a value. A Secret that may not be read counts as there, with keys that nobody knows. */
  readonly secrets: readonly { readonly name: string; readonly keys?: readonly string[] }[];
}

/** A PersistentVolumeClaim that exists. */
export interface FoundClaim {
  readonly name: string;
  /** Of the volume that it is bound to, else those that it asks for: `ReadWriteMany`, `ReadWriteOnce` and so on. */
  readonly accessModes: readonly string[];
}
