import type {
  AccessAnswer,
  AccessQuestion,
  DoctorFacts,
  DoctorQuestions,
  Looked,
  Named,
} from "../core/doctor-facts.ts";
import type { ObjectKind } from "../core/pool-node.ts";
import type { Node } from "../status/objects.ts";
import { ApiClient } from "./api-client.ts";
import { missingRule, refusedError } from "./api-errors.ts";
import { objectPath } from "./api-paths.ts";
import { type ApiRequest, subjectOf, whereOf } from "./api-request.ts";
import {
  type ClaimObject,
  claimOf,
  type LimitRangeObject,
  limitsOf,
  type NamespaceObject,
  namespaceOf,
  nodeOf,
  type QuotaObject,
  quotaOf,
  type SecretObject,
  type StorageClassObject,
  secretOf,
  storageClassOf,
} from "./doctor-objects.ts";
import { type KubeconfigOptions, loadKubeconfig } from "./kubeconfig.ts";
import type { ApiList } from "./list.ts";
import { systemClock } from "./system-clock.ts";

/** {@link doctorFacts} of the cluster that the kubeconfig names. Rejects with `ENV_KUBECONFIG` and `ENV_UNREACHABLE` too. */
export async function lookAtCluster(
  options: KubeconfigOptions,
  questions: DoctorQuestions,
  signal: AbortSignal,
): Promise<DoctorFacts> {
  const client = new ApiClient(loadKubeconfig(options), systemClock);
  try {
    return await doctorFacts(client, questions, signal);
  } finally {
    client.close();
  }
}

/**
 * Reads what a stack depends on. Writes nothing: reviews of access are asked by POST, and the API server keeps none of them.
 * What the identity may not read is marked so; any other refusal rejects with `E_API`.
 */
export async function doctorFacts(
  client: ApiClient,
  questions: DoctorQuestions,
  signal: AbortSignal,
): Promise<DoctorFacts> {
  const { namespace, claims, secrets, kinds, rights, runtimeClass } = questions;
  // First and alone: a server that cannot be reached is told once, and soon.
  const version = await client.call<{ readonly gitVersion: string }>({ method: "GET", path: "/version" }, signal);
  const look = new Looks(client, signal);
  const inNamespace = `/api/v1/namespaces/${encodeURIComponent(namespace)}`;
  const [
    nodes,
    home,
    quotas,
    limitRanges,
    storageClasses,
    foundClaims,
    foundSecrets,
    hasRuntimeClass,
    missing,
    access,
  ] = await Promise.all([
    look.list<Node>("/api/v1/nodes"),
    look.find<NamespaceObject>(inNamespace),
    look.list<QuotaObject>(`${inNamespace}/resourcequotas`),
    look.list<LimitRangeObject>(`${inNamespace}/limitranges`),
    look.list<StorageClassObject>("/apis/storage.k8s.io/v1/storageclasses"),
    look.named<ClaimObject>(claims, (name) => objectPath("persistentvolumeclaims", namespace, name)),
    look.named<SecretObject>(secrets, (name) => objectPath("secrets", namespace, name)),
    runtimeClass === undefined ? undefined : look.find(runtimeClassPath(runtimeClass)),
    Promise.all(kinds.map(async (kind) => ((await look.isServed(kind)) ? [] : [kind]))),
    look.access(rights),
  ]);
  return {
    server: client.server,
    serverVersion: version.gitVersion,
    nodes: mapped(nodes, (items) => items.map(nodeOf)),
    namespace: mapped(home, (object) => object && namespaceOf(object)),
    quotas: mapped(quotas, (items) => items.map(quotaOf)),
    limitRanges: mapped(limitRanges, (items) => items.flatMap(limitsOf)),
    storageClasses: mapped(storageClasses, (items) => items.map(storageClassOf)),
    claims: foundClaims.map(({ name, found }) => ({ name, found: mapped(found, (one) => one && claimOf(one)) })),
    secrets: foundSecrets.map(({ name, found }) => ({ name, found: mapped(found, (one) => one && secretOf(one)) })),
    ...(hasRuntimeClass === undefined ? {} : { runtimeClass: mapped(hasRuntimeClass, (one) => one !== undefined) }),
    missingKinds: missing.flat(),
    access,
  };
}

