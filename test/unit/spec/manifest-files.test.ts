import { expect, test } from "vitest";
import type { KubernetesObject } from "../../../infra/core/kubernetes-object.ts";
import { manifestFiles } from "../../../infra/spec/manifest-files.ts";

const revision = "1a2b3c4d5e";
const labels = { "keye-stack.dev/revision": revision };
const objects: readonly KubernetesObject[] = [
  { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: `keye-${revision}`, labels }, spec: { replicas: 2 } },
  { apiVersion: "v1", kind: "Service", metadata: { name: "keye" } },
  { apiVersion: "v1", kind: "Service", metadata: { name: "keye-candidate" } },
  { apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name: `keye-${revision}`, labels } },
  { apiVersion: "batch/v1", kind: "Job", metadata: { name: `keye-${revision}-gate`, labels } },
];

test("the files' names do not hold the revision, so that a new one shows as a change of the same files", () => {
  expect(manifestFiles("keye", objects).map((file) => file.name)).toEqual([
    "kustomization.yaml",
    "deployment.yaml",
    "service.yaml",
    "service-candidate.yaml",
    "poddisruptionbudget.yaml",
    "job-gate.yaml",
  ]);
});

test("an app whose name has a dash, or is the name of a role, gets the same files", () => {
  const named = (app: string) => [
    { apiVersion: "v1", kind: "Service", metadata: { name: app } },
    { apiVersion: "v1", kind: "Service", metadata: { name: `${app}-candidate` } },
  ];
  for (const app of ["keye-vl", "candidate", "a-a"]) {
    expect(manifestFiles(app, named(app)).map((file) => file.name)).toEqual([
      "kustomization.yaml",
      "service.yaml",
      "service-candidate.yaml",
    ]);
  }
});

test("what belongs to a revision is not pruned when the next one takes its file", () => {
  expect(manifestFiles("keye", objects)[1]?.text).toMatchInlineSnapshot(`
    "apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: keye-1a2b3c4d5e
      labels:
        keye-stack.dev/revision: 1a2b3c4d5e
      annotations:
        argocd.argoproj.io/sync-options: Prune=false
        kustomize.toolkit.fluxcd.io/prune: disabled
    spec:
      replicas: 2
    "
  `);
});

test("the kustomization lists every file, and says who wrote it", () => {
  expect(manifestFiles("keye", objects)[0]?.text).toMatchInlineSnapshot(`
    "# Written by keye render, which removes or replaces the files listed here when it runs again.
    apiVersion: kustomize.config.k8s.io/v1beta1
    kind: Kustomization
    resources:
      - deployment.yaml
      - service.yaml
      - service-candidate.yaml
      - poddisruptionbudget.yaml
      - job-gate.yaml
    "
  `);
});

test("texts that YAML 1.1 takes for something else are quoted", () => {
  const data = { a: "on", b: "0b11010011", c: "no", d: "2026-01-01", e: "12345e6789", f: "plain" };
  const text = manifestFiles("keye", [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "keye" }, data }])[1]
    ?.text;
  expect(text).toMatchInlineSnapshot(`
    "apiVersion: v1
    kind: ConfigMap
    metadata:
      name: keye
    data:
      a: "on"
      b: "0b11010011"
      c: "no"
      d: "2026-01-01"
      e: "12345e6789"
      f: plain
    "
  `);
});
