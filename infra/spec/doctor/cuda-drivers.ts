import type { ImageConfig } from "../../config/stack-config.ts";
import { parseImageReference } from "../../core/image-reference.ts";

/** A CUDA release that an image brings. */
export interface CudaRelease {
  readonly major: number;
  readonly minor: number;
  /** Whether nobody has said so: the base of the branch's own Dockerfile is taken for granted. */
  readonly isAssumed: boolean;
}

/**
 * The oldest driver that a CUDA major runs on, with limited features below the release's own.
 * @see NVIDIA CUDA Compatibility, "Minor Version Compatibility", table 1: 12.x >= 525, 13.x >= 580
 */
const oldestDriver: Readonly<Record<number, number>> = { 12: 525, 13: 580 };

/**
 * The driver branch that came with a release, of those that sglang keye-vl-v2-30b-release, docker/Dockerfile can be built
 * with.
 * @see NVIDIA CUDA Toolkit Release Notes, "CUDA Toolkit and Corresponding Driver Versions"
 */
const ownDriver: Readonly<Record<string, number>> = { "12.6": 560, "12.8": 570, "12.9": 575, "13.0": 580 };

/**
 * Older driver branches on which NVIDIA's container runtime still starts an image of the release; it refuses others before
 * the engine begins.
 * @see `NVIDIA_REQUIRE_CUDA` of nvidia/cuda:12.9.1-cudnn-devel-ubuntu24.04
 */
const acceptedDrivers: Readonly<Record<string, readonly number[]>> = { "12.9": [535, 550, 565, 570] };

/** The CUDA of the engine's image; undefined where the tag of a source build's base does not tell it. */
export function cudaOf(image: ImageConfig): CudaRelease | undefined {
  // What the published image was made from is not told; the branch's Dockerfile begins with CUDA 12.9.1.
  if (image.kind === "prebuilt") return { major: 12, minor: 9, isAssumed: true };
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(parseImageReference(image.base).tag ?? "") ?? [];
  if (major === undefined || minor === undefined) return undefined;
  return { major: Number(major), minor: Number(minor), isAssumed: false };
}

/** How a driver branch goes with a CUDA release, with the numbers that say so. */
export type DriverVerdict =
  | { readonly kind: "own" | "unknown" }
  | { readonly kind: "too old"; readonly oldest: number }
  | { readonly kind: "refused"; readonly own: number; readonly accepted: readonly number[] }
  | { readonly kind: "older"; readonly own: number };

/** Judges the major number of a driver, such as 570. Newer drivers run older CUDA. */
export function judgeDriver(driver: number, { major, minor }: CudaRelease): DriverVerdict {
  const oldest = oldestDriver[major];
  if (oldest !== undefined && driver < oldest) return { kind: "too old", oldest };
  const own = ownDriver[`${major}.${minor}`];
  if (own === undefined) return { kind: "unknown" };
  if (driver >= own) return { kind: "own" };
  const accepted = acceptedDrivers[`${major}.${minor}`];
  if (accepted !== undefined && !accepted.includes(driver)) return { kind: "refused", own, accepted };
  return { kind: "older", own };
}
