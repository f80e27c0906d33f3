/**
 * A reading that many may want at once: who asks while one is under way gets that one. So a large cluster is read once or
 * twice for all stacks of a program, and held in memory as often. Nothing is kept that has been answered.
 */
export class SharedReading<T> {
  readonly #underWay = new Map<string, Promise<T>>();

  /** `key` tells what is read; of those who ask for the same, the first one's `read` is carried out. */
  join(key: string, read: () => Promise<T>): Promise<T> {
    const joined = this.#underWay.get(key);
    if (joined !== undefined) return joined;
    const reading = read().finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, reading);
    return reading;
  }
}
