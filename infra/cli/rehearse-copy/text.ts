import type { RehearsalReport, RehearsedRollout } from "./report.ts";
import type { TimelineRow } from "./timeline.ts";

/** The report for people. */
export function rehearsalText(report: RehearsalReport): string {
  const { stackFile, server, context, serverVersion, copied, present, rollouts, assumed } = report;
  const closed = copied.nodesWithoutNewPods;
  return [
    `${stackFile} on a copy of ${server} (context ${context}), Kubernetes ${serverVersion}`,
    `Copied: ${count(copied.nodes, "node")}, ${copied.nodesForEngines} for engines with ${count(copied.gpus, "GPU")}, and the room that ${count(copied.othersPods, "pod")} of others ${copied.othersPods === 1 ? "takes" : "take"}${closed === 0 ? "" : `; ${count(closed, "node")} ${closed === 1 ? "takes" : "take"} no new pods`}.`,
    present === null
      ? "Nothing serves there yet."
      : `Revision ${present.revision} serves there: ${count(present.replicas, "replica")}${groups(present)}.`,
    `The settings want ${count(report.replicas, "replica")} of ${count(report.gpusPerReplica, "GPU")} each${groups(report)}.`,
    "",
    ...planLines(report),
    ...rollouts.flatMap((rollout) => ["", ...rolloutLines(rollout, report)]),
    "",
    "Assumed:",
    ...assumed.map((line) => `  - ${line}`),
  ].join("\n");
}

function groups({ podsPerReplica }: { readonly podsPerReplica: number }): string {
  return podsPerReplica === 1 ? "" : `, in groups of ${podsPerReplica} pods`;
}

function planLines({ plan, planOfCopy, rollouts }: RehearsalReport): readonly string[] {
  const played = rollouts.map(({ strategy }) => strategy);
  const lines = plan.map(({ strategy, isPossible, reason }) => {
    const skipped = played.includes(strategy) ? "" : "; not rehearsed";
    return `${strategy}: ${isPossible ? "possible" : "not possible"}, ${reason}${skipped}.`;
  });
  if (planOfCopy === undefined) return lines;
  const differing = planOfCopy.map(
    ({ strategy, isPossible, reason }) => `  ${strategy}: ${isPossible ? "possible" : "not possible"}, ${reason}.`,
  );
  return [...lines, "On the copy the planner says otherwise, so do not rely on what follows:", ...differing];
}

function rolloutLines(rollout: RehearsedRollout, { present, copied, speed }: RehearsalReport): readonly string[] {
  const { strategy, verdict, reason, seconds, targetSeconds, timeline, lowWater, outageSeconds } = rollout;
  const about =
    targetSeconds === undefined ? "" : `; on the target about ${duration(targetSeconds)} beside what is not known`;
  const serving =
    present === null ? "" : `${lowWater.servingReplicas} of ${present.replicas} replicas served at the least, `;
  const nobody =
    present !== null && outageSeconds > 0 ? ` Nobody served for ${outageSeconds.toFixed(1)} s of the rehearsal.` : "";
  return [
    `== ${strategy}: ${verdict} in ${seconds.toFixed(1)} s at speed ${speed}${about}`,
    ...(reason === undefined ? [] : [`   ${reason}`]),
    ...table(timeline),
    `   low-water mark: ${serving}${lowWater.freeGpus} of ${copied.gpus} GPUs were free at the least.${nobody}`,
  ];
}

function table(timeline: readonly TimelineRow[]): readonly string[] {
  if (timeline.length === 0) return [];
  const rows = timeline
    .filter(({ seconds, phase }) => seconds >= 0.05 || phase === "switch")
    .map(({ phase, times, seconds, targetSeconds, lowWater }) => [
      times === 1 ? phase : `${phase} x${times}`,
      `${seconds.toFixed(1)} s`,
      targetSeconds === undefined ? "?" : duration(targetSeconds),
      String(lowWater.servingReplicas),
      String(lowWater.freeGpus),
    ]);
  const all = [["phase", "rehearsed", "on the target", "serving", "free GPUs"], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all.map((row) => {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    return `   ${cells.join("  ")}`;
  });
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function count(amount: number, thing: string): string {
  return `${amount} ${thing}${amount === 1 ? "" : "s"}`;
}
