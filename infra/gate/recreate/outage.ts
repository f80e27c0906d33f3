import type { EpochMs, Seconds } from "../../core/units.ts";
import { readyEndpoints } from "../app-view.ts";
import type { Observation } from "../ports.ts";

/**
 * For how long no ready pod was behind the live Service, as looks at its endpoints tell: from the last look that showed one
 * to the next that does. Several such times add up.
 */
export class Outage {
  #servedAt: EpochMs | undefined;
  #isDark = false;
  #endedMs = 0;

  /** Nobody has served since `moment`, which is known from elsewhere. */
  begin(moment: EpochMs): void {
    this.#servedAt = moment;
    this.#isDark = true;
  }

  /** Takes in one look. Returns whether it showed a pod that serves. */
  note({ endpoints }: Pick<Observation, "endpoints">, now: EpochMs): boolean {
    const isServed = readyEndpoints({ endpoints }).length > 0;
    if (!isServed) this.#isDark = this.#servedAt !== undefined;
    else {
      if (this.#isDark && this.#servedAt !== undefined) this.#endedMs += now - this.#servedAt;
      this.#isDark = false;
      this.#servedAt = now;
    }
    return isServed;
  }

  /** All of it until `now`, to a tenth; undefined where every look showed a pod that serves. */
  secondsUntil(now: EpochMs): Seconds | undefined {
    const lasting = this.#isDark && this.#servedAt !== undefined ? now - this.#servedAt : 0;
    const all = this.#endedMs + lasting;
    return all === 0 ? undefined : Math.round(all / 100) / 10;
  }
}
