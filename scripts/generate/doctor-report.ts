import { doctorReportSchema } from "../../infra/spec/doctor/report.ts";
import type { Generator } from "../generator.ts";

/** What is made from the schema of a doctor's report. */
export const generators: readonly Generator[] = [
  {
    name: "doctor report schema",
    path: "docs/schema/doctor-report.schema.json",
    text: () => `${JSON.stringify(doctorReportSchema, null, 2)}\n`,
  },
];
