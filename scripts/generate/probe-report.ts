import { documentSchema } from "../../infra/prober/reports/document-schema.ts";
import type { Generator } from "../generator.ts";

/** What is made from the schema of probe reports. */
export const generators: readonly Generator[] = [
  {
    name: "probe report schema",
    path: "docs/schema/probe-report.schema.json",
    text: () => `${JSON.stringify(documentSchema, null, 2)}\n`,
  },
];
