import type { ArgumentRule, ArgumentsContract, ContractFlag } from "../../infra/config/contracts/contract.ts";

/** What `read_server_args.py` prints. */
export interface ServerArgsRead {
  readonly flags: readonly ContractFlag[];
  readonly unread: readonly Unread[];
}

/** A part of an argument that cannot be told without running the server's code. */
export interface Unread {
  /** Null where the name itself is not known. */
  readonly flag: string | null;
  readonly what: string;
  readonly reason: string;
}

/** A contract, and the rules that do not fit it. */
export interface MadeContract {
  readonly contract: ArgumentsContract;
  /** Rules about arguments that the server does not have. */
  readonly leftOut: readonly ArgumentRule[];
}

/** Puts a contract together, with those of `rules` whose arguments are all there. */
export function makeContract(
  { flags }: ServerArgsRead,
  { name, source, rules }: Pick<ArgumentsContract, "name" | "source" | "rules">,
): MadeContract {
  const names = new Set(flags.flatMap((flag) => flag.names));
  const fits = ({ flag, when = [] }: ArgumentRule) =>
    names.has(flag) && when.every((condition) => !("flag" in condition) || names.has(condition.flag));
  const contract = { version: 1, name, source, flags, rules: rules.filter(fits) } as const;
  return { contract, leftOut: rules.filter((rule) => !fits(rule)) };
}
