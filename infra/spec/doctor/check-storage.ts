import type { ClaimConfig, StackConfig } from "../../config/stack-config.ts";
import type { DoctorClaim, FoundStorageClass, Looked } from "../../core/doctor-facts.ts";
import { parseQuantity } from "../../core/quantity.ts";
import { checkClaims } from "../check-references.ts";
import type { Finding, Patient } from "./finding.ts";
import { poolNodes } from "./pool-nodes.ts";
import { sharesVolumes } from "./provisioners.ts";
import { gibibytes, placed } from "./sentences.ts";

/** Claims that the settings name, and the StorageClass of one that the stack makes. */
export function checkStorage(patient: Patient): readonly Finding[] {
  const { config, facts } = patient;
  return [
    ...mismatches(patient),
    ...facts.claims.flatMap(({ name, found }) =>
      found.kind === "seen" && found.value !== undefined ? claimFindings(config, name, found.value) : [],
    ),
    ...classFindings(patient),
  ];
}

/** What a preview refuses of the claims, in its words. A claim that may not be read counts as one without fault. */
function mismatches({ config, facts, ...rest }: Patient): readonly Finding[] {
  const claims = facts.claims.flatMap(({ name, found }) => {
    if (found.kind === "refused") return [{ name, accessModes: ["ReadWriteMany"] }];
    return found.value === undefined ? [] : [{ name, accessModes: found.value.accessModes }];
  });
  const nodeCount = poolNodes({ config, facts, ...rest }).length;
  return checkClaims(config, { claims, secrets: [] }, nodeCount).map((sentence) => {
    const { where, what } = placed(sentence);
    const cure = `See the claims: kubectl -n ${config.namespace} get pvc; until then a preview refuses the stack.`;
    return { id: "claim-mismatch", severity: "error", where, what, cure };
  });
}

function claimFindings(config: StackConfig, name: string, claim: DoctorClaim): readonly Finding[] {
  return [...binding(config, name, claim), ...room(config, name, claim)];
}

function binding({ namespace }: StackConfig, name: string, { phase }: DoctorClaim): readonly Finding[] {
  if (phase === "Bound") return [];
  const where = `claim ${name}`;
  const cure = `See why: kubectl -n ${namespace} describe pvc ${name}`;
  if (phase === "Lost") {
    const what = "Its phase is Lost: the volume that it was bound to is gone, and no pod with it starts.";
    return [{ id: "claim-not-bound", severity: "error", where, what, cure }];
  }
  const what = `Its phase is ${phase}; wanted Bound. A class that waits for the first pod binds it then.`;
  return [{ id: "claim-not-bound", severity: "warning", where, what, cure }];
}

function room({ model }: StackConfig, name: string, { size }: DoctorClaim): readonly Finding[] {
  const { volume } = model;
  const wanted = parseQuantity(model.size) ?? 0;
  if (volume?.kind !== "pvc" || volume.claim !== name || size >= wanted) return [];
  const what = `It holds ${gibibytes(size)}, and the weights take ${gibibytes(wanted)} (model.size ${model.size}).`;
  const cure = "Expand the claim, where its class allows it, or use a larger one.";
  return [{ id: "claim-too-small", severity: "error", where: `claim ${name}`, what, cure }];
}

/** Of a claim that the stack is yet to make; one that is there has its class already. */
function classFindings({ config, facts }: Patient): readonly Finding[] {
  const { volume } = config.model;
  const { storageClasses } = facts;
  if (volume?.kind !== "pvc" || volume.create === undefined || storageClasses.kind === "refused") return [];
  const found = facts.claims.find(({ name }) => name === volume.claim)?.found;
  if (found === undefined || isThere(found)) return [];
  const wanted = volume.create.storageClass;
  const usable = storageClasses.value.filter((one) => (wanted === undefined ? one.isDefault : one.name === wanted));
  const [first] = usable;
  return first === undefined ? [missingClass(wanted, storageClasses.value)] : sharing(volume.create, first);
}

function isThere(found: Looked<DoctorClaim | undefined>): boolean {
  return found.kind === "refused" || found.value !== undefined;
}

function missingClass(wanted: string | undefined, classes: readonly FoundStorageClass[]): Finding {
  const names = classes.map(({ name }) => name).join(", ") || "none";
  const what =
    wanted === undefined
      ? `model.volume.create names no class, and the cluster has no default one; its classes: ${names}.`
      : `The cluster has no such class; its classes: ${names}.`;
  const where = wanted === undefined ? "the default StorageClass" : `StorageClass ${wanted}`;
  const cure = "Set model.volume.create.storageClass to one of the cluster, or the claim stays Pending.";
  return { id: "storage-class-missing", severity: "error", where, what, cure };
}

function sharing({ accessMode }: ClaimConfig, { name, provisioner }: FoundStorageClass): readonly Finding[] {
  if (accessMode !== "ReadWriteMany") return [];
  const shares = sharesVolumes(provisioner);
  if (shares === true) return [];
  const where = `StorageClass ${name}`;
  const cure =
    "Choose a class of a shared file system, or model.volume.kind hostPath, which keeps a copy on each node.";
  if (shares === undefined) {
    const what = `Whether its provisioner ${provisioner} makes volumes with ReadWriteMany is not known here; model.volume.create asks for it.`;
    return [{ id: "storage-class-unknown", severity: "note", where, what, cure }];
  }
  const what = `Its provisioner ${provisioner} makes disks of one node; model.volume.create asks for ReadWriteMany.`;
  return [{ id: "storage-class-access", severity: "error", where, what, cure }];
}
