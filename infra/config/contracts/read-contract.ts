import { Ajv, type ValidateFunction } from "ajv";
import type { ArgumentsContract } from "./contract.ts";
import { contractSchema } from "./contract-schema.ts";

/** The text of a file that lies beside the stack file; undefined where there is none. */
export type ReadBeside = (file: string) => string | undefined;

/** A contract, or what is wrong with its file in a part of a sentence. */
export type ContractRead =
  | { readonly kind: "contract"; readonly contract: ArgumentsContract }
  | { readonly kind: "fault"; readonly fault: string };

let compiled: ValidateFunction<ArgumentsContract> | undefined;

/** Reads the text of a contract file. Never throws. */
export function readContract(text: string): ContractRead {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "fault", fault: "it is no JSON" };
  }
  // Made at the first file: most runs read none, and it takes longer than reading one.
  compiled ??= new Ajv({ allErrors: false }).compile<ArgumentsContract>(contractSchema);
  if (!compiled(value)) {
    const [error] = compiled.errors ?? [];
    return { kind: "fault", fault: `${error?.instancePath || "the whole"} ${error?.message ?? "is not as wanted"}` };
  }
  const fault = inconsistency(value);
  return fault === undefined ? { kind: "contract", contract: value } : { kind: "fault", fault };
}

/** What the schema cannot say: each name belongs to one argument, and rules are about arguments that exist. */
function inconsistency({ flags, rules }: ArgumentsContract): string | undefined {
  const names = new Set<string>();
  for (const name of flags.flatMap((flag) => flag.names)) {
    if (names.has(name)) return `${name} is in it twice`;
    names.add(name);
  }
  const asked = rules.flatMap(({ name, flag, when = [] }) => [
    { name, flag },
    ...when.flatMap((condition) => ("flag" in condition ? [{ name, flag: condition.flag }] : [])),
  ]);
  const lost = asked.find(({ flag }) => !names.has(flag));
  return lost && `its rule ${lost.name} is about ${lost.flag}, which it does not list`;
}
