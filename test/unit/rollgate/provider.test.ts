import { describe, expect, test } from "vitest";
import { DeployError } from "../../../infra/core/errors.ts";
import type { PromotionInputs, PromotionOutputs } from "../../../infra/core/promotion-inputs.ts";
import { type Traffic, trafficOfRevision } from "../../../infra/core/traffic.ts";
import { RollbackFailed } from "../../../infra/gate/promotion-error.ts";
import { type ProviderWorld, RollgateProvider } from "../../../infra/rollgate/provider.ts";

const urn = "urn:pulumi:dev::keye-stack::rollgate:index:Promotion::keye";
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const inputs: PromotionInputs = {
  namespace: "keye",
  app: "keye",
  service: "keye",
  revision: "aaaaaaaaaa",
  workload: "keye-aaaaaaaaaa",
  replicas: 2,
  gpusPerReplica: 2,
  nodeSelector: { "keye-stack.dev/pool": "gpu" },
  port: 8000,
  strategy: "blueGreen",
  probe: { profile: "gate", expectation: { tpSize: 2 } },
  probeHash: "0123456789",
  imageDigest: `sha256:${"0".repeat(64)}`,
  deadlines: {
    readySeconds: 900,
    probeSeconds: 300,
    verifySeconds: 60,
    soakSeconds: 0,
    drainSeconds: 30,
    drainLimitSeconds: 300,
    totalSeconds: 3600,
  },
  cooldownSeconds: 0,
};

const outputs: PromotionOutputs = {
  activeRevision: "aaaaaaaaaa",
  previousRevision: null,
  provenAt: "2026-01-01T00:00:00.000Z",
  evidence: { configMap: "rollgate-keye-aaaaaaaaaa-0123456789", sha256: "f".repeat(64) },
  podUids: ["u1", "u2"],
  outageSeconds: 28.9,
};

const state = { ...inputs, ...outputs };

function providerOf(world: Partial<ProviderWorld>): RollgateProvider {
  const unexpected = () => Promise.reject(new Error("unexpected call"));
  return new RollgateProvider({
    promote: unexpected,
    liveTraffic: unexpected,
    inspectNodes: unexpected,
    inspectReferences: unexpected,
    inspectRevisions: unexpected,
    planHeadroom: unexpected,
    progressOf: () => ({ line: () => undefined, status: () => undefined }),
    ...world,
  });
}

describe("check", () => {
  const { revision: _, ...withoutRevision } = inputs;
  test.each([
    { name: "complete inputs pass", news: inputs, failures: [] },
    {
      name: "what is not known yet passes",
      news: { ...inputs, imageDigest: unknown, deadlines: unknown },
      failures: [],
    },
    {
      name: "optional inputs pass",
      news: {
        ...inputs,
        context: "c",
        retryNonce: "2",
        transport: "in-cluster",
        growth: {
          pools: [{ nodeLabels: { "keye-stack.dev/pool": "h800" }, maxNodes: 4, gpusPerNode: 8 }],
          nodeStartSeconds: 900,
        },
        probe: { ...inputs.probe, latency: { ttftSeconds: 1.5 } },
        apiKeySecret: { name: "engine", key: "api-key" },
      },
      failures: [],
    },
    {
      name: "a missing input is named",
      news: withoutRevision,
      failures: [{ property: "revision", reason: "is missing" }],
    },
    {
      name: "an input that does not exist is named",
      news: { ...inputs, replica: 2 },
      failures: [{ property: "replica", reason: "is not an input" }],
    },
    {
      name: "all that is wrong is told at once, by path",
      news: {
        ...inputs,
        replicas: 0,
        strategy: "rolling",
        imageDigest: "latest",
        deadlines: { ...inputs.deadlines, readySeconds: "900" },
        nodeSelector: { pool: 1 },
      },
      failures: [
        { property: "replicas", reason: "must be a whole number, at least 1, got 0" },
        { property: "nodeSelector.pool", reason: "must be text, got 1" },
        { property: "strategy", reason: 'must be one of blueGreen, canary, recreate, auto, got "rolling"' },
        { property: "imageDigest", reason: 'must be "sha256:" and 64 hex digits, got "latest"' },
        { property: "deadlines.readySeconds", reason: 'must be a number, at least 0.001 seconds, got "900"' },
      ],
    },
  ])("$name", async ({ news, failures }) => {
    expect(await providerOf({}).check(urn, {}, news)).toEqual({ inputs: news, failures });
  });

  test("a resource type that does not exist is refused", async () => {
    const other = "urn:pulumi:dev::keye-stack::rollgate:index:Promotian::keye";
    const { failures } = await providerOf({}).check(other, {}, inputs);
    expect(failures).toEqual([{ property: "", reason: `rollgate has no resource type of ${other}` }]);
  });
});

