import type { Field, Fields } from "./field.ts";
import { stackFields } from "./fields.ts";

/** A record of the field table with the path of its setting; `[]` stands for any place in a list. */
export interface Setting {
  readonly path: string;
  readonly field: Field;
}

/** Every setting below `fields`, groups included, in the order of the table. */
export function settingsOf(fields: Fields, prefix = ""): readonly Setting[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    return [{ path, field }, ...settingsInside(field, path)];
  });
}

function settingsInside(field: Field, path: string): readonly Setting[] {
  switch (field.kind) {
    case "group":
      return settingsOf(field.fields, `${path}.`);
    case "groups":
      return settingsOf(field.fields, `${path}[].`);
    case "variant":
      return Object.values(field.variants).flatMap((fields) => settingsOf(fields, `${path}.`));
    case "variants":
      return Object.values(field.variants).flatMap((fields) => settingsOf(fields, `${path}[].`));
    default:
      return [];
  }
}

/** Paths of all settings of a stack, each once, however many kinds of a group have it. */
export const settingPaths: readonly string[] = [...new Set(settingsOf(stackFields).map((setting) => setting.path))];
