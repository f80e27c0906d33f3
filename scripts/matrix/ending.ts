import type { Ended } from "../../test/support/promotion-stack.ts";
import type { Ending } from "./row.ts";

/** What an update came to, by its exit code and what it says. */
export function endingOf({ exitCode, output }: Pick<Ended, "exitCode" | "output">): Ending {
  // A process that a signal ended has no exit code.
  if (exitCode === null) return "killed";
  if (exitCode !== 0) return /rejected \d+ s ago, cool-down/.test(output) ? "refused at once" : "refused";
  if (/\[switch\] .* -> /.test(output)) return "promoted";
  return output.includes("[observe]") && !output.includes("is proven by these probes") ? "verified" : "unchanged";
}

/** The code of a diagnosis: that of the reason, or of the failure where it has none. Empty where nothing was diagnosed. */
export function codeIn(output: string): string {
  const headline = /\b((?:GATE|E)_[A-Z_]+) phase=\S+(?: code=(E_[A-Z_]+))?/.exec(output);
  if (headline?.[1] === "E_ROLLBACK_FAILED") return headline[1];
  // What the program refuses before the promotion has no phase.
  return headline?.[2] ?? headline?.[1] ?? /error: (E_[A-Z_]+): /.exec(output)?.[1] ?? "";
}