describe("diff", () => {
  const change = (fields: object) => providerOf({}).diff("keye/keye", urn, state, { ...inputs, ...fields });

  test.each([
    { name: "nothing", fields: {} },
    { name: "a deadline", fields: { deadlines: { ...inputs.deadlines, readySeconds: 1 } } },
    { name: "the cool-down", fields: { cooldownSeconds: 60 } },
    { name: "the strategy", fields: { strategy: "canary" } },
    { name: "the evidence folder", fields: { evidenceDir: "elsewhere/evidence" } },
    { name: "the way to the pods", fields: { transport: "in-cluster" } },
  ])("$name asks for no new proof", async ({ fields }) => {
    expect(await change(fields)).toEqual({ changes: false, replaces: [] });
  });

  test.each([
    { name: "the revision", fields: { revision: "bbbbbbbbbb" } },
    { name: "the probes", fields: { probeHash: "bbbbbbbbbb" } },
    { name: "the replicas", fields: { replicas: 3 } },
    { name: "the retry nonce", fields: { retryNonce: "2" } },
    { name: "an image digest that is not known yet", fields: { imageDigest: unknown } },
  ])("$name asks for a proof", async ({ fields }) => {
    expect(await change(fields)).toEqual({ changes: true, replaces: [] });
  });

  test("a state without a proof, as a rollback that failed leaves it, asks for one whatever the inputs", async () => {
    const unproven = { ...inputs, activeRevision: inputs.revision, previousRevision: null };
    expect(await providerOf({}).diff("keye/keye", urn, unproven, inputs)).toEqual({ changes: true, replaces: [] });
  });

  test("another app is another promotion", async () => {
    expect(await change({ app: "kwai" })).toEqual({ changes: true, replaces: ["app"] });
  });

  test("a secret that wraps the same value is no change", async () => {
    const secret = {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      value: inputs.revision,
    };
    expect(await change({ revision: secret })).toMatchObject({ changes: false });
  });
});

describe("create and update", () => {
  test("promote, and keep inputs and outputs", async () => {
    const provider = providerOf({ promote: async () => outputs });
    expect(await provider.create(urn, inputs)).toEqual({ id: "keye/keye", outs: state });
    expect(await provider.update("keye/keye", urn, state, inputs)).toEqual({ outs: state });
  });

  test("a failed promotion is its text alone: no id, so the old state stays", async () => {
    const refused = new DeployError({ code: "GATE_FAILED", where: "keye/keye-a", message: "first line\nsecond line" });
    const provider = providerOf({ promote: () => Promise.reject(refused) });
    const error = await provider.create(urn, inputs).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: "GATE_FAILED: keye/keye-a: first line\nsecond line" });
    expect(error).not.toHaveProperty("id");
  });

  test("a rollback that failed marks the state, with what is known", async () => {
    const broken = new RollbackFailed({
      code: "E_ROLLBACK_FAILED",
      where: "keye/keye",
      phase: "traffic",
      kind: "fail",
      report: "the whole report",
      id: "keye/keye",
      properties: { activeRevision: "bbbbbbbbbb" },
      reasons: ["the whole report"],
    });
    const provider = providerOf({ promote: () => Promise.reject(broken) });
    await expect(provider.update("keye/keye", urn, state, inputs)).rejects.toMatchObject({
      message: "the whole report",
      id: "keye/keye",
      properties: { ...inputs, activeRevision: "bbbbbbbbbb" },
      reasons: ["the whole report"],
    });
  });
});

describe("cancel", () => {
  test("aborts what is under way with E_CANCELLED, and nothing that begins later", async () => {
    const seen: AbortSignal[] = [];
    const provider = providerOf({
      promote: async (_inputs, _progress, signal) => {
        seen.push(signal);
        if (seen.length > 1) return outputs;
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        throw signal.reason;
      },
    });
    const first = provider.create(urn, inputs);
    const idle = provider.whenIdle();
    expect(provider.calls).toBe(1);
    await provider.cancel();
    await expect(first).rejects.toThrow("E_CANCELLED: promotion: Cancelled.");
    await idle;
    expect(provider.calls).toBe(0);
    expect(await provider.create(urn, inputs)).toMatchObject({ id: "keye/keye" });
    expect(seen[1]?.aborted).toBe(false);
  });
});

