import type { StackConfig } from "../../config/stack-config.ts";
import type { DoctorNode } from "../../core/doctor-facts.ts";
import { gpuResource } from "../../core/names.ts";
import { planProblems } from "../memory/plan-problems.ts";
import { cudaOf, judgeDriver } from "./cuda-drivers.ts";
import type { Finding, Patient, Severity } from "./finding.ts";
import { inspected, isUsable, poolNodes } from "./pool-nodes.ts";
import { placed } from "./sentences.ts";

/** Labels are those of GPU feature discovery. @see NVIDIA/k8s-device-plugin docs/gpu-feature-discovery/README.md */
function labelOf({ labels }: DoctorNode, ...names: readonly string[]): string | undefined {
  return names.map((name) => labels[`nvidia.com/${name}`]).find((value) => value !== undefined);
}

/** The GPUs of the pools' nodes as their labels and the device plugin tell them. */
export function checkGpus(patient: Patient): readonly Finding[] {
  return poolNodes(patient)
    .filter(({ node }) => labelOf(node, "gpu.product") !== undefined)
    .flatMap(({ node }) => [
      ...hopper(patient.config, node),
      ...mig(node),
      ...shared(node),
      ...devices(node),
      ...driver(patient.config, node),
    ]);
}

/**
 * On other GPUs the engine starts without a word, runs dense attention and takes other memory.
 * @see sglang keye-vl-v2-30b-release, srt/utils/common.py, is_hopper_with_cuda_12_3
 */
function hopper({ gate }: StackConfig, node: DoctorNode): readonly Finding[] {
  // A label that is not there says nothing: the product decides, which a preview holds against the pool.
  const family = labelOf(node, "gpu.family") ?? "hopper";
  const major = labelOf(node, "gpu.compute.major") ?? "9";
  if (family === "hopper" && major === "9") return [];
  const isProven = gate.expect.attentionBackend === "keye_sa";
  const product = labelOf(node, "gpu.product");
  const what = `GPU ${product} is of family ${family}, compute major ${major}; wanted hopper and 9. Elsewhere the engine silently runs dense attention in place of keye_sa.`;
  const cure = isProven
    ? "Choose Hopper nodes by the pool's selector and gpuProducts; the gate refuses every engine that does not run keye_sa."
    : "Choose Hopper nodes by the pool's selector and gpuProducts.";
  return [{ id: "gpu-not-hopper", severity: isProven ? "error" : "warning", where: `node ${node.name}`, what, cure }];
}

function mig(node: DoctorNode): readonly Finding[] {
  const product = labelOf(node, "gpu.product") ?? "";
  const devices = Object.entries(node.labels).flatMap(([key, count]) => {
    const [, kind] = /^nvidia\.com\/(mig-.+)\.count$/.exec(key) ?? [];
    return kind === undefined || Number(count) === 0 ? [] : [`${count} ${kind}`];
  });
  if (!product.includes("-MIG-") && devices.length === 0) return [];
  const got = devices.length === 0 ? `product ${product}` : devices.join(", ");
  const what = `Its GPUs are cut into MIG devices (${got}); wanted whole GPUs: tensor parallelism does not cross MIG devices.`;
  const cure = "Turn MIG off on the node: nvidia-smi -mig 0, or label nvidia.com/mig.config=all-disabled.";
  return [{ id: "gpu-mig", severity: "error", where: `node ${node.name}`, what, cure }];
}

function shared(node: DoctorNode): readonly Finding[] {
  const strategy = labelOf(node, "gpu.sharing-strategy") ?? "none";
  const replicas = Number(labelOf(node, "gpu.replicas") ?? 1);
  if (strategy === "none" && replicas <= 1) return [];
  const what = `Its GPUs are shared (${strategy}, ${replicas} a GPU); wanted whole GPUs: the engine plans with all of a GPU's memory.`;
  const cure = "Take the node out of the sharing configuration of the device plugin.";
  return [{ id: "gpu-shared", severity: "error", where: `node ${node.name}`, what, cure }];
}

/** What the labels promise against what the device plugin hands out. */
function devices(node: DoctorNode): readonly Finding[] {
  const labelled = Number(labelOf(node, "gpu.count") ?? 0);
  const offered = node.allocatable[gpuResource] ?? 0;
  if (!isUsable(node) || labelled === 0 || offered >= labelled) return [];
  const where = `node ${node.name}`;
  if (offered === 0) {
    const what = `Its label nvidia.com/gpu.count says ${labelled}, and its allocatable nvidia.com/gpu is 0.`;
    const cure = "See whether the NVIDIA device plugin runs there: kubectl -n gpu-operator get pods -o wide";
    return [{ id: "device-plugin-missing", severity: "error", where, what, cure }];
  }
  const what = `Its label nvidia.com/gpu.count says ${labelled}, and its allocatable nvidia.com/gpu is ${offered}: the device plugin holds ${labelled - offered} back as unhealthy.`;
  return [{ id: "gpu-unhealthy", severity: "warning", where, what, cure: "Look for Xid errors: dmesg | grep Xid" }];
}

function driver({ image }: StackConfig, node: DoctorNode): readonly Finding[] {
  const cuda = cudaOf(image);
  const where = `node ${node.name}`;
  const major = Number(labelOf(node, "cuda.driver-version.major", "cuda.driver.major") ?? Number.NaN);
  if (cuda === undefined) return [unknownDriver(where, "The tag of image.base does not say its CUDA version.")];
  const release = `CUDA ${cuda.major}.${cuda.minor}${cuda.isAssumed ? " (assumed of a published image: the base of the branch's Dockerfile)" : ""}`;
  if (Number.isNaN(major)) return [unknownDriver(where, "It has no label nvidia.com/cuda.driver.major.")];
  const found = (severity: Severity, what: string, cure: string): readonly Finding[] => [
    { id: "gpu-driver", severity, where, what: `Driver ${major}; the image has ${release}, ${what}`, cure },
  ];
  const verdict = judgeDriver(major, cuda);
  switch (verdict.kind) {
    case "own":
      return [];
    case "unknown":
      return [unknownDriver(where, `Driver ${major}; which one ${release} came with is not known here.`)];
    case "too old":
      return found("error", `which runs on ${verdict.oldest} or later.`, "Upgrade the node's driver.");
    case "refused":
      return found(
        "warning",
        `which came with ${verdict.own}. Images made from nvidia/cuda of that release start on older drivers only with ${verdict.accepted.join(", ")}.`,
        `Upgrade the node's driver to ${verdict.own} or later.`,
      );
    case "older":
      return found(
        "note",
        `which came with ${verdict.own}: it runs with limited features, as minor versions are compatible.`,
        `Nothing must be done; ${verdict.own} or later is better.`,
      );
    default:
      return verdict satisfies never;
  }
}

function unknownDriver(where: string, what: string): Finding {
  const cure = "Compare by hand: nvidia-smi on the node, and CUDA_VERSION in the image.";
  return { id: "gpu-driver-unknown", severity: "note", where, what, cure };
}

/** The planner's verdict on the smallest GPU of each pool. */
export function checkGpuMemory(patient: Patient): readonly Finding[] {
  const { refused, warned } = planProblems(patient.config, inspected(patient).pools);
  const finding = (severity: Severity) => (sentence: string) => {
    const { where, what } = placed(sentence);
    return { id: "gpu-memory", severity, where: `pool ${where}`, what, cure: "See what fits: keye plan" } as const;
  };
  return [...refused.map(finding("error")), ...warned.map(finding("warning"))];
}
