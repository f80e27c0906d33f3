import { leaseStateOf, type RolloutFacts, standingOf } from "../gate/ledger/standing.ts";
import type { StatusParts } from "./status-text.ts";

/** The status of an app as JSON. Fields are added within a version, never changed or removed. */
export function statusDocument({ facts, diagnosis, server }: StatusParts) {
  const { ref, observation, lease, now } = facts;
  return {
    apiVersion: "keye-stack.dev/v1",
    kind: "RolloutStatus",
    namespace: ref.namespace,
    app: ref.app,
    server,
    takenAt: new Date(now).toISOString(),
    traffic: observation.traffic,
    readyEndpoints: observation.endpoints.filter(({ ready }) => ready).length,
    lease: lease === undefined ? null : { state: leaseStateOf(lease, now), ...lease },
    revisions: revisionsOf(facts),
    findings: diagnosis.findings,
    nextUp: diagnosis.nextUp,
  };
}

function revisionsOf(facts: RolloutFacts) {
  return standingOf(facts).map(({ revision, role, exists, asked, ready, gpus, passedAt, last }) => ({
    revision,
    role,
    exists,
    asked,
    ready,
    gpus,
    passedAt: passedAt === undefined ? null : new Date(passedAt).toISOString(),
    lastVerdict:
      last === undefined
        ? null
        : {
            verdict: last.evidence.verdict,
            isUnfinished: last.evidence.isUnfinished,
            code: last.evidence.code ?? null,
            reason: last.evidence.reason,
            finishedAt: last.evidence.finishedAt,
            evidence: last.name,
          },
  }));
}
