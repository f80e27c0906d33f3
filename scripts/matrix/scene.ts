import { revisionLabel } from "../../infra/core/names.ts";
import type { Pod } from "../../infra/status/objects.ts";
import { isTerminating } from "../../infra/status/pod-facts.ts";
import type { PromotionStack } from "../../test/support/promotion-stack.ts";
import type { PulumiProcesses } from "../../test/support/pulumi-processes.ts";
import type { Setting } from "../story/stack-file.ts";

/** What an act works on, while one row is played. */
export interface Scene {
  readonly stack: PromotionStack;
  /** The revision that served when the row began; undefined on a first deploy. */
  readonly old: string | undefined;
  /** Settings of the candidate, the row's fault among them. */
  readonly candidate: readonly Setting[];
  /** Settings of what serves when the row begins. */
  readonly stable: readonly Setting[];
  /** A number that no other row has: an engine argument that makes the candidate another revision. */
  readonly number: number;
}

/** Done to the cluster. */
export type Act = (scene: Scene) => Promise<unknown>;

/** Done at a moment of an update, maybe to its processes. */
export type Strike = (scene: Scene, processes: PulumiProcesses) => Promise<unknown>;

/** Pods of the app that belong to the revision that served, or to another; terminating ones left out. */
export async function podsOf({ stack, old }: Scene, which: "old" | "candidate"): Promise<readonly Pod[]> {
  const pods = await stack.cluster.pods(stack.ref.namespace);
  return pods.filter((pod) => {
    const revision = pod.metadata.labels?.[revisionLabel];
    return revision !== undefined && (revision === old) === (which === "old") && !isTerminating(pod);
  });
}
