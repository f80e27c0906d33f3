import { Provider } from "@pulumi/kubernetes/provider.js";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Supply } from "../../infra/components/supply.ts";
import { supplyPlan } from "../../infra/spec/supply/plan.ts";
import { poolNode } from "../support/pool-node.ts";
import { recordResources } from "../support/recorded-resources.ts";
import { sha256, stackConfig } from "../support/stack-config.ts";
import { hydrated } from "../support/weights-settings.ts";

// The SDK hands it to every provider.
beforeEach(() => vi.stubEnv("KUBECONFIG", undefined));
afterEach(() => vi.unstubAllEnvs());

const component = "keye-stack:supply:Supply keye";
const annotations = { "pulumi.com/skipAwait": "true" };
const plain = {
  parent: component,
  dependsOn: [],
  provider: undefined,
  isProtected: false,
  isKeptOnDelete: false,
  ignoreChanges: [],
};

test("Jobs are declared suspended and left to the promotion, the claim outlives the stack", async () => {
  const volume = { kind: "pvc", claim: "keye-weights", mountPath: "/models", create: {} };
  const plan = supplyPlan(stackConfig(hydrated({ volume })), [poolNode({ name: "a" })], sha256);
  const recording = await recordResources();
  const claimProvider = new Provider("keeper", {});
  new Supply("keye", { plan, claimProvider });
  const resources = await recording.resources();
  const [hydrate, prePull] = plan.jobs.map(({ manifest }) => manifest);
  const unawaited = (object: typeof hydrate) => ({ ...object, metadata: { ...object?.metadata, annotations } });
  expect(resources.filter((one) => one.type !== "pulumi:providers:kubernetes")).toEqual([
    { ...plain, type: "keye-stack:supply:Supply", name: "keye", parent: undefined, inputs: {} },
    ...[hydrate, prePull].map((manifest) => ({
      ...plain,
      type: "kubernetes:batch/v1:Job",
      name: manifest?.metadata.name,
      inputs: unawaited(manifest),
      ignoreChanges: ["spec.suspend"],
    })),
    {
      ...plain,
      type: "kubernetes:core/v1:PersistentVolumeClaim",
      name: "keye-weights",
      inputs: unawaited(plan.claim),
      provider: "keeper",
      isKeptOnDelete: true,
    },
  ]);
  expect([hydrate, prePull].map((manifest) => manifest?.spec)).toEqual([
    expect.objectContaining({ suspend: true }),
    expect.objectContaining({ suspend: true }),
  ]);
  expect(recording.componentOutputs).toEqual(new Map([[component, {}]]));
});

test("where nothing is brought nothing is declared", async () => {
  const recording = await recordResources();
  new Supply("keye", { plan: { jobs: [] }, claimProvider: new Provider("keeper", {}) });
  const types = (await recording.resources()).map((one) => one.type);
  expect(types).toEqual(["keye-stack:supply:Supply", "pulumi:providers:kubernetes"]);
});
