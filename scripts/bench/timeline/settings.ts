import { fakeCommit } from "../../../test/support/fake-hub.ts";
import { toolsImage } from "../../../test/support/weights-settings.ts";
import type { Setting } from "../../story/stack-file.ts";
import { pullSeconds, speed, virtual } from "./virtual-sizes.ts";

/** The claim for compiled kernels, which must be there. */
export const kernelClaim = "keye-kernels";

const annotation = (name: string) => ["engine", "podAnnotations", `rehearsal.keye-stack.dev/${name}`];

/** The story's stack with everything that shortens a rollout, at the speeds of {@link virtual}. */
export function timelineSettings(hub: string): readonly Setting[] {
  return [
    { path: annotation("speed"), value: String(speed) },
    { path: annotation("pull-seconds"), value: String(pullSeconds) },
    { path: annotation("compile-seconds"), value: String(virtual.compileSeconds) },
    { path: ["image", "digest"], value: `sha256:${"c01d".repeat(16)}` },
    { path: ["toolsImage"], value: toolsImage },
    { path: ["model", "path"], value: "/models" },
    { path: ["model", "revision"], value: fakeCommit },
    { path: ["model", "weights", "kind"], value: "huggingface" },
    { path: ["model", "weights", "repo"], value: "Kwai-Keye/Keye-VL-2.0-30B-A3B" },
    { path: ["model", "weights", "endpoint"], value: hub },
    { path: ["model", "volume", "kind"], value: "pvc" },
    { path: ["model", "volume", "claim"], value: "keye-weights" },
    { path: ["model", "volume", "mountPath"], value: "/models" },
    { path: ["model", "volume", "create", "size"], value: "150Gi" },
    { path: ["engine", "cacheVolume", "kind"], value: "pvc" },
    { path: ["engine", "cacheVolume", "claim"], value: kernelClaim },
  ];
}

/** Another revision that needs nothing new: its image, weights and kernels are those of the one before. */
export const otherRevision: readonly Setting[] = [{ path: ["model", "servedName"], value: "keye" }];

/** Neither pre-pull nor cache volume, with an image that no node has. */
export const broughtByNobody: readonly Setting[] = [
  { path: ["image", "digest"], value: `sha256:${"face".repeat(16)}` },
  { path: ["supply", "prePull"], value: false },
  { path: ["engine", "cacheVolume"], value: undefined },
];
