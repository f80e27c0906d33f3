import { type JsonObject, listAt, textAt } from "./json.ts";

/** The API server's refusal of a request: its `Status` object. */
export class ApiFailure extends Error {
  /** HTTP status. */
  readonly status: number;
  /** Such as `Conflict`, `Invalid`, `Forbidden`; `NoMatch` is ours: the kind is not served. */
  readonly reason: string;
  readonly #body: JsonObject;

  constructor(status: number, body: JsonObject) {
    super(textAt(body, "message") || `HTTP ${status}`);
    this.name = "ApiFailure";
    this.status = status;
    this.reason = textAt(body, "reason");
    this.#body = body;
  }

  /** Such as `422 Invalid`. */
  get title(): string {
    return this.reason === "" ? String(this.status) : `${this.status} ${this.reason}`;
  }

  /** Fields that other managers own, where an apply was refused for them: `.spec.replicas, owned by "kube-controller-manager"`. */
  get conflicts(): readonly string[] {
    return this.#causes
      .filter((cause) => textAt(cause, "reason") === "FieldManagerConflict")
      .map((cause) => `${textAt(cause, "field")}: ${textAt(cause, "message")}`);
  }

  /** Fields that must be set, where an apply was refused because they were not. */
  get requiredFields(): readonly string[] {
    return this.#causes
      .filter((cause) => textAt(cause, "reason") === "FieldValueRequired")
      .map((c) => textAt(c, "field"));
  }

  /** Whether the object's namespace does not exist. */
  get isMissingNamespace(): boolean {
    return this.status === 404 && textAt(this.#body, "details", "kind") === "namespaces";
  }

  get #causes() {
    return listAt(this.#body, "details", "causes");
  }
}
