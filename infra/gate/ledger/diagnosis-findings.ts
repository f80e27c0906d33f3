import { leaseName, revisionName } from "../../core/names.ts";
import { activeOf } from "../app-view.ts";
import type { AppRef } from "../ports.ts";
import { type LedgerEntry, type PromotedRevision, promotedRevisions } from "./ledger.ts";
import { leaseStateOf, type RevisionStanding, type RolloutFacts, unfinishedOf } from "./standing.ts";
import { ago, verdictText } from "./text.ts";

/** What a finding is about, and its meaning. */
export const rolloutFindingIds = {
  "half-ramp": "a canary ended half-way: pods of two revisions serve",
  "switched-unverified": "traffic was switched, and the run ended before that was verified",
  emptied: "a recreate took the old revision away and ended before the new one served",
  "selector-moved": "the live Service does not select the revision that was promoted last",
  "unproven-serves": "the revision that traffic goes to has never passed",
  "nothing-ready": "the revision that traffic goes to has no ready pod",
  "failed-in-place": "the revision that serves did not pass its last proof",
  "candidate-running": "a candidate still runs and serves nobody",
  leftover: "a revision still runs and serves nobody",
  "run-died": "the holder of the Lease has stopped renewing it",
} as const;

/** One of {@link rolloutFindingIds}. */
export type RolloutFindingId = keyof typeof rolloutFindingIds;

/** One thing that was left. */
export interface RolloutFinding {
  readonly id: RolloutFindingId;
  /** What was found, with its numbers. */
  readonly what: string;
  /** What the next `pulumi up` makes of it. */
  readonly next: string;
  /** What a person may type instead, or to see more. */
  readonly commands: readonly string[];
}

interface Scene {
  readonly facts: RolloutFacts;
  readonly standings: readonly RevisionStanding[];
  /** The revision that traffic belongs to, if it is there or has ever been. */
  readonly active: RevisionStanding | undefined;
}

/** Everything that was left, the most urgent first. */
export function leftBehind(facts: RolloutFacts, standings: readonly RevisionStanding[]): readonly RolloutFinding[] {
  const activeName = activeOf(facts.observation);
  const scene = { facts, standings, active: standings.find(({ revision }) => revision === activeName) };
  return [...ofTraffic(scene), ...ofIdleRevisions(scene), ...ofLease(scene)];
}

/** How traffic stands: one finding at most, the one that explains the others. */
function ofTraffic(scene: Scene): readonly RolloutFinding[] {
  const { facts, active } = scene;
  if (facts.observation.traffic.kind === "ramp") return [halfRamp(scene)];
  if (active === undefined) return selectsNothing(scene);
  if (!active.exists) return [selectsUnknown(scene, active)];
  const unfinished = unfinishedOf(active.last);
  if (unfinished !== undefined) return [switchedUnverified(scene, active, unfinished.previousRevision)];
  if (active.passedAt === undefined) return [unprovenServes(scene, active)];
  const [latest] = promotedRevisions(facts.ledger);
  if (latest !== undefined && latest.revision !== active.revision) return [movedBack(scene, active, latest)];
  if (active.ready === 0) return [nobodyServes(scene, active)];
  const { last } = active;
  return last === undefined || last.evidence.verdict === "pass" ? [] : [failedInPlace(scene, active, last)];
}

function halfRamp({ facts, standings }: Scene): RolloutFinding {
  const { ref, observation } = facts;
  const [leaves, joins] = (["leaves", "joins"] as const).map((role) => standings.find((one) => one.role === role));
  const ends = observation.endpoints.filter(({ ready }) => ready).length;
  return {
    id: "half-ramp",
    what: `${leaves?.revision ?? "?"} gives way to ${joins?.revision ?? "?"} pod by pod: ${countText(leaves)} and ${countText(joins)}; the Service has ${ends} ready ${ends === 1 ? "endpoint" : "endpoints"}.`,
    next: `goes on with the ramp where the settings describe ${joins?.revision ?? "the new revision"}, and takes it back where they describe ${leaves?.revision ?? "the old one"}; until then both serve`,
    commands: [...(joins === undefined ? [] : [explain(joins.revision)]), selectorCommand(ref)],
  };
}

