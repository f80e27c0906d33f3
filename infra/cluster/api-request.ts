/** One request to the Kubernetes API. JSON in, JSON out. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** From the root, each segment already percent-encoded, such as `/api/v1/namespaces/keye/pods`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Of the body; patches name their kind here. @default "application/json" */
  readonly contentType?: string;
}

/** What a request asks for in the words of RBAC. */
export interface ApiSubject {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  /** With its subresource, such as `pods/log`. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

const verbs = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" } as const;

/** Reads verb, group, resource, namespace and name off a request's path, as the API server's authorizer does. */
export function subjectOf(request: ApiRequest): ApiSubject {
  const segments = request.path.split("/").filter((segment) => segment !== "");
  const isCore = segments[0] === "api";
  const group = isCore ? "" : (segments[1] ?? "");
  const rest = segments.slice(isCore ? 2 : 3);
  const namespace = rest[0] === "namespaces" && rest.length > 2 ? rest[1] : undefined;
  const [plural = request.path, name, ...sub] = namespace === undefined ? rest : rest.slice(2);
  return {
    verb: verbOf(request, name),
    group,
    resource: [plural, ...sub].join("/"),
    namespace,
    name: name === undefined ? undefined : decodeURIComponent(name),
  };
}

function verbOf(request: ApiRequest, name: string | undefined): string {
  if (request.method !== "GET") return verbs[request.method];
  if (request.query?.watch !== undefined) return "watch";
  return name === undefined ? "list" : "get";
}

/** How messages name the object of a request: `keye/pods/keye-1a2b3c4d5e-x7k2p`, or `nodes` for a list. */
export function whereOf(subject: ApiSubject): string {
  const [plural] = subject.resource.split("/");
  return [subject.namespace, plural, subject.name].filter((part) => part !== undefined).join("/");
}

/** The request line with its query, as sent. */
export function targetOf(request: ApiRequest): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) query.set(key, String(value));
  }
  const text = query.toString();
  return text === "" ? request.path : `${request.path}?${text}`;
}
