import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Setting } from "../../scripts/story/stack-file.ts";
import {
  type FakeHub,
  fakeCommit,
  type HubRoutes,
  huggingFaceRoutes,
  sendJson,
  startFakeHub,
} from "../support/fake-hub.ts";
import { type Ended, PromotionStack } from "../support/promotion-stack.ts";
import { toolsImage } from "../support/weights-settings.ts";

const shards = ["a", "b", "c", "d"].map((name) => `model-${name}.safetensors`);
const shardBytes = 1_000_000;

/** The weights that come after those of `fakeCommit`: the same files, by another name. */
const nextCommit = "fedcba9876543210fedcba9876543210fedcba98";

const routes: HubRoutes = (asked) => {
  if (!asked.url.pathname.endsWith(`/revision/${nextCommit}`)) return huggingFaceRoutes(asked);
  sendJson(asked.response, { sha: nextCommit });
  return true;
};

/** Weights on a claim, from the hub; and as little else of a promotion as there can be. */
function settings(hub: FakeHub, ...more: readonly Setting[]): readonly Setting[] {
  return [
    { path: ["toolsImage"], value: toolsImage },
    { path: ["model", "path"], value: "/models" },
    { path: ["model", "revision"], value: fakeCommit },
    { path: ["model", "size"], value: "4M" },
    { path: ["model", "weights", "kind"], value: "huggingface" },
    { path: ["model", "weights", "repo"], value: "Kwai-Keye/Keye-VL-2.0-30B-A3B" },
    { path: ["model", "weights", "endpoint"], value: hub.url },
    { path: ["model", "tokenSecret", "name"], value: "hub-token" },
    { path: ["model", "tokenSecret", "key"], value: "token" },
    { path: ["model", "volume", "kind"], value: "pvc" },
    { path: ["model", "volume", "claim"], value: "keye-weights" },
    { path: ["model", "volume", "mountPath"], value: "/models" },
    { path: ["model", "volume", "create", "size"], value: "1Gi" },
    { path: ["engine", "podAnnotations", "rehearsal.keye-stack.dev/speed"], value: "300" },
    { path: ["gate", "profile"], value: "smoke" },
    { path: ["rollout", "deadlines", "soakSeconds"], value: 0 },
    { path: ["rollout", "deadlines", "drainSeconds"], value: 0 },
    { path: ["rollout", "keepRevisions"], value: 0 },
    ...more,
  ];
}

const otherImage: Setting = { path: ["image", "digest"], value: `sha256:${"5eed".repeat(16)}` };
const nextWeights: Setting = { path: ["model", "revision"], value: nextCommit };

