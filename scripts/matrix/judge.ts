import type { Played } from "./play.ts";
import type { Expectation } from "./row.ts";

/** What went another way than the table of states says; empty where nothing did. */
export function deviations(expected: Expectation, played: Played): readonly string[] {
  const found: string[] = [];
  const among = <T>(what: string, wanted: readonly T[], got: T) => {
    if (!wanted.includes(got)) found.push(`${what}: wanted ${wanted.join(" or ")}, got ${got}`);
  };
  among("the update", expected.ends, played.ends);
  const codes = [expected.code ?? []].flat().filter((code) => code !== "");
  if (codes.length > 0) among("its code", codes, played.code);
  among("serves", expected.serves, played.serves);
  if (expected.isParked === true && !played.isParked) found.push("the candidate still holds GPUs");
  found.push(...harm(expected, played));
  among("the next update", expected.next, played.next);
  if (expected.nextCode !== undefined && expected.nextCode !== "") {
    among("the next update's code", [expected.nextCode], played.nextCode);
  }
  if (expected.mayHold !== true && played.leftovers.length > 0)
    found.push(`${played.leftovers.join(", ")} hold GPUs without serving`);
  return found;
}

function harm({ clients }: Expectation, { clients: seen }: Played): readonly string[] {
  if (clients === "harmed") return [];
  const { failed, wrong, cutStreams, failures, outageSeconds } = seen;
  const found: string[] = [];
  const isHarmed = clients === "unharmed" ? failed > 0 : wrong + cutStreams > 0;
  if (isHarmed) {
    found.push(`${failed} client requests failed (${wrong} wrong, ${cutStreams} streams cut): ${failures.join("; ")}`);
  }
  if (clients === "unharmed" && outageSeconds > 0) found.push(`nobody answered clients for ${outageSeconds} s`);
  return found;
}
