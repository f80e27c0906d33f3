import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv } from "ajv";
import { parse } from "yaml";

/** A CustomResourceDefinition, as far as it is read here. */
export interface Crd {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly scope: "Namespaced" | "Cluster";
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

interface Schema {
  readonly [keyword: string]: unknown;
}

const folder = resolve(import.meta.dirname, "../fixtures/crds");

/** A published definition from test/fixtures/crds; about.md there says which version it is of. */
export function readCrd(file: string): Crd {
  return parse(readFileSync(join(folder, file), "utf8"));
}

/** Says what is wrong with an object by the schema of one version. Fields that the schema does not know are wrong too. */
export function schemaProblems({ spec }: Crd, version: string): (object: unknown) => readonly string[] {
  const found = spec.versions.find(({ name }) => name === version);
  if (found === undefined) throw new Error(`the definition has no version ${version}`);
  // Formats such as int32 and keywords such as x-kubernetes-list-type are the API server's own.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const validate = ajv.compile(closed(found.schema.openAPIV3Schema));
  return (object) => {
    if (validate(object)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) => {
      const stranger = params.additionalProperty === undefined ? "" : ` (${params.additionalProperty})`;
      return `${instancePath}: ${message}${stranger}`;
    });
  };
}

/** The schema with every object closed that lists its fields. */
function closed(schema: Schema): Schema {
  const inner = Object.entries(schema).map(([key, value]) => [key, closedValue(value)]);
  const isOpen = schema["x-kubernetes-preserve-unknown-fields"] === true || schema.additionalProperties !== undefined;
  const listsFields = schema.type === "object" && schema.properties !== undefined;
  return { ...Object.fromEntries(inner), ...(listsFields && !isOpen ? { additionalProperties: false } : {}) };
}

function closedValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closedValue);
  return typeof value === "object" && value !== null ? closed({ ...value }) : value;
}
