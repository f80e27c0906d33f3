import type { JsonObject } from "../../infra/rehearsal/provider/json.ts";
import { KubeObjects } from "../../infra/rehearsal/provider/kube-objects.ts";
import type { StoredResource } from "../../infra/rehearsal/provider/operation.ts";
import { KubernetesProvider } from "../../infra/rehearsal/provider/provider.ts";
import { FakeObjectApi } from "./fake-object-api.ts";
import { ManualClock } from "./manual-clock.ts";

export const configMaps = "/api/v1/namespaces/keye/configmaps";
export const deployments = "/apis/apps/v1/namespaces/keye/deployments";

/** A ConfigMap's inputs, with a field manager that a test can name. */
export const configMap = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", namespace: "keye", annotations: { "pulumi.com/patchFieldManager": "m" } },
  data: { k: "v" },
};

/** A Deployment's inputs, with a field manager that a test can name. */
export const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d", namespace: "keye", annotations: { "pulumi.com/patchFieldManager": "m" } },
  spec: { replicas: 2 },
};

/** Status of {@link deployment} when it is ready. */
export const rolledOut = {
  updatedReplicas: 2,
  replicas: 2,
  availableReplicas: 2,
  conditions: [{ type: "Available", status: "True" }],
};

/** The URN of a resource of a type such as `core/v1:Service`. */
export function urnOf(type: string): string {
  return `urn:pulumi:dev::keye::kubernetes:${type}::x`;
}

/** The error that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => Promise.reject(new Error("it resolved")),
    (error) => error,
  );
}

/** The offline provider over an API server in memory and a clock that stands still. */
export interface ProviderRig {
  readonly api: FakeObjectApi;
  readonly clock: ManualClock;
  readonly provider: KubernetesProvider;
  /** What was shown beside resources, in order. */
  readonly statusLines: readonly string[];
  create(
    type: string,
    inputs: JsonObject,
    options?: { readonly isPreview?: boolean; readonly timeout?: number },
  ): Promise<StoredResource>;
}

/** A {@link ProviderRig}, configured with the provider settings. */
export async function providerRig(settings: JsonObject = {}): Promise<ProviderRig> {
  const api = new FakeObjectApi();
  const clock = new ManualClock();
  const statusLines: string[] = [];
  const provider = new KubernetesProvider({
    clock,
    log: { status: (_, text) => void statusLines.push(text) },
    connect: async () => ({ objects: new KubeObjects(api), defaultNamespace: "default", close: () => undefined }),
    defaults: {},
  });
  await provider.configure(settings);
  return {
    api,
    clock,
    provider,
    statusLines,
    create: (type, inputs, { isPreview = false, timeout = 0 } = {}) =>
      provider.create({ urn: urnOf(type), inputs, timeout, isPreview }),
  };
}
