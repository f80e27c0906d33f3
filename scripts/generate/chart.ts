import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { sha256 } from "../../infra/cli/lock-file.ts";
import { renderStack } from "../../infra/cli/render.ts";
import { parseConfig, problemsText } from "../../infra/config/parse.ts";
import { engineChart, parseManifests, renderChart } from "../../infra/process/helm.ts";
import { emptyLock } from "../../infra/spec/lock/lock.ts";
import { pinStack } from "../../infra/spec/pinned-stack.ts";
import type { Generator } from "../generator.ts";

/** The chart's objects for each `ci/<variant>-values.yaml`, and the files that `keye render` writes with default settings. */
export const generators: readonly Generator[] = [
  ...variantsIn(join(engineChart, "ci")).map((variant) => ({
    name: `chart golden, ${variant}`,
    path: `test/golden/chart/${variant}.yaml`,
    text: () => renderVariant(variant),
  })),
  { name: "keye render golden", path: "test/golden/render.yaml", text: renderDefaults },
];

function variantsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith("-values.yaml"))
    .map((file) => file.slice(0, -"-values.yaml".length))
    .sort();
}

async function renderVariant(variant: string): Promise<string> {
  const values = parse(readFileSync(join(engineChart, "ci", `${variant}-values.yaml`), "utf8"));
  const request = { chartDir: engineChart, release: "keye", namespace: "keye", values };
  const objects = parseManifests(await renderChart(request));
  return objects.map((object) => stringify(object, { lineWidth: 0, version: "1.1" })).join("---\n");
}

/** All files in one, so that a change reads as one diff. */
async function renderDefaults(): Promise<string> {
  const parsed = parseConfig({ image: { digest: `sha256:${"0f1e2d3c4b5a6978".repeat(4)}` } });
  if (parsed.kind === "problems") throw new Error(problemsText(parsed.problems));
  const { files } = await renderStack(pinStack(parsed.config, emptyLock, { where: "the defaults", sha256 }));
  return files.map((file) => `# ${file.name}\n${file.text}`).join("---\n");
}