function runtimeClassPath(name: string): string {
  return `/apis/node.k8s.io/v1/runtimeclasses/${encodeURIComponent(name)}`;
}

function mapped<T, R>(looked: Looked<T>, map: (value: T) => R): Looked<R> {
  return looked.kind === "seen" ? { kind: "seen", value: map(looked.value) } : looked;
}

const pageSize = 500;
const reviewsPath = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/** Reads that a missing right does not end. The caller vouches for the types. */
class Looks {
  readonly #client: ApiClient;
  readonly #signal: AbortSignal;

  constructor(client: ApiClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** The object at a path; undefined where there is none. */
  find<T>(path: string): Promise<Looked<T | undefined>> {
    return this.#ask<T | undefined>({ method: "GET", path }, { notFound: undefined });
  }

  named<T>(names: readonly string[], pathOf: (name: string) => string): Promise<readonly Named<T>[]> {
    return Promise.all(names.map(async (name) => ({ name, found: await this.find<T>(pathOf(name)) })));
  }

  /** Every item of a collection, page by page; pages of different moments do no harm here. */
  async list<T>(path: string): Promise<Looked<readonly T[]>> {
    const items: T[] = [];
    for (let token: string | undefined; ; ) {
      const query = { limit: pageSize, continue: token };
      const page = await this.#ask<ApiList<T>>({ method: "GET", path, query }, {});
      if (page.kind === "refused") return page;
      items.push(...(page.value.items ?? []));
      token = page.value.metadata?.continue || undefined;
      if (token === undefined) return { kind: "seen", value: items };
    }
  }

  /** Whether the API server serves the kind. Discovery is open to everyone who is known. */
  async isServed({ apiVersion, kind }: ObjectKind): Promise<boolean> {
    const path = `/apis/${apiVersion}`;
    const found = await this.#client.find<{ resources: readonly ObjectKind[] }>({ method: "GET", path }, this.#signal);
    return found?.resources.some((one) => one.kind === kind) ?? false;
  }

  async access(rights: readonly AccessQuestion[]): Promise<Looked<readonly AccessAnswer[]>> {
    const reviews = await Promise.all(rights.map((right) => this.#ask<Review>(reviewOf(right), {})));
    const refused = reviews.find((review) => review.kind === "refused");
    if (refused !== undefined) return refused;
    const isAllowed = (place: number) => {
      const review = reviews[place];
      return review?.kind === "seen" && review.value.status?.allowed === true;
    };
    return { kind: "seen", value: rights.map((right, place) => ({ ...right, isAllowed: isAllowed(place) })) };
  }

  async #ask<T>(request: ApiRequest, { notFound }: { readonly notFound?: T }): Promise<Looked<T>> {
    const response = await this.#client.send(request, this.#signal);
    const { status } = response;
    if (status === 404 && request.method === "GET" && request.query === undefined) {
      // The caller of a lookup by name has undefined in its type.
      return { kind: "seen", value: notFound as T };
    }
    if (status === 403) return refusedLook(request);
    if (status >= 300) throw refusedError(request, response);
    return { kind: "seen", value: response.body as T };
  }
}

interface Review {
  readonly status?: { readonly allowed?: boolean };
}

function refusedLook(request: ApiRequest): Looked<never> {
  const subject = subjectOf(request);
  const { namespace } = subject;
  const rule = missingRule(subject);
  return { kind: "refused", subject: whereOf(subject), rule, ...(namespace === undefined ? {} : { namespace }) };
}

function reviewOf({ resource, ...right }: AccessQuestion): ApiRequest {
  const [plural = "", subresource] = resource.split("/");
  const resourceAttributes = { ...right, resource: plural, ...(subresource === undefined ? {} : { subresource }) };
  return { method: "POST", path: reviewsPath, body: { spec: { resourceAttributes } } };
}
