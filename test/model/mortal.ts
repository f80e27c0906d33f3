import type { Clock } from "../../infra/core/clock.ts";
import type { HeldLease } from "../../infra/gate/ports.ts";
import type { PromotionPorts } from "../../infra/gate/promotion-ports.ts";

/** One process that promotes. Once it is dead it calls nobody, and nothing that it waits for ever comes back to it. */
export class Life {
  isOver = false;

  /** The ports and the clock, as this process sees them. */
  ports(ports: PromotionPorts): PromotionPorts {
    const { clock } = ports;
    const lease = this.#bound(ports.lease);
    return {
      ...ports,
      cluster: this.#bound(ports.cluster),
      supply: this.#bound(ports.supply),
      watchdog: this.#bound(ports.watchdog),
      prober: this.#bound(ports.prober),
      lease: { acquire: async (ref, holder, signal) => this.#held(await lease.acquire(ref, holder, signal)) },
      clock: {
        now: () => clock.now(),
        sleep: (ms, signal) => this.#live(() => clock.sleep(ms, signal)),
      } satisfies Clock,
    };
  }

  #held(held: HeldLease): HeldLease {
    return {
      lost: held.lost,
      assertHeld: (signal) => this.#live(() => held.assertHeld(signal)),
      release: () => this.#live(() => held.release()),
    };
  }

  /** Every method of a port answers the living only. */
  #bound<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => this.#live(() => Reflect.apply(member, target, args));
      },
    });
  }

  #live<T>(call: () => T | Promise<T>): Promise<T> {
    if (this.isOver) return new Promise(() => undefined);
    return new Promise((resolve, reject) => {
      Promise.resolve(call()).then(
        (value) => {
          if (!this.isOver) resolve(value);
        },
        (error: unknown) => {
          if (!this.isOver) reject(error);
        },
      );
    });
  }
}
