import type { ClusterConnection } from "../cluster/connect.ts";
import type { PlanHeadroomArgs, PlanHeadroomResult } from "../core/headroom.ts";
import { noRevision } from "../core/names.ts";
import { activeOf } from "../gate/app-view.ts";
import type { ClusterPort } from "../gate/ports.ts";
import { Headroom } from "../status/headroom/headroom.ts";
import { besideRefusal, canaryRefusal, headroomLines, recreateRefusal } from "../status/headroom/report.ts";
import { rolesIn } from "../status/headroom/roles.ts";
import { type Strategies, tryStrategies } from "../status/headroom/strategies.ts";
import type { Node, PodSpec } from "../status/objects.ts";

/** Reads the cluster and plans a rollout on it, with the words of the promotion that would follow. Writes nothing. */
export async function planHeadroom(
  connection: { readonly cluster: Pick<ClusterPort, "capacity" | "limits"> } & Pick<ClusterConnection, "liveTraffic">,
  args: PlanHeadroomArgs,
  signal: AbortSignal,
): Promise<PlanHeadroomResult> {
  const { namespace, app, service, revision, replicas, podsPerReplica = 1, growth } = args;
  const [{ nodes, pods }, limits, traffic = { kind: "none" as const }] = await Promise.all([
    connection.cluster.capacity(signal),
    connection.cluster.limits(namespace, signal),
    connection.liveTraffic({ namespace, app, service }, signal),
  ]);
  const active = activeOf({ traffic });
  const headroom = new Headroom({
    nodes: nodes.map((node) => adopted(node, args.adopted)),
    pods,
    limits,
    // The chart has rendered it as the API wants it.
    candidate: args.podSpec as PodSpec,
    replicas,
    podsPerReplica,
    roleOf: rolesIn({ namespace, app, revision, active }),
    ...(growth === undefined ? {} : { growth }),
  });
  const isUnderWay = traffic.kind === "ramp" && traffic.to === revision;
  const strategies = isUnderWay ? goingOn(tryStrategies(headroom)) : tryStrategies(headroom);
  // What serves is never scaled down for want of room: its replicas may come when they can.
  const refusals = active === revision || isUnderWay ? {} : refusalsOf(headroom, active === noRevision);
  const { choice, because } = strategies;
  return {
    lines: headroomLines(headroom, strategies),
    because,
    ...(choice === undefined ? {} : { choice }),
    refusals,
    isReplacing: active !== revision && active !== noRevision,
  };
}

/** A canary that an earlier run left half-way is carried on with whatever room there is, step by step. */
function goingOn(strategies: Strategies): Strategies {
  return { ...strategies, choice: "canary", because: "a canary is under way, and pods of both revisions serve" };
}

/**
 * Where nothing serves yet, every strategy is the same: all at once. A canary with no old pod to go beside, since somebody
 * has led the selector elsewhere, is carried out as recreate is.
 */
function refusalsOf(headroom: Headroom, isFirst: boolean): PlanHeadroomResult["refusals"] {
  const blueGreen = besideRefusal(headroom);
  const recreate = isFirst ? blueGreen : recreateRefusal(headroom);
  const canary = isFirst || headroom.stable.length === 0 ? recreate : canaryRefusal(headroom);
  return {
    ...(blueGreen === undefined ? {} : { blueGreen }),
    ...(canary === undefined ? {} : { canary }),
    ...(recreate === undefined ? {} : { recreate }),
  };
}

/** The node as the stack's own patches will leave it. */
function adopted(node: Node, adoptions: PlanHeadroomArgs["adopted"]): Node {
  const { labels = {} } = node.metadata;
  const gained = adoptions
    .filter(({ selector }) => Object.entries(selector).every(([key, value]) => labels[key] === value))
    .map((adoption) => adoption.labels);
  return { ...node, metadata: { ...node.metadata, labels: Object.assign({ ...labels }, ...gained) } };
}
