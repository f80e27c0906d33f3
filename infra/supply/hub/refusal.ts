import { DeployError } from "../../core/errors.ts";

/** What a source refused for good. */
export interface Refusal {
  /** The source, with revision or file where that is what is refused. */
  readonly where: string;
  /** Such as `401 GatedRepo`. */
  readonly got: string;
  /** What that means, in words, without a full stop. */
  readonly meaning: string;
  readonly hint: string;
}

/** `E_SUPPLY` for a source that will say the same the next time. */
export function refusedBySource({ where, got, meaning, hint }: Refusal): DeployError {
  return new DeployError({ code: "E_SUPPLY", where, message: `${meaning} (the source answered ${got}).`, hint });
}

/** `E_SUPPLY` for an answer that is not what the source's interface promises. */
export function strangeAnswer(where: string, what: string): DeployError {
  return new DeployError({
    code: "E_SUPPLY",
    where,
    message: `The answer is not what such a source gives: ${what}.`,
    hint: "Check the endpoint: a proxy or a login page may answer in its place.",
  });
}
