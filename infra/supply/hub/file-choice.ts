import type { HubFile } from "./hub.ts";

/** Which files of a repository are loaded. Patterns as the hubs' own tools have them: `*` stands for anything, slashes included. */
export interface FileChoice {
  /** Empty: all but those that an engine does not need. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** Never needed by an engine. `original/` holds the authors' own format beside the converted one. */
export const neverNeeded = [".gitattributes", ".gitignore", "original/*"] as const;

/** The same weights in other formats, left out where there are safetensors. */
export const otherFormats = ["*.bin", "*.pt", "*.pth", "*.ckpt", "*.h5", "*.msgpack", "*.onnx", "*.gguf"] as const;

/** Written by a hydration itself, so never loaded; `SHA256SUMS` describes the source, and the manifest takes its place. */
const ownNames = ["manifest.json", "SHA256SUMS", ".keye-*", "*.part"];

/** The files that are loaded, in the order given. `include` takes the place of the lists of what is not needed. */
export function chooseFiles(files: readonly HubFile[], { include, exclude }: FileChoice): readonly HubFile[] {
  const hasSafetensors = files.some(({ path }) => path.endsWith(".safetensors"));
  const unneeded = include.length > 0 ? [] : [...neverNeeded, ...(hasSafetensors ? otherFormats : [])];
  const isOut = matcher([...ownNames, ...unneeded, ...exclude]);
  const isIn = include.length === 0 ? () => true : matcher(include);
  return files.filter(({ path }) => isIn(path) && !isOut(path));
}

function matcher(patterns: readonly string[]): (path: string) => boolean {
  const rules = patterns.map((pattern) => {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".");
    return new RegExp(`^${source}$`, "s");
  });
  return (path) => rules.some((rule) => rule.test(path));
}
