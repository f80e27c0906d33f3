import type { Clock } from "../core/clock.ts";
import type { ClusterPort, LeasePort, ProberPort, ProgressPort, SupplyPort, WatchdogPort } from "./ports.ts";

/** Everything that a promotion touches the world with. */
export interface PromotionPorts {
  readonly cluster: ClusterPort;
  readonly supply: SupplyPort;
  readonly watchdog: WatchdogPort;
  readonly lease: LeasePort;
  readonly prober: ProberPort;
  readonly progress: ProgressPort;
  readonly clock: Clock;
  /** Who promotes, for the Lease and the evidence: such as `ci@runner-7/4711`. */
  readonly holder: string;
  /** Lower-case hex digest of UTF-8 text. */
  readonly sha256: (text: string) => string;
  /** Keeps a copy of the evidence on this machine; `name` is a file name. Rejections are reported, not fatal. */
  readonly evidenceFile?: (name: string, json: string) => Promise<void>;
}