describe("what a promotion brings before it asks for GPUs", () => {
  let stack: PromotionStack;
  let hub: FakeHub;
  let stable: string;

  beforeAll(async () => {
    const files = Object.fromEntries(shards.map((name) => [name, randomBytes(shardBytes)]));
    hub = await startFakeHub({ "config.json": "{}", ...files }, routes);
    hub.refuse = (_, { authorization }) =>
      authorization === "Bearer right" ? undefined : { status: 403, headers: { "x-error-code": "GatedRepo" } };
    stack = await PromotionStack.start();
    await stack.cluster.createNamespace("keye");
    await setToken("right");
  });

  afterAll(async () => {
    await stack?.close();
    await hub?.close();
  });

  function setToken(token: string): Promise<unknown> {
    const path = "/api/v1/namespaces/keye/secrets/hub-token";
    const body = { apiVersion: "v1", kind: "Secret", metadata: { name: "hub-token" }, stringData: { token } };
    const query = { fieldManager: "test", force: true };
    return stack.cluster.call({ method: "PATCH", path, query, contentType: "application/apply-patch+yaml", body });
  }

  /** Requests for the bytes of shards, with where each began. */
  function loads(): readonly { readonly shard: string; readonly start: number }[] {
    return hub.seen.flatMap(({ at, url, headers }) => {
      const shard = shards.find((name) => at === "cdn" && url.includes(name));
      const range = String(headers.range ?? "bytes=0-");
      // One byte is how it asks whether it may have the rest.
      if (shard === undefined || range === "bytes=0-0") return [];
      return [{ shard, start: Number(/\d+/.exec(range)?.[0]) }];
    });
  }

  /** The stable revision serves, and the candidate's Deployment is as it was made: it was never scaled. */
  async function expectNoGpuAskedFor(): Promise<void> {
    const { live, replicas } = await stack.standing();
    const { [stable]: ofStable, ...others } = replicas;
    expect({ live, ofStable, others: Object.values(others) }).toEqual({ live: stable, ofStable: 2, others: [0] });
    const [candidate] = Object.keys(others);
    const path = `/apis/apps/v1/namespaces/keye/deployments/keye-${candidate}`;
    const { metadata } = await stack.cluster.call<{ metadata: { generation: number } }>({ method: "GET", path });
    expect(metadata.generation).toBe(1);
  }

  async function expectPromoted({ exitCode, output }: Ended): Promise<void> {
    expect(output).not.toContain("error:");
    expect(exitCode).toBe(0);
    const { activeRevision, revision } = await stack.outputs();
    expect(activeRevision).toBe(revision);
    stable = String(revision);
    await stack.becomes({ live: stable, replicas: { [stable]: 2 } });
  }

  test("weights and image are there before the first engine's pod exists, and bytes, speed and time left are told", async () => {
    hub.fault = () => ({ kind: "slow", pause: 200 });
    const ended = await stack.up(settings(hub));
    expect(ended.output).toMatch(
      /\[supply\] .*weights: hydrate: [\d.]+ [kM]B of 4\.0 MB, [\d.]+ [kM]B\/s, about \d+ s left/,
    );
    expect(ended.output).toMatch(/\[supply\] image on h800-0: done after \d+ s/);
    await expectPromoted(ended);
    const jobs = await stack.supplyJobs();
    expect(jobs.map(({ component }) => component)).toEqual(["hydrate", "pre-pull", "pre-pull"]);
    const pods = (await stack.cluster.pods("keye")).filter(({ spec }) => spec?.containers[0]?.name === "engine");
    expect(pods).toHaveLength(2);
    const firstPod = Math.min(...pods.map(({ metadata }) => Date.parse(metadata.creationTimestamp ?? "")));
    for (const { completedAt } of jobs) expect(completedAt).toBeLessThanOrEqual(firstPod);
  });

  test("an update with nothing changed starts nothing", async () => {
    const before = await stack.supplyJobs();
    const { exitCode, output } = await stack.up(settings(hub));
    expect([exitCode, output.includes("[supply]")]).toEqual([0, false]);
    expect(output).toMatch(/Resources:\n\s+\d+ unchanged/);
    expect(await stack.supplyJobs()).toEqual(before);
  });

  test("a Job that was deleted by hand is named, and a refresh makes it anew", async () => {
    const [hydrate] = await stack.supplyJobs();
    const path = `/apis/batch/v1/namespaces/keye/jobs/${hydrate?.name}`;
    await stack.cluster.call({ method: "DELETE", path, query: { propagationPolicy: "Background" } });
    const { exitCode, output } = await stack.upUnrefreshed(settings(hub, otherImage));
    expect(exitCode).not.toBe(0);
    expect(output).toContain(
      `keye/job/${hydrate?.name}: The Job does not exist, so nothing brings what it stands for.`,
    );
    expect(output).toContain("pulumi up --refresh");
    await expectNoGpuAskedFor();
  });

  test("another image is pulled, and weights that are there are not loaded again", async () => {
    const asked = hub.seen.length;
    const ended = await stack.up(settings(hub, otherImage));
    expect(ended.output).toMatch(/\[supply\] image on h800-1: (done after|the image is on the node)/);
    await expectPromoted(ended);
    expect(hub.seen.length).toBe(asked);
  });

  test("a gated repository ends the update with the hub's reason, before any GPU is asked for", async () => {
    await setToken("wrong");
    const { exitCode, output } = await stack.up(settings(hub, otherImage, nextWeights));
    expect(exitCode).not.toBe(0);
    expect(output).toContain("E_SUPPLY phase=supply");
    expect(output).toContain("403 GatedRepo");
    await expectNoGpuAskedFor();
  });

  test("a damaged shard is named once the token is right: the Job that failed is made anew", async () => {
    await setToken("right");
    hub.fault = ({ path }) => (path === shards[1] ? { kind: "corrupt" } : undefined);
    const { exitCode, output } = await stack.up(settings(hub, otherImage, nextWeights));
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(new RegExp(`E_SUPPLY phase=supply.*The weights could not be brought: .*${shards[1]}`));
    await expectNoGpuAskedFor();
  });

  test("Ctrl-C while weights are loaded ends the update in seconds", async () => {
    hub.seen.length = 0;
    // Every connection brings a quarter of a shard, then breaks.
    hub.fault = () => ({ kind: "cut", bytes: shardBytes / 4 });
    const ended = await stack.up(settings(hub, otherImage, nextWeights), {
      line: /\[supply\] .* of 4\.0 MB/,
      action: "interrupt",
    });
    expect(ended.exitCode).not.toBe(0);
    expect(ended.output).toContain("E_CANCELLED");
    // Made anew by the promotion, it is to Pulumi what it was.
    expect(ended.output).not.toContain("replac");
    expect(ended.secondsAfterInterrupt).toBeLessThan(5);
    await expectNoGpuAskedFor();
  });

  test("the next update goes on with what was loaded, over cut connections, and promotes", async () => {
    await expectPromoted(await stack.up(settings(hub, otherImage, nextWeights)));
    const asked = loads();
    const starts = asked.map(({ start }) => start);
    // Only the damaged shard had to be loaded again, and each connection went on where the one before broke.
    expect([...new Set(asked.map(({ shard }) => shard))]).toEqual([shards[1]]);
    expect(starts.length).toBeGreaterThanOrEqual(4);
    expect(starts[0]).toBe(0);
    expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
  });
});
