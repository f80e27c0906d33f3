import { randomBytes } from "node:crypto";
import type { Bytes, Milliseconds, Seconds } from "../../../infra/core/units.ts";

/** What a rollout moves and how fast, as it is played. Speeds are assumptions: state them beside every number. */
export const virtual = {
  imageBytes: 20e9,
  weightsBytes: 62e9,
  /** What the registry gives one node. */
  registryBytesPerSecond: 200e6,
  /** What the hub gives. */
  hubBytesPerSecond: 500e6,
  /** The least that was reported for models in FP8; nobody has measured Keye. */
  compileSeconds: 600,
} as const;

/** Simulated seconds in one real second. */
export const speed = 20;

/** Real bytes for virtual ones: sums, files and connections are real, only smaller. */
const shrunk = 1000;

/** As many files as are loaded at once, so that all share the hub's speed to the end. */
const shards = 8;

/** What the hub sends at once. */
const chunk: Bytes = 65_536;

/** Simulated seconds that a node pulls. */
export const pullSeconds: Seconds = virtual.imageBytes / virtual.registryBytesPerSecond;

/** Between two chunks of one file. */
export const chunkPause: Milliseconds = (1000 * shards * chunk * shrunk) / (virtual.hubBytesPerSecond * speed);

/** The weights as files of the hub. */
export function virtualWeights(): Readonly<Record<string, Buffer | string>> {
  const bytes = Math.round(virtual.weightsBytes / shrunk / shards);
  const names = Array.from({ length: shards }, (_, index) => `model-0000${index + 1}-of-0000${shards}.safetensors`);
  return { "config.json": "{}", ...Object.fromEntries(names.map((name) => [name, randomBytes(bytes)])) };
}
