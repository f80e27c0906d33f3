import { residentMemory } from "../memory.ts";
import type { BenchPart } from "../part.ts";

/** What the rehearsal holds after everything that was done in it before. */
export const memory: BenchPart = {
  name: "memory",
  measures: "resident memory of the rehearsal's processes",
  async run(bench) {
    const { state } = await bench.cluster.deployed();
    const held = residentMemory(state);
    const total = Object.values(held).reduce((sum, mib) => sum + mib, 0);
    const parts = Object.entries(held).map(([name, mib]) => `${name} ${mib}`);
    bench.row("resident memory of the whole rehearsal", `${total} MiB`, `(${parts.join(", ")})`);
  },
};
