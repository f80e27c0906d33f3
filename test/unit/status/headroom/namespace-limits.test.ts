import { describe, expect, test } from "vitest";
import { forbiddenBy, withDefaults } from "../../../../infra/status/headroom/limit-ranges.ts";
import { quotaRoom } from "../../../../infra/status/headroom/quotas.ts";
import type { LimitRange, PodSpec, ResourceQuota } from "../../../../infra/status/objects.ts";
import { engineSpec } from "../../../support/cluster-objects.ts";

type Quantities = Readonly<Record<string, string>>;

function quota(hard: Quantities, used: Quantities = {}, spec: Partial<ResourceQuota["spec"]> = {}): ResourceQuota {
  return { metadata: { name: "q" }, spec: { hard, ...spec }, status: { used } };
}

function range(type: string, bounds: object): LimitRange {
  return { metadata: { name: "r" }, spec: { limits: [{ type, ...bounds }] } };
}

const bare: PodSpec = { containers: [{ name: "engine" }] };

describe("a quota lets in", () => {
  test.each([
    {
      what: "the pods that its GPUs are for",
      hard: { "requests.nvidia.com/gpu": "8" },
      used: { "requests.nvidia.com/gpu": "3" },
      fits: 2,
    },
    { what: "the pods that it counts", hard: { pods: "5" }, used: { pods: "4" }, fits: 1 },
    { what: "the pods that it counts by object", hard: { "count/pods": "5" }, used: { "count/pods": "4" }, fits: 1 },
    { what: "the cores of limits", hard: { "limits.cpu": "50" }, used: {}, fits: 3 },
    { what: "memory by either name", hard: { memory: "400Gi", "requests.memory": "1Ti" }, used: {}, fits: 2 },
    { what: "none once it is overdrawn", hard: { pods: "1" }, used: { pods: "3" }, fits: 0 },
    {
      what: "any number where it counts other things",
      hard: { "count/secrets": "1" },
      used: {},
      fits: Number.POSITIVE_INFINITY,
    },
  ])("$what", ({ hard, used, fits }) => {
    expect(quotaRoom([quota(hard, used)], engineSpec(), []).fits).toBe(fits);
  });

  test("what the tightest of several does, with its numbers", () => {
    const tight = { ...quota({ "requests.cpu": "40" }, { "requests.cpu": "8" }), metadata: { name: "tight" } };
    expect(quotaRoom([quota({ pods: "9" }), tight], engineSpec(), [])).toEqual({
      fits: 2,
      why: "quota tight: requests.cpu 8 of 40 used, 16 a replica",
    });
  });

  test("as many more as pods are about to go", () => {
    const used = { "requests.nvidia.com/gpu": "4" };
    const full = quota({ "requests.nvidia.com/gpu": "4" }, used);
    expect(quotaRoom([full], engineSpec(), [engineSpec()]).fits).toBe(1);
  });

  test("no pod of which it is told too little", () => {
    expect(quotaRoom([quota({ "limits.memory": "1Ti" })], bare, [])).toEqual({
      fits: 0,
      why: "quota q: every container must say its limits.memory",
    });
  });

  test.each([
    { what: "pods without a deadline", spec: { scopes: ["NotTerminating"] }, counts: true },
    { what: "pods with one", spec: { scopes: ["Terminating"] }, counts: false },
    { what: "pods that ask for something", spec: { scopes: ["NotBestEffort"] }, counts: true },
    { what: "pods that ask for nothing", spec: { scopes: ["BestEffort"] }, counts: false },
    { what: "pods of both scopes", spec: { scopes: ["NotTerminating", "BestEffort"] }, counts: false },
    { what: "its class", spec: classes("In", "high"), counts: true },
    { what: "another class", spec: classes("In", "low"), counts: false },
    { what: "all but another class", spec: classes("NotIn", "low"), counts: true },
    { what: "pods with a class", spec: classes("Exists"), counts: true },
    { what: "pods without one", spec: classes("DoesNotExist"), counts: false },
  ])("what it does where it counts $what: $counts", ({ spec, counts }) => {
    const pod = engineSpec({ priorityClassName: "high" });
    expect(quotaRoom([quota({ pods: "0" }, {}, spec)], pod, []).fits === 0).toBe(counts);
  });
});

function classes(operator: string, ...values: readonly string[]): Partial<ResourceQuota["spec"]> {
  return { scopeSelector: { matchExpressions: [{ scopeName: "PriorityClass", operator, values }] } };
}

describe("a LimitRange", () => {
  const defaults = range("Container", {
    default: { cpu: "4", memory: "8Gi" },
    defaultRequest: { cpu: "2", memory: "4Gi" },
  });

  test("gives containers what they leave open, and nothing else", () => {
    const own = { name: "engine", resources: { limits: { cpu: "16" } } };
    const { containers } = withDefaults({ containers: [own] }, [defaults]);
    expect(containers[0]?.resources).toEqual({
      requests: { cpu: "16", memory: "4Gi" },
      limits: { cpu: "16", memory: "8Gi" },
    });
  });

  test.each([
    {
      what: "too much for a container",
      range: range("Container", { max: { cpu: "8" } }),
      why: "container engine has a 16 limit of cpu, at most 8 is allowed",
    },
    {
      what: "too little for a container",
      range: range("Container", { min: { cpu: "20" } }),
      why: "container engine requests 16 cpu, at least 20 is wanted",
    },
    {
      what: "too much for a pod",
      range: range("Pod", { max: { memory: "100Gi" } }),
      why: "the pod has a 192Gi limit of memory, at most 100Gi is allowed",
    },
    {
      what: "nothing where something is wanted",
      range: range("Pod", { min: { "ephemeral-storage": "1Gi" } }),
      why: "the pod requests no ephemeral-storage, at least 1Gi is wanted",
    },
    {
      what: "no limit where there is a bound",
      range: range("Pod", { max: { "ephemeral-storage": "1Gi" } }),
      why: "the pod has no limit of ephemeral-storage, at most 1Gi is allowed",
    },
  ])("forbids $what", ({ range: bounds, why }) => {
    expect(forbiddenBy(engineSpec(), [bounds])).toBe(why);
  });

  test("forbids what asks for more than the limit that it is given", () => {
    const asking = { containers: [{ name: "engine", resources: { requests: { cpu: "8" } } }] };
    expect(forbiddenBy(withDefaults(asking, [defaults]), [defaults])).toBe(
      "container engine requests 8 cpu, more than its limit of 4",
    );
  });

  test("forbids nothing within its bounds", () => {
    const within = range("Container", { min: { cpu: "16" }, max: { cpu: "16" } });
    expect(
      forbiddenBy(engineSpec(), [within, range("PersistentVolumeClaim", { max: { storage: "1Gi" } })]),
    ).toBeUndefined();
  });
});
