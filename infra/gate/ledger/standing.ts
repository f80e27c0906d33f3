import type { Traffic } from "../../core/traffic.ts";
import type { EpochMs, Seconds } from "../../core/units.ts";
import { gpusOf } from "../../status/gpu-ledger.ts";
import { revisionOf } from "../../status/groups.ts";
import { hasEnded } from "../../status/pod-facts.ts";
import { deploymentOf, readyCount, servingRevisions } from "../app-view.ts";
import type { EvidenceDocument } from "../evidence.ts";
import type { AppRef, Observation } from "../ports.ts";
import { type EvidenceLedger, entriesOf, type LedgerEntry, promotedRevisions } from "./ledger.ts";

/** The Lease of an app as it is stored. */
export interface LeaseView {
  /** Empty where nobody holds it. */
  readonly holder: string;
  /** RFC 3339; when this holder took it. */
  readonly acquiredAt: string | undefined;
  /** RFC 3339, by the holder's clock. */
  readonly renewedAt: string | undefined;
  /** How long it lasts without being renewed. */
  readonly durationSeconds: Seconds;
}

/** An app as it was found at one moment. */
export interface RolloutFacts {
  readonly ref: AppRef;
  readonly observation: Observation;
  /** Undefined where no promotion has ever run. */
  readonly lease: LeaseView | undefined;
  readonly ledger: EvidenceLedger;
  readonly now: EpochMs;
}

/** `held`: somebody renews it. `stale`: its holder has stopped renewing it, and has died as far as clocks agree. */
export type LeaseState = "free" | "held" | "stale";

/**
 * How one revision stands. `serves`: clients reach it. `leaves` and `joins`: either side of a canary's ramp. `runs`: it has
 * replicas and serves nobody. `kept`: promoted earlier, at 0. `parked`: never promoted, at 0.
 */
export type RevisionRole = "serves" | "leaves" | "joins" | "runs" | "kept" | "parked";

/** One revision that has a Deployment, or that traffic names. */
export interface RevisionStanding {
  readonly revision: string;
  readonly role: RevisionRole;
  /** False where traffic names a revision that is not there. */
  readonly exists: boolean;
  /** `spec.replicas`. */
  readonly asked: number;
  readonly ready: number;
  /** GPUs of its pods, those that are still ending included. */
  readonly gpus: number;
  /** When it last passed, undefined where it never did. */
  readonly passedAt: EpochMs | undefined;
  /** Its last verdict, whatever the probes. */
  readonly last: LedgerEntry | undefined;
}

/** Every revision, those that serve first, then by when they were last promoted; those that never were, last. */
export function standingOf({ observation, ledger }: RolloutFacts): readonly RevisionStanding[] {
  const named = observation.deployments.flatMap((deployment) => revisionOf(deployment) ?? []);
  const revisions = new Set([...servingRevisions(observation), ...named]);
  const standings = [...revisions].map((revision): RevisionStanding => {
    const deployment = deploymentOf(observation, revision);
    const asked = deployment?.spec.replicas ?? (deployment === undefined ? 0 : 1);
    const passedAt = promotedRevisions(ledger).find((one) => one.revision === revision)?.passedAt;
    return {
      revision,
      role: roleIn(observation.traffic, revision, { asked, isPromoted: passedAt !== undefined }),
      exists: deployment !== undefined,
      asked,
      ready: readyCount(observation, revision),
      gpus: gpusHeld(observation, revision),
      passedAt,
      last: entriesOf(ledger, revision)[0],
    };
  });
  const rank = ({ role }: RevisionStanding) => (["serves", "leaves", "joins"].includes(role) ? 0 : 1);
  return standings.sort((a, b) => rank(a) - rank(b) || (b.passedAt ?? 0) - (a.passedAt ?? 0));
}

/** By the clock that reads it: the holder's may be off by as much as the machines differ. */
export function leaseStateOf(lease: LeaseView | undefined, now: EpochMs): LeaseState {
  if (lease === undefined || lease.holder === "") return "free";
  const renewedAt = Date.parse(lease.renewedAt ?? "");
  return now - renewedAt < lease.durationSeconds * 1000 ? "held" : "stale";
}

/** The record of a run that was about to change what serves and has not come to its end; undefined where the last did. */
export function unfinishedOf(last: LedgerEntry | undefined): EvidenceDocument | undefined {
  return last?.evidence.isUnfinished === true ? last.evidence : undefined;
}

function roleIn(
  traffic: Traffic,
  revision: string,
  { asked, isPromoted }: { readonly asked: number; readonly isPromoted: boolean },
): RevisionRole {
  if (traffic.kind === "revision" && traffic.revision === revision) return "serves";
  if (traffic.kind === "ramp" && traffic.from === revision) return "leaves";
  if (traffic.kind === "ramp" && traffic.to === revision) return "joins";
  if (asked > 0) return "runs";
  return isPromoted ? "kept" : "parked";
}

function gpusHeld({ pods }: Observation, revision: string): number {
  const own = pods.filter((pod) => revisionOf(pod) === revision && !hasEnded(pod));
  return own.reduce((sum, pod) => sum + gpusOf(pod), 0);
}
