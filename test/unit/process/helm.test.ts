import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { parseManifests, renderChart } from "../../../infra/process/helm.ts";

afterEach(() => vi.unstubAllEnvs());

test("without helm on PATH there is one error, which says how to get it", async () => {
  vi.stubEnv("PATH", mkdtempSync(join(tmpdir(), "no-helm-")));
  const request = { chartDir: "/charts/none", release: "keye", namespace: "keye", values: {} };
  await expect(renderChart(request)).rejects.toMatchObject({
    code: "ENV_HELM",
    message:
      "ENV_HELM: helm: helm is not on PATH; wanted version 4. Run ./scripts/toolchain and put .toolchain/bin on PATH, or install helm.",
  });
});

test("objects come sorted by kind and name, whatever the order of the templates", () => {
  const text = `---
# Source: b.yaml
apiVersion: v1
kind: Service
metadata: { name: keye-candidate }
---
---
apiVersion: v1
kind: Service
metadata: { name: keye }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: keye }
data: { n: "1" }
`;
  expect(parseManifests(text)).toEqual([
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "keye" }, data: { n: "1" } },
    { apiVersion: "v1", kind: "Service", metadata: { name: "keye" } },
    { apiVersion: "v1", kind: "Service", metadata: { name: "keye-candidate" } },
  ]);
});

test.each([
  { what: "text that is no YAML", text: "a: [", message: /^ENV_HELM: rendered manifests: .*\.$/s },
  {
    what: "a document that is no Kubernetes object",
    text: "kind: Service\n",
    message: 'ENV_HELM: rendered manifests: not an object with apiVersion, kind and metadata.name: {"kind":"Service"}.',
  },
  {
    what: "an object without a name",
    text: "apiVersion: v1\nkind: Service\nmetadata: {}\n",
    message:
      'ENV_HELM: rendered manifests: not an object with apiVersion, kind and metadata.name: {"apiVersion":"v1","kind":"Service","metadata":{}}.',
  },
])("$what is refused", ({ text, message }) => {
  expect(() => parseManifests(text)).toThrow(message);
});
