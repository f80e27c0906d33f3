import type { TextRule } from "./text-rules.ts";

/** What every record of the field table says. */
interface Described {
  /** What the setting does, in one sentence. */
  readonly sentence: string;
  readonly unit?: string;
  /** Why the limits are as they are, or where the value is found. Shown when a value is refused or missing. */
  readonly hint?: string;
  /** Where an outside fact behind default or limits was read. */
  readonly source?: string;
  /** What the default follows from, where it is no fixed value: a part of a sentence. */
  readonly computed?: string;
  /** Refused values are not repeated in messages. */
  readonly isSensitive?: true;
}

interface TextKind {
  readonly kind: "text";
  readonly rule: TextRule;
}

interface QuantityKind {
  readonly kind: "quantity";
  /** Smallest accepted quantity. */
  readonly min: string;
}

interface IntegerKind {
  readonly kind: "integer";
  readonly min: number;
  readonly max: number;
}

/** A number above 0 and below 1. */
interface FractionKind {
  readonly kind: "fraction";
}

/** A number above 0 and up to `max`. */
interface DecimalKind {
  readonly kind: "decimal";
  readonly max: number;
}

interface BooleanKind {
  readonly kind: "boolean";
}

interface ChoiceKind<T extends string = string> {
  readonly kind: "choice";
  readonly of: readonly T[];
}

/** A list of texts, none of them twice. */
interface TextsKind {
  readonly kind: "texts";
  readonly each: TextRule;
  readonly min?: number;
}

interface MapKind {
  readonly kind: "map";
  readonly keys: TextRule;
  readonly values: TextRule;
  readonly min?: number;
}

interface GroupKind<F = Fields> {
  readonly kind: "group";
  readonly fields: F;
}

interface GroupsKind<F = Fields> {
  readonly kind: "groups";
  /** One entry, for messages, such as `node pool`. */
  readonly entry: string;
  readonly fields: F;
  readonly min: number;
  readonly max: number;
}

/** A group whose setting `kind` decides which other settings it has. */
interface VariantKind<V = Readonly<Record<string, Fields>>> {
  readonly kind: "variant";
  readonly variants: V;
  /** The variant that is meant where `kind` is not given; the group is then read as `{}` where it is absent. */
  readonly defaultKind?: keyof V & string;
}

/** A list of groups, each with the setting `by` that decides which other settings it has. */
interface VariantsKind<V = Readonly<Record<string, Fields>>> {
  readonly kind: "variants";
  /** One entry, for messages. */
  readonly entry: string;
  readonly by: string;
  readonly variants: V;
  /** The variant that is meant where `by` is not given. */
  readonly defaultVariant: keyof V & string;
  readonly min: number;
  readonly max: number;
}

type AnyKind =
  | TextKind
  | QuantityKind
  | IntegerKind
  | FractionKind
  | DecimalKind
  | BooleanKind
  | ChoiceKind
  | TextsKind
  | MapKind
  | GroupKind
  | GroupsKind
  | VariantKind
  | VariantsKind;

/** Whether a setting must be there. A group that is neither required nor optional is read as if it were `{}`. */
interface AnyPresence {
  readonly isRequired?: true;
  readonly isOptional?: true;
  readonly default?: unknown;
  /** `null` is a value of this setting. */
  readonly isNullable?: true;
}

/** One record of the field table, whatever its kind. */
export type Field = Described & AnyPresence & AnyKind;

/** The settings of one group by name, in the order in which they are documented. */
export interface Fields {
  readonly [name: string]: Field;
}

/** The records that the fields of `T` need: one for each, of the fitting kind. Proves that table and type agree. */
export type FieldsFor<T> = { readonly [K in keyof T]-?: FieldFor<T[K]> };

type FieldFor<T> = Described & PresenceFor<T> & KindFor<NonNullable<T>> & NullFor<T>;

type NullFor<T> = null extends T ? { readonly isNullable: true } : unknown;

/** Absent, it is computed from other settings after reading: `computed-settings.ts`. */
interface Computed {
  readonly isOptional: true;
  readonly computed: string;
}

type PresenceFor<T> = undefined extends T
  ? { readonly isOptional: true } | { readonly default: NonNullable<T> }
  : NonNullable<T> extends readonly unknown[] | string | number | boolean
    ? { readonly isRequired: true } | { readonly default: T } | Computed
    : string extends keyof T
      ? { readonly isRequired: true } | { readonly default: T }
      : unknown;

type KindFor<T> = [T] extends [boolean]
  ? BooleanKind
  : [T] extends [number]
    ? IntegerKind | FractionKind | DecimalKind
    : [T] extends [string]
      ? string extends T
        ? TextKind | QuantityKind
        : ChoiceKind<T>
      : [T] extends [readonly string[]]
        ? TextsKind
        : [T] extends [readonly (infer E)[]]
          ? ListKind<E>
          : string extends keyof T
            ? MapKind
            : [T] extends [{ readonly kind: infer K extends string }]
              ?
                  | VariantKind<{ readonly [V in K]: FieldsFor<Omit<Extract<T, { readonly kind: V }>, "kind">> }>
                  | SingleKind<T>
              : GroupKind<FieldsFor<T>>;

/** A list whose entries say their `provider` has the settings of each. */
type ListKind<E> = [E] extends [{ readonly provider: infer P extends string }]
  ? VariantsKind<{ readonly [V in P]: FieldsFor<Omit<Extract<E, { readonly provider: V }>, "provider">> }>
  : GroupsKind<FieldsFor<E>>;

/** A group with only one kind so far keeps `kind` as an ordinary choice. */
type SingleKind<T> = GroupKind<FieldsFor<T>>;
