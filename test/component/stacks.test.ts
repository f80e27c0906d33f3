import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { inParallel } from "../../infra/components/in-parallel.ts";
import { declareStacks } from "../../infra/components/stack.ts";
import { poolNode } from "../support/pool-node.ts";
import { recordResources } from "../support/recorded-resources.ts";
import { stackConfig } from "../support/stack-config.ts";

// The SDK hands it to every provider.
beforeEach(() => vi.stubEnv("KUBECONFIG", undefined));
afterEach(() => vi.unstubAllEnvs());

const inspectNodes = "rollgate:index:inspectNodes";
const inspected = {
  clusterUid: "5f8c",
  serverVersion: "v1.36.3",
  pools: [{ name: "h800", nodes: [poolNode({ name: "a" }), poolNode({ name: "b" })] }],
};
const text = stackConfig({ name: "text", namespace: "text" });
const video = stackConfig({ name: "video", namespace: "video" });

test("stacks of one program share their providers and nodes, which are looked at once", async () => {
  let looks = 0;
  const recording = await recordResources({
    functions: {
      [inspectNodes]: () => {
        looks++;
        return inspected;
      },
    },
  });
  const outputs = await declareStacks([text, video]);
  const resources = await recording.resources();
  const named = (type: string) => resources.filter((one) => one.type === type).map((one) => one.name);
  expect(looks).toBe(1);
  expect(outputs.map(({ endpoint }) => endpoint)).toEqual(["http://text.text.svc:8000", "http://video.video.svc:8000"]);
  expect(named("pulumi:providers:kubernetes")).toEqual(["cluster", "cluster-namespace"]);
  expect(named("kubernetes:core/v1:NodePatch")).toEqual(["h800-a-labels", "h800-b-labels"]);
  expect(named("kubernetes:core/v1:Namespace")).toEqual(["text", "video"]);
  expect(named("rollgate:index:Promotion")).toEqual(["text", "video"]);
});

test.each([
  { what: "another context", settings: { context: "elsewhere" } },
  { what: "other node pools", settings: { nodePools: [{ name: "h800", minNodes: 2 }] } },
])("a stack with $what than the first one's is refused before anything is asked", async ({ settings }) => {
  const recording = await recordResources();
  const other = stackConfig({ name: "video", namespace: "video", ...settings });
  const refused = await declareStacks([text, other]).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining('video: Its context or its nodePools are not those of "text"'),
  });
  expect(await recording.resources()).toEqual([]);
});

test("no more than the limit is under way at once, and results are in the order of the items", async () => {
  let underWay = 0;
  let most = 0;
  const results = await inParallel([3, 1, 2, 0], 2, async (item) => {
    most = Math.max(most, ++underWay);
    for (let turn = 0; turn < item; turn++) await Promise.resolve();
    underWay--;
    return item * 10;
  });
  expect(results).toEqual([30, 10, 20, 0]);
  expect(most).toBe(2);
});
