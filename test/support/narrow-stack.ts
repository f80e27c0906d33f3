import { defaultNodes, type NodeShape } from "../../infra/rehearsal/nodes.ts";
import type { Setting } from "../../scripts/story/stack-file.ts";
import { quickRevision } from "./quick-promotion.ts";

/** Two nodes of two GPUs: room for two replicas of two GPUs, and for no third. */
export const narrowNodes: readonly NodeShape[] = defaultNodes.map((shape) =>
  shape.gpu === undefined ? shape : { ...shape, gpu: { ...shape.gpu, count: 2 } },
);

/** The settings of one revision, for each number, that is promoted by recreate under a watchdog on {@link narrowNodes}. */
export function recreatedRevision(number: number, { staleSeconds = 120 } = {}): readonly Setting[] {
  return [
    ...quickRevision(number),
    { path: ["nodePools", "0", "gpusPerNode"], value: 2 },
    { path: ["rollout", "strategy"], value: "recreate" },
    { path: ["rollout", "watchdogSeconds"], value: staleSeconds },
    { path: ["toolsImage"], value: `registry.example/keye@sha256:${"c".repeat(64)}` },
  ];
}
