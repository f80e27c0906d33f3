import { describe, expect, test } from "vitest";
import { next, Scene, stable } from "./stage.ts";

describe("a promotion that goes well", () => {
  test("proves every pod, switches once, verifies, then retires the old revision", async () => {
    const scene = new Scene();
    const ending = await scene.promote();
    expect(ending).toMatchObject({ kind: "resolved", outputs: { activeRevision: next, previousRevision: stable } });
    expect(scene.cluster.writes).toEqual([
      `scale ${next} 2`,
      "evidence inconclusive",
      `switch ${stable} ${next}`,
      `scale ${stable} 0`,
      "evidence pass",
      `baseline ${next}`,
    ]);
    expect(scene.lines.map((line) => line.replace(/sha256 \w+/, "sha256 …"))).toMatchInlineSnapshot(`
      [
        "[observe] aaaaaaaaaa serves with 2 ready pods; candidate bbbbbbbbbb",
        "[preflight] needs 2 replicas of 4 GPUs each; 8 GPUs are free",
        "[scale] keye-bbbbbbbbbb: 0 to 2 replicas",
        "[ready] keye-bbbbbbbbbb-3: container is being created on h800-1",
        "[ready] keye-bbbbbbbbbb-4: container is being created on h800-0",
        "[ready] keye-bbbbbbbbbb-3: loading weights, 0 of 4 shards",
        "[ready] keye-bbbbbbbbbb-4: loading weights, 0 of 4 shards",
        "[ready] keye-bbbbbbbbbb-3: ready",
        "[ready] keye-bbbbbbbbbb-4: ready",
        "[ready] 2 of 2 pods ready after 30 s",
        "[ready] keye-bbbbbbbbbb-3 took: pull 5 s, load 25 s",
        "[ready] keye-bbbbbbbbbb-4 took: pull 5 s, load 25 s",
        "[probe] keye-bbbbbbbbbb-3 proven (1 of 2): health 1 of 1, identity 1 of 1, text 1 of 1, streaming 1 of 1",
        "[probe] keye-bbbbbbbbbb-4 proven (2 of 2): health 1 of 1, identity 1 of 1, text 1 of 1, streaming 1 of 1",
        "[probe] all 2 pods proven after 3 s",
        "[recheck] the proven pods are the pods that will serve",
        "[switch] keye: aaaaaaaaaa -> bbbbbbbbbb",
        "[endpoints] exactly the 2 proven pods serve",
        "[traffic] 10 of 10 answers through the Service are right and from bbbbbbbbbb",
        "[soak] 20 s without a restart; 4 more answers right",
        "[retire] keye-aaaaaaaaaa: 2 to 0 replicas, 32 s after the switch",
        "[evidence] ConfigMap rollgate-keye-bbbbbbbbbb-0123456789, sha256 …",
        "[evidence] ConfigMap rollgate-keye-baseline: golden answers of keye-bbbbbbbbbb-3, for the next revision",
      ]
    `);
  });
});
