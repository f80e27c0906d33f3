import { createHash, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { ClusterConnection } from "../cluster/connect.ts";
import { systemClock } from "../cluster/system-clock.ts";
import type { PromotionInputs, PromotionOutputs } from "../core/promotion-inputs.ts";
import type { ProgressPort } from "../gate/ports.ts";
import { promote } from "../gate/promote.ts";
import { TransportProber } from "./prober-port.ts";

/** One promotion, and where its lines go. */
export interface PromotionCall {
  readonly inputs: PromotionInputs;
  readonly progress: ProgressPort;
  readonly signal: AbortSignal;
}

/** {@link promote} over a real cluster and real engines: what a Pulumi update and a rollback by hand have in common. */
export function promoteOver(
  connection: ClusterConnection,
  { inputs, progress, signal }: PromotionCall,
): Promise<PromotionOutputs> {
  const { evidenceDir, namespace, apiKeySecret: place, transport = "port-forward" } = inputs;
  const ports = {
    cluster: connection.cluster,
    supply: connection.supply,
    watchdog: connection.watchdog,
    lease: connection.lease,
    prober: new TransportProber({
      transport: connection.transport(transport),
      inputs,
      apiKey: async (readSignal: AbortSignal) =>
        place === undefined ? undefined : connection.readSecret(namespace, place.name, place.key, readSignal),
      clock: systemClock,
      progress,
    }),
    progress,
    clock: systemClock,
    // Unique to this run: a Lease is never taken for another run's of the same machine.
    holder: `${hostname()}/${process.pid}/${randomBytes(4).toString("hex")}`,
    sha256: (text: string) => createHash("sha256").update(text).digest("hex"),
    ...(evidenceDir === undefined ? {} : { evidenceFile: evidenceWriter(evidenceDir) }),
  };
  return promote(inputs, ports, signal);
}

function evidenceWriter(folder: string) {
  return async (name: string, json: string) => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, name), json);
  };
}
