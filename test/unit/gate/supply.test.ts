import { expect, test } from "vitest";
import type { SupplyInputs, SupplyJob } from "../../../infra/core/promotion-inputs.ts";
import { fakeDigest } from "../../support/fake-fleet.ts";
import { gpuNode } from "../../support/fake-pod.ts";
import { failureOf, Scene } from "./stage.ts";

const weights: SupplyJob = { name: "keye-hydrate-1", kind: "hydrate", bytes: 60e9 };
const images: readonly SupplyJob[] = [0, 1].map((index) => ({
  name: `keye-prepull-${index}`,
  kind: "prePull",
  node: `h800-${index}`,
}));

function supply(jobs: readonly SupplyJob[], change: Partial<SupplyInputs> = {}): { supply: SupplyInputs } {
  return { supply: { jobs, parallelism: 4, deadlineSeconds: 600, ...change } };
}

/** A node that tells its images. */
function nodeWith(name: string, digest: string) {
  const node = gpuNode(name);
  return { ...node, status: { ...node.status, images: [{ names: [`docker.io/kwaikeye/kwai-keye-vl@${digest}`] }] } };
}

test("nothing is scaled before weights and images are there", async () => {
  const scene = new Scene();
  scene.supply.add(weights.name, { kind: "brings", seconds: 120 });
  for (const { name } of images) scene.supply.add(name, { kind: "brings", seconds: 60 });
  let scaledAt = 0;
  scene.cluster.intercept = (call) => {
    if (call === "scale#1") scaledAt = scene.clock.now();
  };
  const begunAt = scene.clock.now();
  const ending = await scene.promote(supply([weights, ...images]));
  expect(ending.kind).toBe("resolved");
  expect(scene.supply.writes).toEqual(["start keye-hydrate-1", "start keye-prepull-0", "start keye-prepull-1"]);
  expect((scaledAt - begunAt) / 1000).toBeGreaterThanOrEqual(120);
  // It is looked at every other second.
  expect(scene.lines).toContainEqual(expect.stringMatching(/^\[supply\] weights: done after 1(18|19|20|21) s$/));
  expect(scene.lines).toContainEqual(expect.stringMatching(/^\[supply\] image on h800-1: done after (58|59|60|61) s$/));
});

test("no more Jobs run at once than parallelism says", async () => {
  const scene = new Scene();
  for (const { name } of images) scene.supply.add(name, { kind: "brings", seconds: 60 });
  expect((await scene.promote(supply(images, { parallelism: 1 }))).kind).toBe("resolved");
  expect(scene.supply.peak).toBe(1);
});

test("an image that a node has is not brought again, and a node that is gone needs none", async () => {
  const scene = new Scene();
  const gone: SupplyJob = { name: "keye-prepull-9", kind: "prePull", node: "h800-9" };
  for (const { name } of [...images, gone]) scene.supply.add(name, { kind: "brings", seconds: 60 });
  scene.cluster.nodes = [nodeWith("h800-0", fakeDigest), nodeWith("h800-1", `sha256:${"cd".repeat(32)}`)];
  expect((await scene.promote(supply([...images, gone]))).kind).toBe("resolved");
  expect(scene.supply.writes).toEqual(["start keye-prepull-1"]);
  expect(scene.lines).toContain("[supply] image on h800-0: the image is on the node");
  expect(scene.lines).toContain("[supply] image on h800-9: its node is gone");
});

test("an image that was brought once and cleared away is brought again", async () => {
  const scene = new Scene();
  scene.supply.add("keye-prepull-0", { kind: "brings", seconds: 60 }, 3600);
  scene.cluster.nodes = [nodeWith("h800-0", `sha256:${"cd".repeat(32)}`), gpuNode("h800-1")];
  expect((await scene.promote(supply(images.slice(0, 1)))).kind).toBe("resolved");
  expect(scene.supply.writes).toEqual(["restart keye-prepull-0"]);
});

