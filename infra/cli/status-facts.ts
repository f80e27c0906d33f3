import { dirname, join } from "node:path";
import type { ClusterConnection } from "../cluster/connect.ts";
import { systemClock } from "../cluster/system-clock.ts";
import { DeployError } from "../core/errors.ts";
import type { PendingOrReason } from "../gate/ledger/diagnosis-next.ts";
import { readLedger } from "../gate/ledger/ledger.ts";
import type { RolloutFacts } from "../gate/ledger/standing.ts";
import type { AppRef } from "../gate/ports.ts";
import { lockFile } from "../spec/lock/lock.ts";
import { pinStack } from "../spec/pinned-stack.ts";
import { promotionInputs } from "../spec/promotion-inputs.ts";
import type { AppAim } from "./app-aim.ts";
import { readLockFile, sha256 } from "./lock-file.ts";
import { renderStack } from "./render.ts";

/** What is read of an app's cluster. */
export type FactSource = Pick<ClusterConnection, "cluster" | "liveTraffic" | "leaseView" | "evidenceRecords">;

/** Looks at an app: what serves, who promotes, what is on record. Writes nothing. Rejects with `E_API` where it is not there. */
export async function readFacts(connection: FactSource, ref: AppRef, signal: AbortSignal): Promise<RolloutFacts> {
  if ((await connection.liveTraffic(ref, signal)) === undefined) throw notDeployed(ref);
  const [observation, lease, records] = await Promise.all([
    connection.cluster.observe(ref, signal),
    connection.leaseView(ref, signal),
    connection.evidenceRecords(ref, signal),
  ]);
  return { ref, observation, lease, ledger: readLedger(records), now: systemClock.now() };
}

/** Renders the stack of the settings to know its revision. Settings that cannot be rendered yet are a reason, not an error. */
export async function readPending({ settings }: AppAim): Promise<PendingOrReason> {
  if (settings === undefined) return { because: "depends on the settings: name them with --stack-file" };
  const { stackFile, config } = settings;
  try {
    const lock = readLockFile(join(dirname(stackFile), lockFile));
    const stack = pinStack(config, lock, { where: stackFile, sha256 });
    const { revision } = await renderStack(stack);
    const candidate = { revision, supply: undefined, cacheKey: undefined };
    return { pending: promotionInputs(stack, candidate, { sha256, evidenceDir: "" }) };
  } catch (error) {
    if (error instanceof DeployError) return { because: `is not known: ${error.message.replace(/\.$/, "")}` };
    throw error;
  }
}

function notDeployed({ namespace, service }: AppRef): DeployError {
  return new DeployError({
    code: "E_API",
    where: `${namespace}/services/${service}`,
    message: "There is no such Service: the stack has not been deployed there, or has another name.",
    hint: `Read: kubectl get services --all-namespaces -l app.kubernetes.io/part-of=keye-stack`,
  });
}
