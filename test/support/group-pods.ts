import { appLabel, revisionLabel, workerLabel } from "../../infra/core/names.ts";
import type { Pod } from "../../infra/status/objects.ts";

/** How a pod of a group differs from one that is ready. */
export interface GroupPodChange {
  readonly uid?: string;
  readonly isReady?: boolean;
  readonly restarts?: number;
  /** Exit code of the container's life before. */
  readonly ended?: number;
  /** When that was; RFC 3339. */
  readonly endedAt?: string;
  readonly isTerminating?: boolean;
}

/** Pod `index` of group `group` of the set `keye-<revision>`, as the LeaderWorkerSet controller makes it: 0 leads. */
export function groupPod(revision: string, group: number, index: number, change: GroupPodChange = {}): Pod {
  const set = `keye-${revision}`;
  const name = index === 0 ? `${set}-${group}` : `${set}-${group}-${index}`;
  const { uid = `uid-${name}`, isReady = true, restarts = 0, ended, endedAt, isTerminating = false } = change;
  const terminated = { exitCode: ended ?? 0, ...(endedAt === undefined ? {} : { finishedAt: endedAt }) };
  return {
    metadata: {
      name,
      namespace: "keye",
      uid,
      labels: {
        [appLabel]: "keye",
        [index === 0 ? revisionLabel : workerLabel]: revision,
        "leaderworkerset.sigs.k8s.io/name": set,
        "leaderworkerset.sigs.k8s.io/group-index": String(group),
        "leaderworkerset.sigs.k8s.io/worker-index": String(index),
      },
      annotations: { "leaderworkerset.sigs.k8s.io/size": "2" },
      ...(isTerminating ? { deletionTimestamp: "2026-11-24T12:00:00Z" } : {}),
    },
    spec: { nodeName: `h800-${group}-${index}`, containers: [{ name: "engine" }] },
    status: {
      phase: "Running",
      conditions: [{ type: "Ready", status: isReady ? "True" : "False" }],
      containerStatuses: [
        {
          name: "engine",
          ready: isReady,
          restartCount: restarts,
          state: { running: {} },
          ...(ended === undefined ? {} : { lastState: { terminated } }),
        },
      ],
    },
  };
}
