import type { JsonObject } from "./json.ts";

/**
 * The object exists as asked, but does not do what it is for. The engine keeps it in the state with these reasons, and
 * the next update goes on waiting.
 */
export class InitFailure extends Error {
  readonly id: string;
  readonly outputs: JsonObject;
  /** Only after a refresh, which may change them. */
  readonly inputs: JsonObject | undefined;

  constructor(
    reason: string,
    state: { readonly id: string; readonly outputs: JsonObject; readonly inputs?: JsonObject },
  ) {
    super(reason);
    this.name = "InitFailure";
    this.id = state.id;
    this.outputs = state.outputs;
    this.inputs = state.inputs;
  }
}
