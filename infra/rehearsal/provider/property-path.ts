/** A path to a property, as the engine writes it: `spec.ports[0].name`, `metadata.labels["app.kubernetes.io/name"]`. */
export type PropertyPath = readonly (string | number)[];

const step = /\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|\.?([^.[\]]+)/y;

/** Reads a property path; `*` stays a step of its own. Undefined where the text is none. */
export function parsePropertyPath(text: string): PropertyPath | undefined {
  const steps: (string | number)[] = [];
  step.lastIndex = 0;
  while (step.lastIndex < text.length) {
    const match = step.exec(text);
    if (match === null) return undefined;
    const [, quoted, index, name] = match;
    if (quoted !== undefined) steps.push(quoted.replace(/\\(.)/g, "$1"));
    else if (index !== undefined) steps.push(index === "*" ? "*" : Number(index));
    else steps.push(name ?? "");
  }
  return steps;
}

/** Writes a property path. */
export function formatPropertyPath(path: PropertyPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/[."[\]]/.test(part)) text += `["${part.replace(/"/g, '\\"')}"]`;
    else text += text === "" ? part : `.${part}`;
  }
  return text;
}

/** Whether `path` is `prefix` or lies inside it. A `*` of the prefix stands for any one step. */
export function isWithin(path: PropertyPath, prefix: PropertyPath): boolean {
  return prefix.length <= path.length && prefix.every((part, i) => part === "*" || part === path[i]);
}
