import { ownArguments, unsupportedArguments } from "../engine-arguments.ts";
import { stepInto } from "../problem.ts";
import type { StackConfig } from "../stack-config.ts";
import type { ArgumentsContract } from "./contract.ts";
import { type FoundFlag, findFlag } from "./find-flag.ts";

/** One entry of `engine.extraArgs`. */
export interface ExtraArgument {
  readonly path: string;
  /** As it is written, without the value. */
  readonly name: string;
  /** Undefined for `--flag` alone. */
  readonly value: string | undefined;
  readonly found: FoundFlag;
}

/** The entries of `engine.extraArgs`, in order, with what the server makes of their names. */
export function extraArguments({ engine }: StackConfig, contract: ArgumentsContract): readonly ExtraArgument[] {
  return engine.extraArgs.map((text, index) => {
    const [name = text] = text.split("=", 1);
    const value = name === text ? undefined : text.slice(name.length + 1);
    return { path: stepInto("engine.extraArgs", index), name, value, found: findFlag(contract, name) };
  });
}

/** Every spelling of the argument that the server takes the entry for; its own where it takes it for none. */
export function spellings({ name, found }: ExtraArgument): readonly string[] {
  return found.kind === "known" || found.kind === "shortened" ? found.flag.names : [name];
}

/** What to do instead of an argument that the stack sets, undefined for others. */
export function ownHint(argument: ExtraArgument): string | undefined {
  return firstOf(ownArguments, argument);
}

/** Why an argument cannot be used in this stack, undefined for others. */
export function unsupportedReason(argument: ExtraArgument): string | undefined {
  return firstOf(unsupportedArguments, argument);
}

function firstOf(texts: Readonly<Record<string, string>>, argument: ExtraArgument): string | undefined {
  const name = spellings(argument).find((spelling) => Object.hasOwn(texts, spelling));
  return name === undefined ? undefined : texts[name];
}