function selectsNothing({ facts }: Scene): readonly RolloutFinding[] {
  const [last] = promotedRevisions(facts.ledger);
  if (last === undefined) return [];
  return [
    {
      id: "selector-moved",
      what: `The live Service selects no revision, although ${last.revision} was promoted ${ago(last.passedAt, facts.now)}: somebody moved the selector.`,
      next: "sees it by its refresh, proves the revision of the settings, and switches to it",
      commands: [selectorCommand(facts.ref), `keye rollback --to ${last.revision}`],
    },
  ];
}

function selectsUnknown({ facts }: Scene, { revision }: RevisionStanding): RolloutFinding {
  return {
    id: "selector-moved",
    what: `The live Service selects revision ${revision}, which has no Deployment: somebody moved the selector, or deleted the revision.`,
    next: "sees it by its refresh, proves the revision of the settings, and switches to it",
    commands: [selectorCommand(facts.ref), "keye rollback"],
  };
}

function unprovenServes({ facts }: Scene, standing: RevisionStanding): RolloutFinding {
  const { revision, last } = standing;
  const verdict =
    last === undefined
      ? "has no verdict on record"
      : `has never passed; its last verdict is ${verdictText(last, facts.now)}`;
  return {
    id: "unproven-serves",
    what: `Traffic goes to revision ${revision}, ${countText(standing)}, which ${verdict}. Somebody moved the selector, or a way back did not succeed.`,
    next: `sees it by its refresh; it proves ${revision} in place where the settings describe it, and replaces it otherwise`,
    commands: [selectorCommand(facts.ref), ...(last === undefined ? [] : [explain(revision)]), "keye rollback"],
  };
}

function movedBack({ facts }: Scene, standing: RevisionStanding, latest: PromotedRevision): RolloutFinding {
  return {
    id: "selector-moved",
    what: `Traffic goes to revision ${standing.revision}, ${countText(standing)}, although ${latest.revision} was promoted after it, ${ago(latest.passedAt, facts.now)}: somebody moved the selector.`,
    next: "sees it by its refresh, proves the revision of the settings, and switches to it",
    commands: [selectorCommand(facts.ref), `keye rollback --to ${latest.revision}`],
  };
}

function switchedUnverified(
  { facts, standings }: Scene,
  { revision, ready, asked }: RevisionStanding,
  previous: string | null,
): RolloutFinding {
  const old = standings.find((one) => one.revision === previous);
  const warm = (old?.ready ?? 0) > 0;
  const before = previous === null ? "Nothing served before" : `Before it, ${previous} served: ${countText(old)}`;
  const back = warm ? `switches back to ${previous} where it does not pass` : "leaves it serving whatever comes of it";
  return {
    id: "switched-unverified",
    what: `Revision ${revision} serves with ${ready} of ${asked} pods ready. Its pods were proven; the run ended before it was verified through the Service. ${before}.`,
    next: `verifies ${revision} in place where the settings describe it, then ${warm ? `retires ${previous}` : "finishes"}; it ${back}`,
    commands: [explain(revision), ...(warm ? [`keye rollback --to ${previous}`] : []), selectorCommand(facts.ref)],
  };
}

