import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { NodePoolConfig } from "../../config/node-pool-config.ts";
import { gpusPerPod } from "../../config/replica-pods.ts";
import type { StackConfig } from "../../config/stack-config.ts";
import { DeployError } from "../../core/errors.ts";
import { engineContainer, gpuResource } from "../../core/names.ts";
import type { Seconds } from "../../core/units.ts";
import { speedAnnotation } from "../../rehearsal/annotations.ts";
import type { ServingReplica } from "../../rehearsal/copy/copy.ts";
import type { Lock } from "../../spec/lock/lock.ts";
import { type PinnedStack, pinStack } from "../../spec/pinned-stack.ts";
import { amountsOf, requestsOf } from "../../status/headroom/amounts.ts";
import type { RolloutStrategy } from "../../status/headroom/strategies.ts";
import { sha256 } from "../lock-file.ts";

/** A change of one setting: its path below `keye-stack:stack`, and its new value; undefined takes it out. */
export interface SettingChange {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** The stack's waits that only pass time, as a rehearsal keeps them. */
const rehearsedWaits: { readonly soakSeconds: Seconds; readonly drainSeconds: Seconds } = {
  soakSeconds: 3,
  drainSeconds: 5,
};

/**
 * The settings with everything pinned. What the lock lacks is made up, since nothing is pulled or fetched here: `isMadeUp`
 * says whether it was.
 */
export function pinForRehearsal(
  config: StackConfig,
  lock: Lock,
  where: string,
): { readonly stack: PinnedStack; readonly isMadeUp: boolean } {
  try {
    return { stack: pinStack(config, lock, { where, sha256 }), isMadeUp: false };
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== "CONFIG_LOCK") throw error;
  }
  const { repository, pullPolicy, pullSecrets } = config.image;
  const tag = config.image.kind === "prebuilt" ? config.image.tag : "source";
  const given = config.image.kind === "prebuilt" ? config.image.digest : undefined;
  const digest = given ?? `sha256:${sha256(`${repository}:${tag}`)}`;
  const image = { kind: "prebuilt", repository, tag, digest, pullPolicy, pullSecrets } as const;
  return { stack: { ...config, image }, isMadeUp: true };
}

/** How a rehearsal differs from an update on the target. */
export interface RehearsalOf {
  readonly pools: readonly NodePoolConfig[];
  /** Simulated seconds in one second while engines start. */
  readonly speed: number;
}

/**
 * What of the settings is changed for every rehearsal: what leads to the target, what would fetch or pull, and what passes
 * time. Nothing that decides where pods find room.
 */
export function rehearsalChanges(
  { image, model, engine, rollout, gate }: PinnedStack,
  { pools, speed }: RehearsalOf,
): readonly SettingChange[] {
  const { repository, tag, digest } = image;
  const { deadlines } = rollout;
  const change = (path: string, value?: unknown): SettingChange => ({ path: path.split("."), value });
  return [
    change("context"),
    change("image", { kind: "prebuilt", repository, tag, digest }),
    // The folder of the weights is taken to hold them.
    change("model.weights"),
    change("model.revision", model.weights === undefined ? model.revision : undefined),
    change("model.path", model.path),
    change("nodePools", pools),
    change("supply.prePull", false),
    change("engine.podAnnotations", { ...engine.podAnnotations, [speedAnnotation]: String(speed) }),
    change("rollout.deadlines", {
      ...deadlines,
      soakSeconds: Math.min(deadlines.soakSeconds, rehearsedWaits.soakSeconds),
      drainSeconds: Math.min(deadlines.drainSeconds, rehearsedWaits.drainSeconds),
    }),
    change("rollout.cooldownSeconds", 0),
    ...(gate.transport === "in-cluster" ? [change("gate.transport")] : []),
    // Played engines answer at their own pace.
    change("gate.latency", { ttftSeconds: null, interTokenSeconds: null }),
  ];
}

/**
 * What makes the first revision as large as the one that serves, in as many replicas of as many pods, and another than the
 * one to come. By which strategy it comes is all the same: nothing serves before it.
 */
export function presentChanges(config: StackConfig, serving: readonly ServingReplica[]): readonly SettingChange[] {
  const [{ pod, pods } = { pod: undefined, pods: 1 }] = serving;
  const engine = pod?.containers.find(({ name }) => name === engineContainer);
  const { cpu, memory } = config.engine.resources;
  const wanted = amountsOf({ cpu, memory, [gpuResource]: String(gpusPerPod(config.engine)) });
  const asked = engine === undefined ? wanted : requestsOf(engine);
  const isOther = (resource: string) => asked.has(resource) && asked.get(resource) !== wanted.get(resource);
  const amount = (resource: string) => asked.get(resource) ?? 0;
  return [
    { path: ["replicas"], value: serving.length },
    { path: ["engine", "podAnnotations", "rehearsal.keye-stack.dev/present"], value: "true" },
    { path: ["engine", "nodesPerReplica"], value: pods },
    { path: ["engine", "tpSize"], value: (asked.get(gpuResource) ?? gpusPerPod(config.engine)) * pods },
    strategyChange("blueGreen"),
    ...(isOther("cpu") ? [{ path: ["engine", "resources", "cpu"], value: String(amount("cpu") / 1000) }] : []),
    ...(isOther("memory") ? [{ path: ["engine", "resources", "memory"], value: String(amount("memory")) }] : []),
  ];
}

/** The change that asks for one strategy. */
export function strategyChange(strategy: RolloutStrategy): SettingChange {
  return { path: ["rollout", "strategy"], value: strategy };
}

/** Which files settings are made from. */
export interface SettingsFiles {
  readonly stackFile: string;
  /** A stack file whose salt is that of the rehearsal's empty passphrase. */
  readonly saltOf: string;
  /** Where to write to, and under which name. */
  readonly folder: string;
  readonly name: string;
}

/** Writes the changed settings as a stack file, without anything else that the original holds, and returns its path. */
export function writeSettings(
  { stackFile, saltOf, folder, name }: SettingsFiles,
  changes: readonly SettingChange[],
): string {
  const settings: Fields = { ...fieldsIn(readYaml(stackFile), ["config", "keye-stack:stack"]) };
  for (const { path, value } of changes) setIn(settings, path, value);
  const { encryptionsalt } = fieldsIn(readYaml(saltOf), []);
  const file = join(folder, `Pulumi.${name}.yaml`);
  writeFileSync(file, stringify({ config: { "keye-stack:stack": settings }, encryptionsalt }));
  return file;
}

type Fields = Record<string, unknown>;

function readYaml(file: string): unknown {
  return parse(readFileSync(file, "utf8"));
}

function fieldsIn(value: unknown, path: readonly string[]): Fields {
  const [key, ...rest] = path;
  const fields = isFields(value) ? value : {};
  return key === undefined ? fields : fieldsIn(fields[key], rest);
}

function setIn(fields: Fields, [key = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length > 0) {
    const inner = { ...fieldsIn(fields, [key]) };
    fields[key] = inner;
    setIn(inner, rest, value);
  } else if (value === undefined) delete fields[key];
  else fields[key] = value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