describe("read", () => {
  const read = (live: Traffic | string | undefined, properties: unknown = state) =>
    providerOf({ liveTraffic: async () => (typeof live === "string" ? trafficOfRevision(live) : live) }).read(
      "keye/keye",
      urn,
      properties,
    );

  test("a Service that selects what was promoted is no drift", async () => {
    expect(await read("aaaaaaaaaa")).toEqual({ id: "keye/keye", props: state, inputs });
  });

  test("a Service that was moved shows in inputs and outputs, without a proof", async () => {
    const { provenAt: _, ...unproven } = state;
    const { props, inputs: liveInputs } = await read("bbbbbbbbbb");
    expect(liveInputs).toEqual({ ...inputs, revision: "bbbbbbbbbb" });
    expect(props).toEqual({ ...unproven, revision: "bbbbbbbbbb", activeRevision: "bbbbbbbbbb" });
  });

  test.each(["aaaaaaaaaa", "bbbbbbbbbb"])(
    "once it was moved to bbbbbbbbbb, an update to %s promotes",
    async (wanted) => {
      const { props } = await read("bbbbbbbbbb");
      const diff = await providerOf({}).diff("keye/keye", urn, props, { ...inputs, revision: wanted });
      expect(diff).toEqual({ changes: true, replaces: [] });
    },
  );

  test("a ramp that a canary left half-way shows without a proof: the next update promotes, to either of its revisions", async () => {
    const { provenAt: _, ...unproven } = state;
    const { props } = await read({ kind: "ramp", from: "aaaaaaaaaa", to: "bbbbbbbbbb" });
    expect(props).toEqual({ ...unproven, revision: "aaaaaaaaaa", activeRevision: "aaaaaaaaaa" });
    const diff = await providerOf({}).diff("keye/keye", urn, props, inputs);
    expect(diff).toEqual({ changes: true, replaces: [] });
  });

  test("a Service that is gone takes the promotion out of the state: the next update promotes anew", async () => {
    expect(await read(undefined)).toEqual({ id: "", props: {} });
  });

  test("an import is refused: there is nothing to read a promotion from", async () => {
    await expect(read("aaaaaaaaaa", {})).rejects.toThrow("CONFIG_USAGE: keye/keye: A Promotion cannot be imported");
  });
});

test("delete touches nothing", async () => {
  await expect(providerOf({}).delete()).resolves.toBeUndefined();
});

describe("inspectNodes", () => {
  const found = { clusterUid: "u", serverVersion: "v1.36.3", pools: [] };
  const provider = providerOf({ inspectNodes: async () => found });

  test("hands on what the cluster has", async () => {
    const args = {
      context: "c",
      pools: [{ name: "gpu", selector: { a: "b" }, rdma: "rdma/hca" }],
      kinds: [{ apiVersion: "karpenter.sh/v1", kind: "NodePool" }],
    };
    expect(await provider.invoke("rollgate:index:inspectNodes", args)).toEqual({ outputs: found });
  });

  test("wrong arguments are told by path", async () => {
    expect(await provider.invoke("rollgate:index:inspectNodes", { pools: [{ selector: {} }] })).toEqual({
      outputs: {},
      failures: [{ property: "pools[0].name", reason: "is missing" }],
    });
  });

  test("claims and Secrets are looked for by name", async () => {
    const answer = { claims: [{ name: "weights", accessModes: ["ReadWriteMany"] }], secrets: [] };
    const world = providerOf({ inspectReferences: async () => answer });
    const args = { namespace: "keye", claims: ["weights"], secrets: ["hub"] };
    expect(await world.invoke("rollgate:index:inspectReferences", args)).toEqual({ outputs: answer });
    expect(await world.invoke("rollgate:index:inspectReferences", { ...args, claims: "weights" })).toEqual({
      outputs: {},
      failures: [{ property: "claims", reason: 'must be a list, got "weights"' }],
    });
  });

  test("earlier revisions are looked for by app, without the one that is to come", async () => {
    const answer = { promoted: [], groups: [] };
    const world = providerOf({ inspectRevisions: async () => answer });
    const args = { namespace: "keye", app: "keye", target: inputs.revision, atMost: 1 };
    expect(await world.invoke("rollgate:index:inspectRevisions", args)).toEqual({ outputs: answer });
    expect(await world.invoke("rollgate:index:inspectRevisions", { ...args, atMost: -1 })).toEqual({
      outputs: {},
      failures: [{ property: "atMost", reason: "must be a whole number, at least 0, got -1" }],
    });
  });

  test("the room for a rollout is planned from the pod's spec", async () => {
    const plan = { choice: "blueGreen" as const, because: "room for 1 of 1", refusals: {}, isReplacing: false };
    const answer = { lines: ["2 GPUs are free"], ...plan };
    const world = providerOf({ planHeadroom: async () => answer });
    const { namespace, app, service, revision } = inputs;
    const args = { namespace, app, service, revision, replicas: 1, podSpec: { containers: [] }, adopted: [] };
    expect(await world.invoke("rollgate:index:planHeadroom", args)).toEqual({ outputs: answer });
    expect(await world.invoke("rollgate:index:planHeadroom", { ...args, replicas: 0 })).toEqual({
      outputs: {},
      failures: [{ property: "replicas", reason: "must be a whole number, at least 1, got 0" }],
    });
  });

  test("a function that does not exist is named", async () => {
    await expect(provider.invoke("rollgate:index:inspectNode", {})).rejects.toThrow(
      'no function "rollgate:index:inspectNode"',
    );
  });
});
