import { type ContractRead, type ReadBeside, readContract } from "./read-contract.ts";
import { keyeContract, shippedContracts } from "./shipped.ts";

/** What `engine.argumentsContract` stands for: a name, or a file where it ends in `.json`. */
export function chooseContract(setting: string | undefined, readBeside: ReadBeside): ContractRead {
  if (setting === undefined) return { kind: "contract", contract: keyeContract };
  if (!setting.endsWith(".json")) return shipped(setting);
  const text = readBeside(setting);
  return text === undefined
    ? { kind: "fault", fault: "there is no such file beside the stack file" }
    : readContract(text);
}

function shipped(name: string): ContractRead {
  const contract = shippedContracts.get(name);
  if (contract !== undefined) return { kind: "contract", contract };
  const names = [...shippedContracts.keys()].join(", ");
  return { kind: "fault", fault: `the project brings no contract of this name, only ${names}` };
}
