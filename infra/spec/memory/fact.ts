/**
 * How far a number can be trusted. `given`: read from what was given, a `config.json` or the label of a node. `code`: a constant of
 * the engine's code. `measured`: seen on a GPU of another kind or with another model. `reported`: published by others who read the
 * checkpoint. `derived`: follows from other numbers. `assumed`: nobody has checked it.
 */
export type Basis = "given" | "code" | "measured" | "reported" | "derived" | "assumed";

/** A number with its origin. */
export interface Fact {
  readonly value: number;
  readonly basis: Basis;
  /** Who says so, in a few words. */
  readonly source: string;
}

/** A fact that a plan rests on and that neither what was given nor the engine's code settles. */
export interface Assumption extends Fact {
  /** What the number is, such as `kvHeads`. */
  readonly name: string;
}

/** The facts that somebody has to believe, in their order. */
export function assumptionsIn(facts: Readonly<Record<string, Fact>>): readonly Assumption[] {
  return Object.entries(facts)
    .filter(([, { basis }]) => basis !== "given" && basis !== "code")
    .map(([name, fact]) => ({ name, ...fact }));
}
