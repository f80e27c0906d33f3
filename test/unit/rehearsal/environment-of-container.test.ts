import { expect, test } from "vitest";
import { expand, resolveConfig } from "../../../infra/rehearsal/kubelet/environment.ts";
import type { ContainerSpec, KubePod } from "../../../infra/rehearsal/kubelet/pod-types.ts";
import type { References } from "../../../infra/rehearsal/kubelet/references.ts";

const pod: KubePod = {
  metadata: { name: "keye-0", namespace: "keye", uid: "u", labels: { app: "keye" } },
  spec: { nodeName: "h800-0", containers: [] },
};
const placement = { pod, podIP: "10.64.1.1", hostIP: "127.64.0.1" };
const references: References = {
  configMap: async (_, name) => (name === "engine" ? { MODE: "fast", OTHER: "1" } : undefined),
  secret: async (_, name) => (name === "hub" ? { token: "secret-token" } : undefined),
  hasClaim: async () => false,
  token: async () => "",
};

function resolve(container: Partial<ContainerSpec>) {
  return resolveConfig({ name: "engine", ...container }, placement, references);
}

test("values come from literals, ConfigMaps, Secrets, the pod and the resources, in order", async () => {
  const config = await resolve({
    command: ["serve"],
    args: ["--host=$(POD_IP)", "--mode=$(MODE)", "$$(MODE)", "$(UNKNOWN)"],
    envFrom: [{ configMapRef: { name: "engine" } }],
    env: [
      { name: "OTHER", value: "2" },
      { name: "TOKEN", valueFrom: { secretKeyRef: { name: "hub", key: "token" } } },
      { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
      { name: "APP", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      { name: "MEMORY", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Gi" } } },
      { name: "URL", value: "http://$(POD_IP)/$(LATER)" },
      { name: "LATER", value: "x" },
    ],
    resources: { limits: { memory: "64Gi" } },
  });
  expect(config).toEqual({
    kind: "ok",
    env: {
      MODE: "fast",
      OTHER: "2",
      TOKEN: "secret-token",
      POD_IP: "10.64.1.1",
      APP: "keye",
      MEMORY: "64",
      URL: "http://10.64.1.1/$(LATER)",
      LATER: "x",
    },
    argv: ["serve", "--host=10.64.1.1", "--mode=fast", "$(MODE)", "$(UNKNOWN)"],
  });
});

test.each([
  ["a Secret", { secretKeyRef: { name: "none", key: "k" } }, 'secret "none" not found'],
  ["a ConfigMap", { configMapKeyRef: { name: "none", key: "k" } }, 'configmap "none" not found'],
  ["a key of a Secret", { secretKeyRef: { name: "hub", key: "k" } }, "couldn't find key k in Secret keye/hub"],
  [
    "a key of a ConfigMap",
    { configMapKeyRef: { name: "engine", key: "k" } },
    "couldn't find key k in ConfigMap keye/engine",
  ],
])("%s that is missing is named as the kubelet names it", async (_, valueFrom, message) => {
  expect(await resolve({ env: [{ name: "X", valueFrom }] })).toEqual({ kind: "error", message });
});

test("what is optional may be missing", async () => {
  const config = await resolve({
    envFrom: [{ secretRef: { name: "none", optional: true } }],
    env: [{ name: "X", valueFrom: { secretKeyRef: { name: "none", key: "k", optional: true } } }],
  });
  expect(config).toEqual({ kind: "ok", env: {}, argv: [] });
});

test("two dollar signs are one, and end an expansion", () => {
  expect(expand("$$(A) $(A)$", { A: "1" })).toBe("$(A) 1$");
});
