import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { declareStack } from "../../infra/components/stack.ts";
import { poolNode } from "../support/pool-node.ts";
import { recordResources } from "../support/recorded-resources.ts";
import { stackConfig } from "../support/stack-config.ts";

// The SDK hands it to every provider.
beforeEach(() => vi.stubEnv("KUBECONFIG", undefined));
afterEach(() => vi.unstubAllEnvs());

const functions = {
  "rollgate:index:inspectNodes": () => ({
    clusterUid: "5f8c",
    serverVersion: "v1.36.3",
    pools: [{ name: "h800", nodes: [poolNode()] }],
  }),
};

test("nothing is registered where the engine cannot load on the nodes' GPUs", async () => {
  const recording = await recordResources({ functions });
  await expect(declareStack(stackConfig({ engine: { memFractionStatic: 0.3 } }))).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(/^CONFIG_INVALID: engine: The engine cannot load\. h800: .* Nothing was created\. /),
  });
  expect(await recording.resources()).toEqual([]);
});

test("what is tight is warned of, and declared", async () => {
  const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
  const recording = await recordResources({ functions });
  await declareStack(stackConfig({ engine: { memFractionStatic: 0.9 } }));
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/^h800: NVIDIA-H800 \(81,559 MiB\), tpSize 2: 3\.8 GiB are left /)],
  ]);
  expect(await recording.resources()).not.toEqual([]);
  warn.mockRestore();
});
