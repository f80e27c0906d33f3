import { expect, test } from "vitest";
import { Scene } from "./stage.ts";

const cacheKey = "cccccccccc";
const scales = (scene: Scene) => scene.cluster.writes.filter((write) => write.startsWith("scale bbbbbbbbbb"));

test("where no revision has filled the shared cache, one replica compiles before the others start", async () => {
  const scene = new Scene();
  expect((await scene.promote({ cacheKey })).kind).toBe("resolved");
  expect(scales(scene)).toEqual(["scale bbbbbbbbbb 1", "scale bbbbbbbbbb 2"]);
  expect(scene.cluster.filledCaches).toEqual(new Set([cacheKey]));
});

test.each([
  ["a cache that a revision has filled", { cacheKey }, true],
  ["no shared cache", {}, false],
])("with %s all replicas start at once", async (_, change, isFilled) => {
  const scene = new Scene();
  if (isFilled) scene.cluster.filledCaches.add(cacheKey);
  expect((await scene.promote(change)).kind).toBe("resolved");
  expect(scales(scene)).toEqual(["scale bbbbbbbbbb 2"]);
});

test("a revision that fails has filled no cache", async () => {
  const scene = new Scene();
  scene.cluster.setScript("bbbbbbbbbb", { kind: "slow" });
  expect((await scene.promote({ cacheKey })).kind).toBe("rejected");
  expect(scales(scene)).toEqual(["scale bbbbbbbbbb 1", "scale bbbbbbbbbb 0"]);
  expect(scene.cluster.filledCaches.size).toBe(0);
});
