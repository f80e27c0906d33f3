import type { ArgumentsContract } from "../contracts/contract.ts";
import {
  type ExtraArgument,
  extraArguments,
  ownHint,
  spellings,
  unsupportedReason,
} from "../contracts/given-arguments.ts";
import type { ContractRead } from "../contracts/read-contract.ts";
import { keyeContract } from "../contracts/shipped.ts";
import type { CrossCheck, Finding } from "../cross-check.ts";
import { groupArguments, passedArguments } from "../engine-arguments.ts";
import type { StackConfig } from "../stack-config.ts";
import { nearest } from "../suggest.ts";

const reads = ["engine.extraArgs", "engine.argumentsContract"];
const shipped: ContractRead = { kind: "contract", contract: keyeContract };

/** Rules about which arguments `engine.extraArgs` names. Their messages never show an argument's value: it may be a secret. */
export const argumentChecks: readonly CrossCheck[] = [
  {
    name: "args-contract",
    sentence: "`engine.argumentsContract` is a contract, and has every argument that the stack passes.",
    reads: ["engine.argumentsContract", "engine.nodesPerReplica"],
    find: unusableContract,
  },
  {
    name: "args-own",
    sentence: "`engine.extraArgs` does not repeat an argument that the stack sets, in full or shortened.",
    reads,
    find: inContract(ownRepeated),
  },
  {
    name: "args-unsupported",
    sentence:
      "`engine.extraArgs` has no argument that cannot work in this stack, such as `--dp-size` or `--ssl-certfile`.",
    reads,
    find: inContract(unsupported),
  },
  {
    name: "args-twice",
    sentence: "`engine.extraArgs` gives each argument once, by any of its names.",
    reads,
    find: inContract(givenTwice),
  },
  {
    name: "args-known",
    sentence: "`engine.extraArgs` has only arguments that the image's contract lists, written in full.",
    reads,
    find: inContract(unknown),
  },
];

/** A check that needs a contract, and is silent without one: `args-contract` says what is wrong with it. */
export function inContract(
  find: (config: StackConfig, contract: ArgumentsContract) => readonly Finding[],
): CrossCheck["find"] {
  return (config, read = shipped) => (read.kind === "contract" ? find(config, read.contract) : []);
}

function unusableContract({ engine }: StackConfig, read: ContractRead = shipped): readonly Finding[] {
  const path = "engine.argumentsContract";
  if (read.kind === "fault") {
    const hint = "Make one as docs/engine-arguments.md says, or leave it out for the Keye branch's.";
    return [{ path, message: `${engine.argumentsContract} cannot be used: ${read.fault}.`, hint }];
  }
  const names = namesIn(read.contract);
  const passed = engine.nodesPerReplica > 1 ? [...passedArguments, ...groupArguments] : passedArguments;
  const lacking = passed.filter((name) => !names.includes(name));
  if (lacking.length === 0) return [];
  const message = `${read.contract.name} lacks ${lacking.join(", ")}, which the stack passes: its server would refuse to start.`;
  return [{ path, message, hint: "Use an image whose server has them." }];
}

function ownRepeated(config: StackConfig, contract: ArgumentsContract): readonly Finding[] {
  return extraArguments(config, contract).flatMap((argument) => {
    const instead = ownHint(argument);
    const { path, name, found } = argument;
    if (instead === undefined) return [];
    const spelling = found.kind === "shortened" ? `${name}, which the server reads as ${found.name},` : name;
    return [{ path, message: `${spelling} is set by the stack.`, hint: `Remove it here. ${instead}` }];
  });
}

function unsupported(config: StackConfig, contract: ArgumentsContract): readonly Finding[] {
  return extraArguments(config, contract).flatMap((argument) => {
    const reason = unsupportedReason(argument);
    const { path, name } = argument;
    return reason === undefined
      ? []
      : [{ path, message: `${name} cannot be used here: ${reason}.`, hint: "Remove it." }];
  });
}

function givenTwice(config: StackConfig, contract: ArgumentsContract): readonly Finding[] {
  const all = extraArguments(config, contract);
  return all.flatMap((argument, index) => {
    const first = all.find(
      (other) => spellings(other).includes(argument.name) || spellings(argument).includes(other.name),
    );
    if (first === undefined || first === all[index]) return [];
    const alias = first.name === argument.name ? "" : `, as ${first.name}`;
    const message = `${argument.name} is given in ${first.path} too${alias}, and only the last one counts.`;
    return [{ path: argument.path, message, hint: "Leave one of them out." }];
  });
}

/** The server refuses what it does not know; a shortened name it takes, until an image has another that begins alike. */
function unknown(config: StackConfig, contract: ArgumentsContract): readonly Finding[] {
  return extraArguments(config, contract)
    .filter((argument) => ownHint(argument) === undefined && unsupportedReason(argument) === undefined)
    .flatMap((argument) => nameFault(argument, contract));
}

function nameFault({ path, name, found }: ExtraArgument, contract: ArgumentsContract): readonly Finding[] {
  switch (found.kind) {
    case "known":
      return [];
    case "shortened":
      return [{ path, message: `${name} is short for ${found.name}.`, hint: "Write it in full." }];
    case "ambiguous": {
      const more = found.names.length - 6;
      const some = found.names.slice(0, 6).join(", ") + (more > 0 ? ` and ${more} more` : "");
      return [{ path, message: `${name} could be any of ${some}.`, hint: "Write it in full." }];
    }
    case "unknown": {
      const where = `The contract ${contract.name} lists them all; docs/engine-arguments.md says how to use another.`;
      const meant = nearest(name, namesIn(contract));
      const hint = meant === undefined ? where : `Did you mean ${meant}?`;
      return [{ path, message: `${name} is no argument of the server.`, hint }];
    }
    default:
      return found satisfies never;
  }
}

function namesIn({ flags }: ArgumentsContract): readonly string[] {
  return flags.flatMap((flag) => flag.names);
}
