import type { Fact } from "./fact.ts";

/** A GPU to plan for. */
export interface Gpu {
  /** As the node label `nvidia.com/gpu.product` says it, or in a person's words. */
  readonly name: string;
  /** MiB that the driver reports, which is what the node label `nvidia.com/gpu.memory` says. */
  readonly memoryMiB: Fact;
}

const driver = "published outputs of nvidia-smi on such GPUs";

/** Hopper GPUs that hold the model's weights on two of them, by product label. */
const known: readonly Gpu[] = [
  gpu("NVIDIA-H800", 81_559, "reported", driver),
  gpu("NVIDIA-H800-80GB-HBM3", 81_559, "assumed", "as NVIDIA-H800"),
  gpu("NVIDIA-H800-PCIe", 81_559, "reported", driver),
  gpu("NVIDIA-H100-80GB-HBM3", 81_559, "measured", "nvidia-smi on one H100"),
  gpu("NVIDIA-H100-PCIe", 81_559, "reported", driver),
  gpu("NVIDIA-H100-NVL", 95_830, "reported", driver),
  gpu("NVIDIA-H20", 97_871, "reported", driver),
  gpu("NVIDIA-H200", 143_771, "measured", "nvidia-smi on one H200"),
];

/** Names that {@link findGpu} knows, for messages. */
export const gpuNames: readonly string[] = known.map(({ name }) => name);

/** The GPU of a product label; `NVIDIA-` may be left out, `H100` stands for the 80 GB one. Undefined where it is not known. */
export function findGpu(name: string): Gpu | undefined {
  const wanted = name
    .toUpperCase()
    .replaceAll(" ", "-")
    .replace(/^NVIDIA-/, "");
  const label = wanted === "H100" ? "H100-80GB-HBM3" : wanted;
  return known.find((one) => one.name.toUpperCase() === `NVIDIA-${label}`);
}

/** A GPU of which a node label or a person told the memory. */
export function gpuWith(name: string, memoryMiB: number): Gpu {
  return gpu(name, memoryMiB, "given", "node label nvidia.com/gpu.memory");
}

function gpu(name: string, value: number, basis: Fact["basis"], source: string): Gpu {
  return { name, memoryMiB: { value, basis, source } };
}
