import { rm, rmdir } from "node:fs/promises";
import { join } from "node:path";

/** Where an unfinished folder keeps its lock and its ledger. Gone when it is finished. */
export const stateFolder = ".keye-hydrate";

/** The ledger's place. */
export function ledgerPath(dir: string): string {
  return join(dir, stateFolder, "ledger.json");
}

/** Removes the ledger: the manifest has taken its place. */
export async function removeLedger(dir: string): Promise<void> {
  await rm(ledgerPath(dir), { force: true });
}

/** Removes the state folder if nothing is in it: neither a ledger nor the lock of the next one. */
export async function removeState(dir: string): Promise<void> {
  await rmdir(join(dir, stateFolder)).catch(() => {});
}
