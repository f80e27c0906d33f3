import { stackFileSchema } from "../../infra/config/json-schema.ts";
import { settingsDocument } from "../../infra/config/settings-document.ts";
import type { Generator } from "../generator.ts";

/** What is made from the field table. */
export const generators: readonly Generator[] = [
  {
    name: "stack schema",
    path: "infra/config/schema/stack.schema.json",
    text: () => `${JSON.stringify(stackFileSchema(), null, 2)}\n`,
  },
  { name: "settings document", path: "docs/settings.md", text: settingsDocument },
];
