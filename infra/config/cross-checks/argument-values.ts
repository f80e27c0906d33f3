import { valueFault } from "../contracts/argument-value.ts";
import { type BrokenRule, brokenRules, type GivenArgument } from "../contracts/check-rules.ts";
import type { ArgumentsContract } from "../contracts/contract.ts";
import { extraArguments, ownHint, unsupportedReason } from "../contracts/given-arguments.ts";
import type { CrossCheck, Finding } from "../cross-check.ts";
import type { StackConfig } from "../stack-config.ts";
import { inContract } from "./extra-args.ts";

const reads = ["engine.extraArgs", "engine.argumentsContract"];
const ruleReads = [...reads, "engine.tpSize", "engine.apiKeySecret", "gate.expect.attentionBackend"];

/** Rules about the values in `engine.extraArgs`. Their messages never show one: it may be a secret. */
export const valueChecks: readonly CrossCheck[] = [
  {
    name: "args-dead",
    sentence: "`engine.extraArgs` has no argument that the server no longer heeds.",
    reads,
    find: inContract(dead),
  },
  {
    name: "args-value",
    sentence:
      "Each argument in `engine.extraArgs` has a value of its type and of its choices, and none where it takes none.",
    reads: ruleReads,
    find: inContract(badValue),
  },
  {
    name: "args-rule",
    sentence:
      "The arguments in `engine.extraArgs` keep the rules of the image's contract: alone, together, and with other settings.",
    reads: ruleReads,
    find: inContract(broken),
  },
];

/** The entries that name an argument in full which may be given here. */
function givenArguments(config: StackConfig, contract: ArgumentsContract): readonly GivenArgument[] {
  return extraArguments(config, contract).flatMap((argument) => {
    const { path, name, value, found } = argument;
    if (found.kind !== "known" || ownHint(argument) !== undefined) return [];
    return unsupportedReason(argument) === undefined ? [{ path, name, value, flag: found.flag }] : [];
  });
}

function dead(config: StackConfig, contract: ArgumentsContract): readonly Finding[] {
  return givenArguments(config, contract).flatMap(({ path, name, flag }) => {
    if (flag.effect === undefined) return [];
    const message = flag.effect === "none" ? `${name} does nothing any more.` : `${name} makes the server stop.`;
    return [{ path, message, hint: flag.deprecated ?? "Remove it." }];
  });
}

function badValue(config: StackConfig, contract: ArgumentsContract): readonly Finding[] {
  const forbidden = new Set(
    rulesBroken(config, contract)
      .filter(forbids)
      .map(({ argument }) => argument.path),
  );
  return givenArguments(config, contract).flatMap(({ path, name, value, flag }) => {
    const fault = forbidden.has(path) ? undefined : valueFault(flag, value);
    if (fault === undefined) return [];
    const hint = fault.hint === undefined ? {} : { hint: fault.hint };
    return [{ path, message: `${name} ${fault.message}.`, ...hint }];
  });
}

/** A value that is none is told by `args-value`, unless the argument may not be given at all. */
function broken(config: StackConfig, contract: ArgumentsContract): readonly Finding[] {
  return rulesBroken(config, contract)
    .filter((found) => forbids(found) || valueFault(found.argument.flag, found.argument.value) === undefined)
    .map(({ argument: { path, name }, rule: { message, stopsWith, hint } }) => {
      const end = stopsWith === undefined ? "" : ` (the server stops with "${stopsWith}")`;
      return { path, message: `${name} ${message}${end}.`, hint };
    });
}

function forbids({ rule }: BrokenRule): boolean {
  return rule.accepts.kind === "nothing";
}

function rulesBroken(config: StackConfig, contract: ArgumentsContract): readonly BrokenRule[] {
  const { engine, gate } = config;
  return brokenRules(contract, givenArguments(config, contract), {
    tpSize: engine.tpSize,
    attentionBackend: gate.expect.attentionBackend,
    hasApiKey: engine.apiKeySecret !== undefined,
  });
}
