import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import { engineChart, parseManifests, renderChart } from "../process/helm.ts";
import { chartValues } from "../spec/chart-values.ts";
import { lockFile } from "../spec/lock/lock.ts";
import { type ManifestFile, manifestFiles } from "../spec/manifest-files.ts";
import { type PinnedStack, pinStack } from "../spec/pinned-stack.ts";
import { revisionOf } from "../spec/revision.ts";
import type { Command, CommandWorld } from "./command.ts";
import { parseFlags, usageError } from "./flags.ts";
import { readLockFile, sha256 } from "./lock-file.ts";
import { replaceFiles } from "./rendered-dir.ts";
import { readStackFile } from "./stack-file.ts";

/** `keye render`: the stack's objects as files, for pipelines that apply manifests themselves. */
export const render: Command = {
  help: `keye render --to DIR [--stack-file FILE]

Writes one file for each Kubernetes object, and a kustomization.yaml. The same settings give the same bytes. Secrets are
named, never written. No cluster and no registry is asked: what moves is taken from keye.lock.yaml.

  --to DIR           folder to write to: a new or empty one, or one that keye render wrote before
  --stack-file FILE  settings, such as Pulumi.prod.yaml (default Pulumi.rehearsal.yaml)

The live Service is written without a selector, so that a tool which applies the files never moves traffic. See
docs/chart.md for how to prove a revision and let the Service select it.

Exit codes: 0 written, 2 bad input, 4 environment.
`,
  run: runRender,
};

async function runRender(args: readonly string[], world: CommandWorld): Promise<ExitCode> {
  const { values, positionals } = parseFlags("render", args, {
    to: { type: "string" },
    "stack-file": { type: "string" },
  });
  const extra = positionals[0];
  if (extra !== undefined) throw usageError("render", `unexpected argument "${extra}"; the folder goes into --to.`);
  if (values.to === undefined || values.to === "")
    throw usageError("render", "--to is missing, such as --to deploy/keye.");
  const stackFile = values["stack-file"] ?? "Pulumi.rehearsal.yaml";
  const stack = pinStack(readStackFile(stackFile), readLockFile(lockFile), { where: stackFile, sha256 });
  const { revision, files } = await renderStack(stack);
  replaceFiles(values.to, files);
  world.err(`Revision ${revision}: ${files.length} files in ${values.to}`);
  return exitCodes.pass;
}

/** The stack's objects as files. Throws `ENV_HELM`. */
export async function renderStack(
  config: PinnedStack,
): Promise<{ readonly revision: string; readonly files: readonly ManifestFile[] }> {
  const { name, namespace } = config;
  const values = chartValues(config, "manifests");
  const objects = parseManifests(await renderChart({ chartDir: engineChart, release: name, namespace, values }));
  return { revision: revisionOf(objects), files: manifestFiles(name, objects) };
}
