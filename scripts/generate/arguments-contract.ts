import { contractDocument } from "../../infra/config/contracts/contract-document.ts";
import { contractSchema } from "../../infra/config/contracts/contract-schema.ts";
import { keyeContract } from "../../infra/config/contracts/shipped.ts";
import type { Generator } from "../generator.ts";

/** What is made from the format of contracts, and from the one of the Keye branch. */
export const generators: readonly Generator[] = [
  {
    name: "arguments contract schema",
    path: "docs/schema/arguments-contract.schema.json",
    text: () => `${JSON.stringify(contractSchema, null, 2)}\n`,
  },
  {
    name: "rules of the Keye branch's arguments",
    path: "docs/engine-arguments-keye.md",
    text: () => contractDocument(keyeContract),
  },
];
