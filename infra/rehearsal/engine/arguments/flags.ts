import rawDefaults from "./defaults.json" with { type: "json" };
import rawFlags from "./flags.json" with { type: "json" };

/** A plain JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** How a value on the command line is read. `flag` takes none; `switch` is `--x` or `--no-x`. */
export type FlagType = "str" | "int" | "float" | "humanInt" | "json" | "flag" | "switch";

/** One option of the command line, in the order of the server's own usage text. */
export interface Flag {
  /** Long names; the first is the one that the usage text shows. */
  readonly flags: readonly string[];
  /** Field that it fills, as `/server_info` names it. */
  readonly dest: string;
  readonly type: FlagType;
  readonly choices?: readonly string[];
  readonly nargs?: "+" | "*" | "?";
  readonly required?: true;
}

/**
 * Every option of the Keye branch, taken from its usage text (commit 750ca3563) with the aliases of `server_args.py`.
 */
// The JSON import widens the literal unions; the file is written in exactly this shape.
export const flags = rawFlags as unknown as readonly Flag[];

/** What each field holds when nothing is given, in the order in which `/server_info` lists them. */
export const defaults: Readonly<Record<string, Json>> = rawDefaults;
