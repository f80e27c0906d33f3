import { numberOf } from "./argument-value.ts";
import type { Accepted, ArgumentRule, ArgumentsContract, ContractFlag, RuleCondition } from "./contract.ts";

/** One entry of `engine.extraArgs` whose argument is known. */
export interface GivenArgument {
  readonly path: string;
  /** As it is written. */
  readonly name: string;
  readonly flag: ContractFlag;
  /** Undefined for `--flag` alone. */
  readonly value: string | undefined;
}

/** What rules ask about beside the arguments. */
export interface RuleFacts {
  readonly tpSize: number;
  readonly attentionBackend: string | null;
  readonly hasApiKey: boolean;
}

/** A rule that an argument breaks. */
export interface BrokenRule {
  readonly argument: GivenArgument;
  readonly rule: ArgumentRule;
}

/** Every rule of the contract that the arguments break, in the order of the arguments. */
export function brokenRules(
  { rules }: ArgumentsContract,
  given: readonly GivenArgument[],
  facts: RuleFacts,
): readonly BrokenRule[] {
  return given.flatMap((argument) =>
    rules
      .filter((rule) => argument.flag.names.includes(rule.flag))
      .filter(({ when = [] }) => when.every((condition) => holds(condition, given, facts)))
      .filter(({ accepts }) => !isAccepted(accepts, argument, facts))
      .map((rule) => ({ argument, rule })),
  );
}

function holds(condition: RuleCondition, given: readonly GivenArgument[], facts: RuleFacts): boolean {
  switch (condition.kind) {
    case "argument":
      return isGiven(condition, given);
    case "no-argument":
      return !isGiven(condition, given);
    case "attention-backend":
      return facts.attentionBackend === condition.is;
    case "api-key":
      return facts.hasApiKey;
    default:
      return condition satisfies never;
  }
}

function isGiven(
  { flag, values }: Extract<RuleCondition, { kind: "argument" | "no-argument" }>,
  given: readonly GivenArgument[],
): boolean {
  const argument = given.find((candidate) => candidate.flag.names.includes(flag));
  return argument !== undefined && (values === undefined || values.includes(argument.value ?? ""));
}

function isAccepted(accepts: Accepted, { flag, value = "" }: GivenArgument, { tpSize }: RuleFacts): boolean {
  const number = numberOf(flag.type, value);
  switch (accepts.kind) {
    case "nothing":
      return false;
    case "values":
      return accepts.values.includes(number === undefined ? value : String(number));
    case "range":
      return number === undefined || (number >= (accepts.min ?? -Infinity) && number <= (accepts.max ?? Infinity));
    case "multiple":
      return number === undefined || (number > 0 && number % accepts.of === 0) || (accepts.or ?? []).includes(number);
    case "tp-divisor":
      return number === undefined || (number >= 1 && tpSize % number === 0);
    case "json":
      return isJson(value, accepts.isObject === true);
    default:
      return accepts satisfies never;
  }
}

function isJson(text: string, mustBeObject: boolean): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return !mustBeObject || (typeof value === "object" && value !== null && !Array.isArray(value));
  } catch {
    return false;
  }
}
