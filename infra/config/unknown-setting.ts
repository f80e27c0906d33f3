import type { Fields } from "./field.ts";
import { anyPlace, stepInto } from "./problem.ts";
import type { Place } from "./read-value.ts";
import { settingPaths } from "./setting-paths.ts";
import { nearest } from "./suggest.ts";

/** Refuses a setting that the group at `place` does not have. Returns the sibling that was probably meant. */
export function refuseUnknown(key: string, fields: Fields, place: Place): string | undefined {
  const sibling = nearest(key, Object.keys(fields));
  const meant = sibling ?? settingElsewhere(key, anyPlace(place.path));
  const hint = meant === undefined ? `Settings here: ${Object.keys(fields).join(", ")}.` : `Did you mean ${meant}?`;
  place.findings.add({ path: stepInto(place.path, key), rule: "unknown-setting", message: "no such setting.", hint });
  return sibling;
}

/** Path of the setting with the nearest name, in any group but that at `path`. Another kind of this group may have it. */
function settingElsewhere(key: string, path: string): string | undefined {
  if (settingPaths.includes(`${path}.${key}`)) return undefined;
  const others = settingPaths.map(split).filter(({ group }) => group !== path);
  const name = nearest(
    key,
    others.map((other) => other.name),
  );
  return others.find((other) => other.name === name)?.path;
}

function split(path: string): { path: string; group: string; name: string } {
  const dot = path.lastIndexOf(".");
  return { path, group: path.slice(0, Math.max(dot, 0)), name: path.slice(dot + 1) };
}
