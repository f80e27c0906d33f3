import type { Clock } from "../../core/clock.ts";

/** How a container's process is started. */
export interface EngineLaunch {
  /** The container's whole command line, such as `["python3", "-m", "sglang.launch_server", "--tp-size=2", …]`. */
  readonly argv: readonly string[];
  /** The container's environment, Secrets resolved. */
  readonly env: Readonly<Record<string, string>>;
  /** Loopback address that stands for the pod's own; the port comes from the command line. */
  readonly address: string;
  /** GPUs that the container was given, and what they are. */
  readonly gpus: { readonly count: number; readonly product: string; readonly memoryMiB: number };
  /** Size of /dev/shm in bytes. */
  readonly shmBytes: number;
  /** True where the engine is the first process of its PID namespace: signals and exit codes differ then. */
  readonly isPidOne: boolean;
  /** Simulated seconds in one real second, for loading phases. */
  readonly speed: number;
  /** Simulated seconds in which all kernels are compiled where the cache is empty. @default 0, as with a warm cache */
  readonly compileSeconds?: number;
  /**
   * The file or folder of this machine that stands for a path of the container's volumes; undefined for a path that is on none.
   * @default no volume is mounted
   */
  readonly onDisk?: (path: string) => string | undefined;
  /**
   * Loopback address that stands for a host by its name in the cluster; undefined for a name that is not known, yet.
   * @default names are taken as they are
   */
  readonly resolve?: (host: string) => string | undefined;
  /** Scripted fault, as in the pod's annotation. */
  readonly fault?: string;
  readonly clock: Clock;
  /** Gets each line of the container's log, without its end. */
  readonly log: (line: string) => void;
}

/** How a container's process ended. `signal` is set where a signal killed it. */
export interface EngineExit {
  readonly exitCode: number;
  readonly signal?: number;
}

/** A running engine. */
export interface EngineProcess {
  readonly exited: Promise<EngineExit>;
  /** Delivers a signal as the kernel would: as PID 1, SIGTERM without a handler is lost, and SIGKILL from outside is not. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}
