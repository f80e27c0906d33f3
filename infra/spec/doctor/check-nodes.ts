import type { StackConfig } from "../../config/stack-config.ts";
import type { DoctorNode } from "../../core/doctor-facts.ts";
import { parseQuantity } from "../../core/quantity.ts";
import type { Bytes } from "../../core/units.ts";
import { checkNodePools, poolNotes } from "../check-node-pools.ts";
import type { Finding, Patient } from "./finding.ts";
import { inspected, isUsable, poolNodes } from "./pool-nodes.ts";
import { gibibytes, placed } from "./sentences.ts";

/** What a preview refuses of the pools, in its words, and what their nodes lack beside that. */
export function checkNodes(patient: Patient): readonly Finding[] {
  const { config, facts } = patient;
  if (facts.nodes.kind === "refused") return [];
  return [
    ...checkNodePools(config, inspected(patient)).map(mismatch),
    ...poolNotes(config, inspected(patient)).map(growth),
    ...poolNodes(patient).flatMap(({ node }) => [
      ...health(node),
      ...(isUsable(node) ? [...cpu(config, node), ...storage(patient, node)] : []),
    ]),
    ...imageSize(patient),
  ];
}

function mismatch(sentence: string): Finding {
  const { where, what } = placed(sentence);
  const isOfSetting = where.startsWith("engine.");
  const mend = isOfSetting ? "Install it, or change the setting" : "Correct the pool in nodePools, or the nodes";
  const cure = `${mend}; until then a preview refuses the stack.`;
  return { id: "pool-mismatch", severity: "error", where: isOfSetting ? where : `pool ${where}`, what, cure };
}

function growth(sentence: string): Finding {
  const { where, what } = placed(sentence);
  const cure = "Nothing must be done; what new nodes are like is known once they are there.";
  return { id: "pool-may-grow", severity: "note", where: `pool ${where}`, what, cure };
}

function health(node: DoctorNode): readonly Finding[] {
  const where = `node ${node.name}`;
  const pressure = node.pressures.map((type) => ({
    id: "node-pressure" as const,
    severity: "warning" as const,
    where,
    what: `Its condition ${type} is True: pods are kept off or evicted.`,
    cure: `kubectl describe node ${node.name}`,
  }));
  if (isUsable(node)) return pressure;
  const what = node.isReady ? "It is cordoned: nothing new is placed there." : "It is not Ready.";
  const cure = node.isReady ? `kubectl uncordon ${node.name}` : `kubectl describe node ${node.name}`;
  return [{ id: "node-not-usable", severity: "warning", where, what, cure }, ...pressure];
}

function cpu({ engine }: StackConfig, node: DoctorNode): readonly Finding[] {
  const wanted = parseQuantity(engine.resources.cpu) ?? 0;
  const offered = node.allocatable.cpu ?? 0;
  if (offered >= wanted) return [];
  const what = `It offers ${offered} CPUs, engine.resources.cpu is ${engine.resources.cpu}: no engine is placed there.`;
  const cure = "Lower engine.resources.cpu, or use larger nodes.";
  return [{ id: "node-cpu", severity: "error", where: `node ${node.name}`, what, cure }];
}

/**
 * What an image takes on a node for each byte that is pulled: the compressed layers, which containerd keeps, and twice as
 * much unpacked. CUDA images unpack to two to three times their size; the lower bound is taken.
 */
const diskPerPulledByte = 3;

function storage({ config, image }: Patient, node: DoctorNode): readonly Finding[] {
  const offered = node.allocatable["ephemeral-storage"];
  if (offered === undefined) return [];
  const weights = weightParts(config);
  const parts = [...imageParts(image, node), ...weights];
  const wanted = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  if (wanted <= offered) return [];
  const list = parts.map(({ what, bytes }) => `${what} ${gibibytes(bytes)}`).join(", ");
  const what = `It offers ${gibibytes(offered)} of local disk (ephemeral-storage), and at least ${gibibytes(wanted)} are needed: ${list}.`;
  const cure =
    weights.length > 0
      ? "Use nodes with a larger disk for images, or bring the weights to a volume: model.volume."
      : "Use nodes with a larger disk for images (containerd's root).";
  return [{ id: "node-storage", severity: "error", where: `node ${node.name}`, what, cure }];
}

interface DiskPart {
  readonly what: string;
  readonly bytes: Bytes;
}

/** An image that is there takes its room already. */
function imageParts(image: Patient["image"], { images }: DoctorNode): readonly DiskPart[] {
  if (image?.bytes === undefined || images.some((name) => name.endsWith(`@${image.digest}`))) return [];
  const what = `the image (${gibibytes(image.bytes)} pulled, ${diskPerPulledByte} times that on disk)`;
  return [{ what, bytes: image.bytes * diskPerPulledByte }];
}

/** What an engine downloads goes to its cache, which is the pod's own disk where there is no volume for it. */
function weightParts({ model, engine }: StackConfig): readonly DiskPart[] {
  const isDownloaded = !model.path.startsWith("/") && engine.cacheVolume === undefined;
  return isDownloaded ? [{ what: "the weights of one engine", bytes: parseQuantity(model.size) ?? 0 }] : [];
}

function imageSize({ config, image }: Patient): readonly Finding[] {
  if (image?.bytes !== undefined) return [];
  const { kind, repository } = config.image;
  const isGiven = config.image.kind === "prebuilt" && config.image.digest !== undefined;
  const cure = isGiven
    ? "Leave image.digest out, and keye lock records digest and size of image.tag."
    : `Run ${kind === "source" ? "keye lock, then keye build" : "keye lock"}.`;
  const what = "How large it is is not in keye.lock.yaml: whether the nodes' disks hold it is not known.";
  return [{ id: "image-size-unknown", severity: "note", where: `image ${repository}`, what, cure }];
}
