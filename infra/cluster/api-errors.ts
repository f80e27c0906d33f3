import { DeployError, textOf } from "../core/errors.ts";
import { type ApiRequest, type ApiSubject, subjectOf, whereOf } from "./api-request.ts";

/** What the API server answered: a status and the body, parsed where it is JSON. */
export interface ApiResponse {
  readonly status: number;
  readonly body: unknown;
}

/** The error for an answer that is not a success: `E_API` with what was asked, what came, and the missing RBAC rule. */
export function refusedError(request: ApiRequest, response: ApiResponse): DeployError {
  const subject = subjectOf(request);
  const said = statusMessage(response.body);
  const hint = hintFor(response.status, subject);
  return new DeployError({
    code: "E_API",
    where: whereOf(subject),
    message: `The API server answered ${response.status} to ${subject.verb} ${subject.resource}: ${said}`,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The error for a server that cannot be reached, with its URL, how long it was tried and the last fault seen. */
export function unreachableError(server: string, triedMs: number, cause: unknown): DeployError {
  return new DeployError({
    code: "ENV_UNREACHABLE",
    where: server,
    message: `The Kubernetes API server did not answer in ${(triedMs / 1000).toFixed(1)} s: ${faultText(cause)}.`,
    hint: "Check that the cluster runs and that this machine may reach it: kubectl cluster-info.",
    cause,
  });
}

/** The rule that a Role (ClusterRole where the object has no namespace) must hold for this request to be allowed. */
export function missingRule(subject: ApiSubject): string {
  return `{apiGroups: ["${subject.group}"], resources: ["${subject.resource}"], verbs: ["${subject.verb}"]}`;
}

/** `message` of a `Status` object, ended by a full stop; the body's own text where it is none. */
export function statusMessage(body: unknown): string {
  const text =
    typeof body === "object" && body !== null && "message" in body && typeof body.message === "string"
      ? body.message
      : String(typeof body === "string" && body !== "" ? body : "no message").slice(0, 500);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function hintFor(status: number, subject: ApiSubject): string | undefined {
  if (status === 401) return "The credentials of this kubeconfig context were refused: log in again or renew them.";
  if (status !== 403) return undefined;
  const kind = subject.namespace === undefined ? "ClusterRole" : `Role in namespace "${subject.namespace}"`;
  return `Give the identity a ${kind} with ${missingRule(subject)}; docs/rbac.md lists all of them.`;
}

function faultText(cause: unknown): string {
  // Node tries each address of a host and reports the faults together, with an empty message.
  if (cause instanceof AggregateError && cause.message === "") return cause.errors.map(textOf).join("; ");
  return textOf(cause).replace(/\.$/, "");
}
