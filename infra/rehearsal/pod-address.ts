/**
 * Where pods are said to be, and where their servers really listen.
 *
 * The API refuses loopback addresses in endpoints, and a rehearsal sends nothing to a private range. So a pod's address is
 * `10.N.a.b`, and its servers listen on `127.N.a.b`. N tells the rehearsals of one machine apart.
 */

/** Smallest and largest N. */
export const octets = { first: 64, last: 250 } as const;

/** Loopback address of the control plane of rehearsal N. */
export function controlAddress(octet: number): string {
  return `127.${octet}.0.1`;
}

/** Loopback address of the `index`th service proxy of rehearsal N, from 1 to 254. */
export function serviceAddress(octet: number, index: number): string {
  return `127.${octet}.255.${index}`;
}

/** The loopback address that stands for a pod's address. */
export function loopbackOf(podIP: string): string {
  return podIP.replace(/^10\./, "127.");
}

/** Hands out pod addresses of rehearsal N, each once before any comes again. */
export class PodAddresses {
  readonly #octet: number;
  readonly #taken = new Set<number>();
  #last = 0;

  constructor(octet: number) {
    this.#octet = octet;
  }

  take(): string {
    // Third octet 1 to 254, fourth 1 to 254: 0.x is the control plane's, 255.x the service proxies'.
    const size = 254 * 254;
    for (let tries = 0; tries < size; tries++) {
      const index = this.#last;
      this.#last = (this.#last + 1) % size;
      if (this.#taken.has(index)) continue;
      this.#taken.add(index);
      return `10.${this.#octet}.${Math.floor(index / 254) + 1}.${(index % 254) + 1}`;
    }
    throw new Error(`all ${size} pod addresses are taken`);
  }

  release(podIP: string): void {
    const [, , third = 0, fourth = 0] = podIP.split(".").map(Number);
    this.#taken.delete((third - 1) * 254 + fourth - 1);
  }
}
