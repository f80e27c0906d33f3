import type { Transfer } from "../../core/transfer.ts";
import type { Bytes, EpochMs, Milliseconds } from "../../core/units.ts";

/** How long "the last seconds" of a speed are. */
const speedWindow: Milliseconds = 10_000;

interface Sample {
  readonly at: EpochMs;
  readonly doneBytes: Bytes;
}

/** Counts the bytes of a transfer and remembers how fast they came lately. */
export class Meter {
  #totalBytes: Bytes = 0;
  #doneBytes: Bytes = 0;
  #samples: readonly Sample[] = [];

  /** Sets what there is to do and what is done already. */
  begin(totalBytes: Bytes, doneBytes: Bytes, now: EpochMs): void {
    this.#totalBytes = totalBytes;
    this.#doneBytes = doneBytes;
    this.#samples = [{ at: now, doneBytes }];
  }

  /** Bytes that are there now; a negative count where some are not any more. */
  add(count: Bytes): void {
    this.#doneBytes += count;
  }

  /** How far it is. The speed is since the oldest call within ten seconds: call it regularly. */
  read(now: EpochMs): Transfer {
    const doneBytes = this.#doneBytes;
    const recent = this.#samples.filter(({ at }) => now - at <= speedWindow);
    const first = recent[0] ?? this.#samples.at(-1);
    this.#samples = [...recent, { at: now, doneBytes }];
    const moved = first === undefined ? 0 : Math.max(0, doneBytes - first.doneBytes);
    const seconds = first === undefined ? 0 : (now - first.at) / 1000;
    return { doneBytes, totalBytes: this.#totalBytes, bytesPerSecond: seconds > 0 ? moved / seconds : 0 };
  }
}
