import type { ArgumentsContract } from "./contract.ts";
import keye from "./keye-vl-v2-30b-release.json" with { type: "json" };

/** The contract of the image that the model's authors publish. */
// A test reads the file by readContract, which proves the shape; the JSON import widens its literal unions.
export const keyeContract = keye as unknown as ArgumentsContract;

/** The contracts that come with this project, by name. */
export const shippedContracts: ReadonlyMap<string, ArgumentsContract> = new Map([[keyeContract.name, keyeContract]]);