function nobodyServes({ facts, standings }: Scene, active: RevisionStanding): RolloutFinding {
  const { namespace, app } = facts.ref;
  const taker = standings.find(({ last }) => {
    const begun = unfinishedOf(last);
    return begun?.strategy === "recreate" && begun.previousRevision === active.revision;
  });
  const before = taker?.last?.evidence.previousReplicas ?? active.last?.evidence.replicas ?? 1;
  const restore = `kubectl -n ${namespace} scale deployment ${revisionName(app, active.revision)} --replicas=${before}`;
  if (taker !== undefined) {
    return {
      id: "emptied",
      what: `Nobody serves. A recreate took ${active.revision} away (${countText(active)}, ${before} before) for ${taker.revision} (${countText(taker)}), and ended before that served.`,
      next: `goes on where the settings describe ${taker.revision}, and brings ${active.revision} back where they describe that; a watchdog, where one runs, brings it back by itself`,
      commands: [restore, `kubectl -n ${namespace} get jobs`, explain(taker.revision)],
    };
  }
  const isEmpty = active.asked === 0;
  return {
    id: "nothing-ready",
    what: `Nobody serves: traffic goes to ${active.revision}, which has ${countText(active)}.`,
    next: isEmpty
      ? "scales and proves it in place where the settings describe it, and replaces it otherwise"
      : "waits for its pods where the settings describe it, and replaces it otherwise",
    commands: [
      isEmpty ? restore : `kubectl -n ${namespace} describe pods -l keye-stack.dev/revision=${active.revision}`,
      explain(active.revision),
    ],
  };
}

function failedInPlace({ facts }: Scene, { revision }: RevisionStanding, last: LedgerEntry): RolloutFinding {
  return {
    id: "failed-in-place",
    what: `Revision ${revision} serves; its last verdict is ${verdictText(last, facts.now)}.`,
    next: "proves it in place again where the settings describe it; traffic stays with it",
    commands: [explain(revision), "keye rollback"],
  };
}

/** What runs and serves nobody. The old revision of a switch that was not verified is none of these: it is kept warm. */
function ofIdleRevisions({ facts, standings, active }: Scene): readonly RolloutFinding[] {
  const warm = unfinishedOf(active?.last)?.previousRevision;
  const isStale = leaseStateOf(facts.lease, facts.now) === "stale";
  const running = standings.filter(({ role, revision }) => role === "runs" && revision !== warm);
  return running.map((standing): RolloutFinding => {
    const { revision, gpus, last, passedAt } = standing;
    const isCandidate = isStale || unfinishedOf(last) !== undefined;
    const { namespace, app } = facts.ref;
    return {
      id: isCandidate ? "candidate-running" : "leftover",
      what: `Revision ${revision} runs with ${countText(standing)}, holds ${gpus} ${gpus === 1 ? "GPU" : "GPUs"}, and serves nobody.`,
      next: `goes on with the pods that run where the settings describe ${revision}. ${passedAt === undefined ? "Otherwise it deletes them with the revision" : "Where they describe another, it scales this one to 0 first; where there is nothing to promote, it leaves it as it is"}`,
      commands: [
        `kubectl -n ${namespace} scale deployment ${revisionName(app, revision)} --replicas=0`,
        explain(revision),
      ],
    };
  });
}

function ofLease({ facts }: Scene): readonly RolloutFinding[] {
  const { lease, ref, now } = facts;
  if (lease === undefined || leaseStateOf(lease, now) !== "stale") return [];
  const since = lease.renewedAt === undefined ? "never" : ago(Date.parse(lease.renewedAt), now);
  return [
    {
      id: "run-died",
      what: `The Lease is held by ${lease.holder}, which renewed it last ${since}: that run has died, or cannot reach the cluster.`,
      next: `takes the Lease over, where it promotes, once it has watched it stand still for ${lease.durationSeconds} s; where Pulumi's own lock is left too, pulumi cancel frees it`,
      commands: [`kubectl -n ${ref.namespace} get lease ${leaseName(ref.app)} -o yaml`, "pulumi cancel"],
    },
  ];
}

function countText(standing: RevisionStanding | undefined): string {
  return standing?.exists ? `${standing.ready} of ${standing.asked} pods ready` : "no Deployment";
}

function explain(revision: string): string {
  return `keye explain ${revision}`;
}

function selectorCommand({ namespace, service }: AppRef): string {
  return `kubectl -n ${namespace} get service ${service} -o jsonpath='{.spec.selector}'`;
}
