import type { Headroom } from "../../status/headroom/headroom.ts";
import { rolesIn } from "../../status/headroom/roles.ts";
import { deploymentOf } from "../app-view.ts";
import type { Observation } from "../ports.ts";
import type { PromotionRun } from "../promotion-run.ts";
import { readHeadroom } from "../read-ledger.ts";

/** Two revisions of which one grows at the other's cost. */
export interface Exchange {
  readonly grows: string;
  readonly shrinks: string;
  /** Replicas that the growing one shall have. */
  readonly replicas: number;
}

/** The room for more replicas of the revision that grows; undefined where it has no Deployment. */
export async function roomFor(
  run: PromotionRun,
  { grows, shrinks, replicas }: Exchange,
  observation: Observation,
  signal: AbortSignal,
): Promise<Headroom | undefined> {
  const candidate = deploymentOf(observation, grows)?.spec.template.spec;
  if (candidate === undefined) return undefined;
  const { namespace, app } = run.ref;
  const roleOf = rolesIn({ namespace, app, revision: grows, active: shrinks });
  return await readHeadroom(run, { candidate, roleOf, replicas }, signal);
}
