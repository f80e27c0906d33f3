import type { EpochMs } from "../../core/units.ts";
import { type EvidenceDocument, parseEvidence, passedAtOf } from "../evidence.ts";
import type { StoredEvidence } from "../ports.ts";

/** An evidence ConfigMap as it is stored. */
export interface StoredVerdict extends StoredEvidence {
  /** Canonical JSON of the promotion's inputs. Absent in records of versions that did not keep them. */
  readonly inputsJson?: string;
}

/** The last verdict on one revision with one set of probes. */
export interface LedgerEntry {
  /** Name of the ConfigMap. */
  readonly name: string;
  readonly evidence: EvidenceDocument;
  readonly inputsJson: string | undefined;
}

/** Every verdict that an app has on record. */
export interface EvidenceLedger {
  /** Last finished first. */
  readonly entries: readonly LedgerEntry[];
  /** Names of ConfigMaps whose evidence cannot be read. */
  readonly unreadable: readonly string[];
}

/** A revision that has been promoted. */
export interface PromotedRevision {
  readonly revision: string;
  readonly passedAt: EpochMs;
  /** The record of that pass, or of a later verdict with the same probes. */
  readonly entry: LedgerEntry;
}

/** Reads the records of one app, in whatever order they come. */
export function readLedger(stored: readonly StoredVerdict[]): EvidenceLedger {
  const entries: LedgerEntry[] = [];
  const unreadable: string[] = [];
  for (const { name, json, inputsJson } of stored) {
    const evidence = parseEvidence(json);
    if (evidence === undefined) unreadable.push(name);
    else entries.push({ name, evidence, inputsJson });
  }
  entries.sort((a, b) => finishedAt(b) - finishedAt(a));
  return { entries, unreadable: unreadable.sort() };
}

/** The records of one revision, last finished first. */
export function entriesOf(ledger: EvidenceLedger, revision: string): readonly LedgerEntry[] {
  return ledger.entries.filter(({ evidence }) => evidence.revision === revision);
}

/** Every revision that has been promoted, last promoted first. One that was rejected since has been promoted all the same. */
export function promotedRevisions(ledger: EvidenceLedger): readonly PromotedRevision[] {
  const passes = ledger.entries
    .flatMap((entry) => {
      const passedAt = passedAtOf(entry.evidence);
      return passedAt === undefined
        ? []
        : [{ revision: entry.evidence.revision, passedAt: Date.parse(passedAt), entry }];
    })
    .sort((a, b) => b.passedAt - a.passedAt);
  return passes.filter(({ revision }, index) => passes.findIndex((pass) => pass.revision === revision) === index);
}

function finishedAt({ evidence }: LedgerEntry): EpochMs {
  return Date.parse(evidence.finishedAt);
}
