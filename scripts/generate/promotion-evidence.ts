import { evidenceSchema } from "../../infra/gate/evidence-schema.ts";
import type { Generator } from "../generator.ts";

/** What is made from the schema of a promotion's evidence. */
export const generators: readonly Generator[] = [
  {
    name: "promotion evidence schema",
    path: "docs/schema/promotion-evidence.schema.json",
    text: () => `${JSON.stringify(evidenceSchema, null, 2)}\n`,
  },
];
