import type { FieldsFor } from "../field.ts";
import type { SecretRef } from "../stack-config.ts";
import { textRules } from "../text-rules.ts";

/** Settings that name one key of an existing Secret in the stack's namespace. */
export const secretRefFields: FieldsFor<SecretRef> = {
  name: {
    kind: "text",
    rule: textRules.objectName,
    isRequired: true,
    isSensitive: true,
    sentence: "Name of the Secret, which must exist in the stack's namespace.",
  },
  key: {
    kind: "text",
    rule: textRules.secretKey,
    isRequired: true,
    isSensitive: true,
    sentence: "Key in the Secret that holds the value.",
  },
};
