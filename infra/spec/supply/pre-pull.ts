import type { PinnedStack } from "../pinned-stack.ts";
import { poolTolerations } from "../placement.ts";
import type { Sha256 } from "../promotion-inputs.ts";
import { nobody, onNode, type PlannedJob, podSecurity, suspendedJob } from "./job.ts";

/** Tries of a container that has nothing to do once its image is there. */
const backoffLimit = 2;

/** One Job a node that pulls the engine's image: a container of it that does nothing and takes no GPU. */
export function prePullJobs(config: PinnedStack, nodes: readonly string[], sha256: Sha256): readonly PlannedJob[] {
  const { image, supply } = config;
  if (!supply.prePull || image.pullPolicy === "Never") return [];
  const { repository, digest, bytes } = image;
  return nodes.map((node) => {
    const parts = {
      role: `prepull-${digest.slice("sha256:".length).slice(0, 8)}`,
      component: "pre-pull",
      backoffLimit,
      deadlineSeconds: supply.deadlineSeconds,
      finalExitCodes: [],
      container: {
        image: `${repository}@${digest}`,
        command: ["true"],
        // The image asks for all GPUs, and a runtime that follows it would hand them out.
        env: [{ name: "NVIDIA_VISIBLE_DEVICES", value: "void" }],
        resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { cpu: "100m", memory: "64Mi" } },
      },
      pod: { securityContext: podSecurity(nobody), affinity: onNode(node), tolerations: poolTolerations(config) },
    } as const;
    const manifest = suspendedJob(config, parts, sha256);
    const known = bytes === undefined ? {} : { bytes };
    return { job: { name: manifest.metadata.name, kind: "prePull", node, ...known }, manifest };
  });
}
