import { expect, test } from "vitest";
import { imageId, parseImage, pullError } from "../../../infra/rehearsal/kubelet/image.ts";

const digest = `sha256:${"0".repeat(64)}`;

test.each([
  ["a hub image", "kwaikeye/kwai-keye-vl:keye_vl_v2_30b_a3b", "docker.io/kwaikeye/kwai-keye-vl:keye_vl_v2_30b_a3b"],
  ["an official image without a tag", "busybox", "docker.io/library/busybox:latest"],
  ["a registry with a port", "localhost:5000/keye:v1", "localhost:5000/keye:v1"],
  ["a digest", `kwaikeye/kwai-keye-vl@${digest}`, `docker.io/kwaikeye/kwai-keye-vl@${digest}`],
  ["a tag and a digest", `ghcr.io/a/b:c@${digest}`, `ghcr.io/a/b:c@${digest}`],
])("%s resolves as containerd resolves it", (_, image, resolved) => {
  expect(parseImage(image)?.resolved).toBe(resolved);
});

test.each(["", "Keye", "keye:", "keye@sha256:abc", "a//b"])("%j is no image reference", (image) => {
  expect(parseImage(image)).toBeUndefined();
});

test("the image id of an image pinned by digest is that digest", () => {
  const ref = parseImage(`kwaikeye/kwai-keye-vl@${digest}`);
  expect(ref && imageId(ref)).toBe(`docker.io/kwaikeye/kwai-keye-vl@${digest}`);
});

test("an image without a digest gets one that depends on its name alone", () => {
  expect(parseImage("keye:v1")?.digest).toBe(parseImage("docker.io/library/keye:v1")?.digest);
  expect(parseImage("keye:v1")?.digest).not.toBe(parseImage("keye:v2")?.digest);
});

test("a missing image and a refused one are told apart by their texts", () => {
  const ref = parseImage("keye:v1");
  expect(ref && pullError("image-not-found", ref)).toContain("code = NotFound");
  expect(ref && pullError("image-unauthorized", ref)).toContain("authorization failed");
});
