/** A plain JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * How the server reads a value. `humanInt` also takes `256k` and `256Ki`; `flag` takes no value; `switch` is `--x` or
 * `--no-x`; `any` is not checked.
 */
export const valueTypes = ["str", "int", "float", "humanInt", "json", "flag", "switch", "any"] as const;

/** One of `valueTypes`. */
export type ValueType = (typeof valueTypes)[number];

/** One argument of the server. */
export interface ContractFlag {
  /** All its spellings, the one that the server's usage text shows first. */
  readonly names: readonly string[];
  /** Field that it fills, as `/server_info` names it. */
  readonly dest: string;
  readonly type: ValueType;
  /** How many values it takes where that is not one, in argparse's signs. */
  readonly nargs?: "+" | "*" | "?";
  /** Absent: any value of the type. */
  readonly choices?: readonly string[];
  /** What the server has where the argument is not given. Absent: not known. */
  readonly default?: Json;
  readonly isRequired?: true;
  /** What to use instead of it, in a sentence. */
  readonly deprecated?: string;
  /** What it does: `none` for nothing at all, `stops` for ending the server. Absent: what it says. */
  readonly effect?: "none" | "stops";
}

/** What has to hold for a rule to be looked at. */
export type RuleCondition =
  | { readonly kind: "argument"; readonly flag: string; readonly values?: readonly string[] }
  | { readonly kind: "no-argument"; readonly flag: string; readonly values?: readonly string[] }
  /** `gate.expect.attentionBackend` has the value. */
  | { readonly kind: "attention-backend"; readonly is: string }
  /** `engine.apiKeySecret` is set. */
  | { readonly kind: "api-key" };

/** The values of an argument that a rule lets through. */
export type Accepted =
  | { readonly kind: "nothing" }
  | { readonly kind: "values"; readonly values: readonly string[] }
  | { readonly kind: "range"; readonly min?: number; readonly max?: number }
  | { readonly kind: "multiple"; readonly of: number; readonly or?: readonly number[] }
  /** A divisor of `engine.tpSize`. */
  | { readonly kind: "tp-divisor" }
  /** JSON, and nothing but an object where `isObject`. */
  | { readonly kind: "json"; readonly isObject?: true };

/** What the server asks of an argument beyond its type: alone, or together with others. */
export interface ArgumentRule {
  readonly name: string;
  /** Any name of the argument that it is about. */
  readonly flag: string;
  /** All must hold. Absent: always. */
  readonly when?: readonly RuleCondition[];
  readonly accepts: Accepted;
  /** What is wrong, after the argument's name and without a full stop, such as `must be 64`. */
  readonly message: string;
  /** What the server ends with. Absent: not known, or it goes on and does something else than it was told. */
  readonly stopsWith?: string;
  /** What to do, in sentences. */
  readonly hint: string;
}

/** What one SGLang image accepts on its command line. */
export interface ArgumentsContract {
  readonly version: 1;
  readonly name: string;
  /** Where it was read: repository, branch or version, file. */
  readonly source: string;
  readonly flags: readonly ContractFlag[];
  readonly rules: readonly ArgumentRule[];
}
