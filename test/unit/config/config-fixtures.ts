import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";

const root = resolve(import.meta.dirname, "../../..");
const folder = join(root, "test/fixtures/config");

/** One file of settings: the value of `keye-stack:stack`. */
export interface ConfigFixture {
  readonly name: string;
  readonly settings: unknown;
  /** For an invalid file: the lines of its `# Refused with:` head, in order. */
  readonly refusals: readonly string[];
}

/** The files whose names begin with `prefix`, sorted. */
export function fixtures(prefix: "valid" | "invalid"): readonly ConfigFixture[] {
  const files = readdirSync(folder).filter((file) => file.startsWith(`${prefix}-`));
  return files.sort().map((file) => {
    const text = readFileSync(join(folder, file), "utf8");
    const [title, ...comments] = text.split("\n").filter((line) => line.startsWith("# "));
    if (prefix === "invalid" && title !== "# Refused with:")
      throw new Error(`${file} does not begin with "# Refused with:"`);
    return { name: file, settings: parse(text), refusals: comments.map((line) => line.slice(2)) };
  });
}

/** The settings in `Pulumi.<stack>.yaml` of the repository. */
export function stackSettings(stack: string): unknown {
  const file: { readonly config: Readonly<Record<string, unknown>> } = parse(
    readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8"),
  );
  return file.config["keye-stack:stack"];
}
