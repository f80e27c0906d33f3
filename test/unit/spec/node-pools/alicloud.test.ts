import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { alicloudNodePool } from "../../../../infra/spec/node-pools/alicloud.ts";
import { madeObject } from "../../../../infra/spec/node-pools/made-object.ts";
import { alicloudPool, bothTaints, parsedPools } from "../../../support/elastic-pools.ts";

const published: Readonly<Record<string, readonly string[]>> = JSON.parse(
  readFileSync(resolve(import.meta.dirname, "../../../fixtures/alicloud/node-pool-fields.json"), "utf8"),
);

function made(change: object = {}) {
  const [pool] = parsedPools({ ...alicloudPool, ...change });
  if (pool?.provider !== "alicloud") throw new Error("the settings have no such pool");
  return alicloudNodePool(pool);
}

const everything = {
  minNodes: 1,
  labels: { team: "vision" },
  taints: bothTaints,
  systemDisk: { category: "cloud_auto", sizeGiB: 1000 },
  imageType: "AliyunLinux3",
  keyName: "ops",
};

describe("an ACK node pool", () => {
  test("is scaled between its sizes, is asked for GPUs, and marks its nodes as members from the start", () => {
    expect(made()).toEqual({
      clusterId: "c0123456789abcdef",
      nodePoolName: "h800",
      vswitchIds: ["vsw-1"],
      instanceTypes: ["ecs.ebmgn7ex.32xlarge"],
      systemDiskCategory: "cloud_essd",
      systemDiskSize: 500,
      labels: [{ key: "keye-stack.dev/pool", value: "h800" }],
      taints: [],
      scalingConfig: { enable: true, minSize: 0, maxSize: 4, type: "gpu" },
      spotStrategy: "NoSpot",
      management: { enable: false },
    });
  });

  test("of one size is not scaled: the number is ours", () => {
    const { desiredSize, scalingConfig } = made({ minNodes: 4 });
    expect({ desiredSize, scalingConfig }).toEqual({ desiredSize: "4", scalingConfig: { enable: false } });
  });

  test("of machines that may be taken back is scaled as such", () => {
    const { spotStrategy, scalingConfig } = made({ spot: true });
    expect({ spotStrategy, type: scalingConfig.type }).toEqual({ spotStrategy: "SpotAsPriceGo", type: "spot" });
  });

  test.each([{}, everything, { ...everything, minNodes: 4 }])("has only fields that are published: %j", (change) => {
    const pool = made(change);
    const unknown = (object: object, type: string) =>
      Object.keys(object).filter((key) => !published[type]?.includes(key));
    expect([
      ...unknown(pool, "NodePoolArgs"),
      ...unknown(pool.scalingConfig, "NodePoolScalingConfig"),
      ...unknown(pool.management, "NodePoolManagement"),
      ...pool.labels.flatMap((label) => unknown(label, "NodePoolLabel")),
      ...pool.taints.flatMap((taint) => unknown(taint, "NodePoolTaint")),
    ]).toEqual([]);
  });

  test("is no object of the cluster", () => {
    expect(parsedPools(alicloudPool).map(madeObject)).toEqual([undefined]);
  });
});
