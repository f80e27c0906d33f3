import type { Clock } from "../../core/clock.ts";
import type { EngineLaunch, EngineProcess } from "../engine/launch.ts";
import type { PodAddresses } from "../pod-address.ts";
import type { RunCommand } from "./command-process.ts";
import type { EventSink } from "./events.ts";
import type { NodeImages } from "./node-images.ts";
import type { References } from "./references.ts";
import type { VolumeDirs } from "./volume-dirs.ts";

/** Starts an engine process. */
export type LaunchEngine = (launch: EngineLaunch) => EngineProcess;

/** GPUs of a node, as its labels tell. */
export interface NodeGpus {
  readonly product: string;
  readonly memoryMiB: number;
}

/** What the simulation of pods needs from outside. */
export interface KubeletContext {
  readonly clock: Clock;
  readonly references: References;
  readonly addresses: PodAddresses;
  readonly launch: LaunchEngine;
  readonly runCommand: RunCommand;
  readonly volumes: VolumeDirs;
  readonly images: Pick<NodeImages, "has" | "add">;
  readonly events: EventSink;
  /** Folder of the pods' logs. */
  readonly podLogs: string;
  /** URL of the API server, for the containers. */
  readonly server: string;
  /** Address of every node. */
  readonly hostIP: string;
  gpusOf(node: string): NodeGpus;
  /** Address of a pod by the name that a headless Service gives it, `host.subdomain.namespace`; undefined while it has none. */
  addressOf(name: string): string | undefined;
}
