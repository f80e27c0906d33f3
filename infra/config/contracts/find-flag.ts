import type { ArgumentsContract, ContractFlag } from "./contract.ts";

/** What the server makes of the name of an argument. */
export type FoundFlag =
  | { readonly kind: "known"; readonly flag: ContractFlag }
  /** The beginning of exactly one name, which argparse takes for that name. */
  | { readonly kind: "shortened"; readonly flag: ContractFlag; readonly name: string }
  | { readonly kind: "ambiguous"; readonly names: readonly string[] }
  | { readonly kind: "unknown" };

/** Finds an argument as Python's argparse does: by one of its names, else by the beginning of one. */
export function findFlag({ flags }: ArgumentsContract, name: string): FoundFlag {
  const known = flags.find((flag) => flag.names.includes(name));
  if (known !== undefined) return { kind: "known", flag: known };
  const begun = flags.flatMap((flag) =>
    flag.names.filter((full) => full.startsWith(name)).map((full) => ({ flag, full })),
  );
  const [first] = begun;
  if (first !== undefined && begun.length === 1) return { kind: "shortened", flag: first.flag, name: first.full };
  if (begun.length > 1) return { kind: "ambiguous", names: begun.map(({ full }) => full) };
  return { kind: "unknown" };
}
