import { valueTypes } from "./contract.ts";

const flagName = { type: "string", pattern: "^--[A-Za-z0-9][A-Za-z0-9_-]*$" } as const;
const texts = { type: "array", items: { type: "string" }, minItems: 1 } as const;
const sentence = { type: "string", minLength: 1 } as const;

/** An object with one `kind` and exactly the properties given. */
function variant(kind: string, properties: object, required: readonly string[] = []): object {
  return {
    type: "object",
    properties: { kind: { const: kind }, ...properties },
    required: ["kind", ...required],
    additionalProperties: false,
  };
}

const flag = {
  type: "object",
  description: "One argument of the server.",
  properties: {
    names: {
      type: "array",
      items: flagName,
      minItems: 1,
      description: "All its spellings, the one that the usage text shows first.",
    },
    dest: { type: "string", description: "Field that it fills, as /server_info names it." },
    type: {
      enum: valueTypes,
      description:
        "How its value is read. humanInt also takes 256k and 256Ki; flag takes none; switch is --x or --no-x; any is not checked.",
    },
    nargs: { enum: ["+", "*", "?"], description: "How many values it takes where that is not one." },
    choices: { ...texts, description: "The accepted values; absent: any of the type." },
    default: { description: "What the server has where it is not given; absent: not known." },
    isRequired: { const: true },
    deprecated: { ...sentence, description: "What to use instead." },
    effect: { enum: ["none", "stops"], description: "none: it does nothing; stops: it ends the server." },
  },
  required: ["names", "dest", "type"],
  additionalProperties: false,
};

const condition = {
  oneOf: [
    variant("argument", { flag: flagName, values: texts }, ["flag"]),
    variant("no-argument", { flag: flagName, values: texts }, ["flag"]),
    variant("attention-backend", { is: sentence }, ["is"]),
    variant("api-key", {}),
  ],
};

const accepted = {
  oneOf: [
    variant("nothing", {}),
    variant("values", { values: texts }, ["values"]),
    variant("range", { min: { type: "number" }, max: { type: "number" } }),
    variant(
      "multiple",
      { of: { type: "integer", minimum: 1 }, or: { type: "array", items: { type: "integer" }, minItems: 1 } },
      ["of"],
    ),
    variant("tp-divisor", {}),
    variant("json", { isObject: { const: true } }),
  ],
};

const rule = {
  type: "object",
  description: "What the server asks of an argument beyond its type.",
  properties: {
    name: sentence,
    flag: flagName,
    when: { type: "array", items: condition, minItems: 1, description: "All must hold; absent: always." },
    accepts: { ...accepted, description: "The values that are let through." },
    message: { ...sentence, description: "What is wrong, after the argument's name and without a full stop." },
    stopsWith: {
      ...sentence,
      description: "What the server ends with; absent: not known, or it goes on otherwise than told.",
    },
    hint: { ...sentence, description: "What to do, in sentences." },
  },
  required: ["name", "flag", "accepts", "message", "hint"],
  additionalProperties: false,
};

/** JSON Schema of a contract file. */
export const contractSchema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "What one SGLang image accepts on its command line, version 1",
  type: "object",
  properties: {
    $schema: { type: "string" },
    version: { const: 1 },
    name: sentence,
    source: { ...sentence, description: "Where it was read: repository, branch or version, file." },
    flags: { type: "array", items: flag, minItems: 1 },
    rules: { type: "array", items: rule },
  },
  required: ["version", "name", "source", "flags", "rules"],
  additionalProperties: false,
};
