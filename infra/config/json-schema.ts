import type { Field, Fields } from "./field.ts";
import { stackFields } from "./fields.ts";
import { kindChoice } from "./kind-choice.ts";
import type { TextRule } from "./text-rules.ts";

/** A JSON Schema (draft-07) as plain JSON. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Text of a Kubernetes quantity; the smallest accepted one is not expressible. */
const quantityPattern = "^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$";

/**
 * Schema of `Pulumi.<stack>.yaml`, for editors: it describes `config["keye-stack:stack"]` and leaves the rest open. Says
 * all that the field table says; rules over several settings are the parser's alone.
 */
export function stackFileSchema(): JsonSchema {
  const stack = { $ref: "#/definitions/stack" };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Pulumi.<stack>.yaml of keye-stack",
    type: "object",
    properties: { config: { type: "object", properties: { "keye-stack:stack": stack } } },
    definitions: { stack: { description: "All settings of one stack.", ...groupSchema(stackFields) } },
  };
}

/** Schema of one setting. */
export function schemaOf(field: Field): JsonSchema {
  return {
    description: field.sentence,
    ...nullable(kindSchema(field), field.isNullable === true),
    ...(field.default === undefined ? {} : { default: field.default }),
  };
}

/** Schema of a group of settings. Unknown ones are refused. */
function groupSchema(fields: Fields): JsonSchema {
  const entries = Object.entries(fields);
  const required = entries.filter(([, field]) => isNeeded(field)).map(([name]) => name);
  return {
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(entries.map(([name, field]) => [name, schemaOf(field)])),
    ...(required.length === 0 ? {} : { required }),
  };
}

/** A group without a default of its own must be there as soon as one of its settings must. */
function isNeeded(field: Field): boolean {
  if (field.isRequired === true) return true;
  return field.kind === "group" && field.isOptional !== true && Object.values(field.fields).some(isNeeded);
}

function kindSchema(field: Field): JsonSchema {
  switch (field.kind) {
    case "text":
      return textSchema(field.rule);
    case "quantity":
      return { type: "string", pattern: quantityPattern };
    case "integer":
      return { type: "integer", minimum: field.min, maximum: field.max };
    case "fraction":
      return { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 };
    case "decimal":
      return { type: "number", exclusiveMinimum: 0, maximum: field.max };
    case "boolean":
      return { type: "boolean" };
    case "choice":
      return { type: "string", enum: field.of };
    case "texts":
      return { type: "array", items: textSchema(field.each), uniqueItems: true, minItems: field.min ?? 0 };
    case "map":
      return {
        type: "object",
        propertyNames: textSchema(field.keys),
        additionalProperties: textSchema(field.values),
        minProperties: field.min ?? 0,
      };
    case "group":
      return groupSchema(field.fields);
    case "groups":
      return { type: "array", items: groupSchema(field.fields), minItems: field.min, maxItems: field.max };
    case "variant":
      return variantSchema("kind", field.variants, field.defaultKind);
    case "variants": {
      const { by, variants, defaultVariant, min, max } = field;
      return { type: "array", items: variantSchema(by, variants, defaultVariant), minItems: min, maxItems: max };
    }
    default:
      return field satisfies never;
  }
}

function variantSchema(by: string, variants: Readonly<Record<string, Fields>>, defaultKind?: string): JsonSchema {
  return {
    oneOf: Object.entries(variants).map(([kind, fields]) =>
      groupSchema({ [by]: kindChoice({ by, kinds: [kind], defaultKind }), ...fields }),
    ),
  };
}

function textSchema(rule: TextRule): JsonSchema {
  return { type: "string", pattern: rule.pattern.source, maxLength: rule.maxLength };
}

function nullable(schema: JsonSchema, isNullable: boolean): JsonSchema {
  return isNullable ? { ...schema, type: [schema.type, "null"] } : schema;
}
