/**
 * How far a number can be trusted. `config`: read from the checkpoint's own `config.json`. `code`: a constant of the engine's
 * code. `measured`: seen on a GPU of another kind or with another model. `reported`: published by others who read the
 * checkpoint. `derived`: follows from other numbers. `assumed`: nobody has checked it.
 */
export type Basis = "config" | "code" | "measured" | "reported" | "derived" | "assumed";

/** A number with its origin. */
export interface Fact {
  readonly value: number;
  readonly basis: Basis;
  /** Who says so, in a few words. */
  readonly source: string;
}

/** A fact that a plan rests on and that the given checkpoint and the engine's code do not settle. */
export interface Assumption extends Fact {
  /** What the number is, such as `kvHeads`. */
  readonly name: string;
}

/** The facts that somebody has to believe, in their order. */
export function assumptionsIn(facts: Readonly<Record<string, Fact>>): readonly Assumption[] {
  return Object.entries(facts)
    .filter(([, { basis }]) => basis !== "config" && basis !== "code")
    .map(([name, fact]) => ({ name, ...fact }));
}