test("what an earlier run brought is not brought again", async () => {
  const scene = new Scene();
  scene.supply.add(weights.name, { kind: "brings", seconds: 120 }, 3600);
  expect((await scene.promote(supply([weights]))).kind).toBe("resolved");
  expect(scene.supply.writes).toEqual([]);
  expect(scene.lines).toContain("[supply] weights: was brought before");
});

test("a Job that begins and ends between two looks is told as done by this run", async () => {
  const scene = new Scene();
  scene.supply.add("keye-prepull-0", { kind: "brings", seconds: 0.2 });
  expect((await scene.promote(supply(images.slice(0, 1)))).kind).toBe("resolved");
  expect(scene.lines).toContainEqual(expect.stringMatching(/^\[supply\] image on h800-0: done after [01] s$/));
});

test("weights that cannot be had end the run with the Job's last words, before any GPU is asked for", async () => {
  const scene = new Scene();
  scene.supply.add(weights.name, {
    kind: "fails",
    seconds: 3,
    lastWords: "hub: 13 files\nE_SUPPLY: hub: Kwai-Keye/X is gated.",
  });
  const failure = failureOf(await scene.promote(supply([weights])));
  expect(failure.code).toBe("E_SUPPLY");
  expect(failure.message).toContain(
    "E_SUPPLY phase=supply: keye/job/keye-hydrate-1: The weights could not be brought: BackoffLimitExceeded, exit code 1: E_SUPPLY: hub: Kwai-Keye/X is gated.",
  );
  expect(scene.cluster.writes.filter((write) => write.startsWith("scale bbbbbbbbbb"))).toEqual([]);
});

test("a Job that an earlier run saw fail is made anew, once", async () => {
  const scene = new Scene();
  scene.supply.add(weights.name, { kind: "fails", seconds: 3, lastWords: "disk full" });
  failureOf(await scene.promote(supply([weights])));
  failureOf(await scene.promoteAgain(supply([weights])));
  scene.supply.setScript(weights.name, { kind: "brings", seconds: 3 });
  expect((await scene.promoteAgain(supply([weights]))).kind).toBe("resolved");
  expect(scene.supply.writes).toEqual(["start keye-hydrate-1", "restart keye-hydrate-1", "restart keye-hydrate-1"]);
});

test("an image that the registry does not have is a verdict at once", async () => {
  const scene = new Scene();
  scene.supply.add("keye-prepull-0", { kind: "noImage", message: "manifest unknown" });
  const failure = failureOf(await scene.promote(supply(images.slice(0, 1))));
  expect(failure.message).toContain("E_IMAGE: keye/job/keye-prepull-0: The image could not be brought on node h800-0:");
  expect(failure.message).toContain("manifest unknown");
});

test("a registry that does not answer is given a minute", async () => {
  const scene = new Scene();
  const begunAt = scene.clock.now();
  scene.supply.add("keye-prepull-0", { kind: "noImage", message: "i/o timeout" });
  failureOf(await scene.promote(supply(images.slice(0, 1))));
  expect((scene.clock.now() - begunAt) / 1000).toBeGreaterThanOrEqual(60);
});

test("a transfer that stalls is told of, and the deadline says how far it came", async () => {
  const scene = new Scene();
  scene.supply.add(weights.name, { kind: "stalls", seconds: 60 });
  const failure = failureOf(await scene.promote(supply([weights])));
  expect(scene.lines.filter((line) => line.includes("has not moved for 60 s: "))).toHaveLength(1);
  expect(failure.message).toContain(
    "not everything was brought within 600 s. 0 of 1 brought; weights: hydrate: 30.0 GB of 60.0 GB, 0 B/s, no progress.",
  );
});

test("a Job that somebody deleted is named, with the way to have it back", async () => {
  const scene = new Scene();
  const failure = failureOf(await scene.promote(supply([weights])));
  expect(failure.message).toContain("keye/job/keye-hydrate-1: The Job does not exist");
  expect(failure.message).toContain("pulumi up --refresh");
});
