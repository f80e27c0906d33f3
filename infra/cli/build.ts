import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { connect } from "../cluster/connect.ts";
import { systemClock } from "../cluster/system-clock.ts";
import type { StackConfig } from "../config/stack-config.ts";
import { DeployError } from "../core/errors.ts";
import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import { buildConfigMap, buildJob } from "../spec/build/build-job.ts";
import { type BuildPlan, planBuild } from "../spec/build/build-plan.ts";
import { entryOf, lockFile } from "../spec/lock/lock.ts";
import { jobStatus } from "../status/job-status.ts";
import { openRegistry } from "../supply/registry/registry.ts";
import { recordBuild } from "./build-record.ts";
import { type BuildJobs, type BuiltImage, runBuild } from "./build-run.ts";
import type { Command, CommandWorld } from "./command.ts";
import { parseFlags, usageError } from "./flags.ts";
import { readLockFile, sha256 } from "./lock-file.ts";
import { dockerLogins } from "./registry-logins.ts";
import { readStackFile } from "./stack-file.ts";

/** `keye build`: the engine's image from the authors' three repositories, built by a Job on the cluster. */
export const build: Command = {
  help: `keye build [--stack-file FILE] [--context CONTEXT] [--follow]
keye build --dry-run | --cancel [--stack-file FILE] [--context CONTEXT]

Builds the image of a stack with image.kind source, at the commits and digests of ${lockFile} (keye lock writes them), by a
Job of rootless BuildKit, and records its digest there; commit that file. Nothing is done where the file and the registry
have the image of the same inputs. A Job that runs for them already is followed; one that failed is begun anew. Needs no GPU.

  --stack-file FILE  settings, such as Pulumi.prod.yaml (default: the only one here with image.kind source)
  --context CONTEXT  context of the kubeconfig (default: the setting context, else the current one)
  --follow           shows the whole log, not only where it is
  --dry-run          prints ConfigMap and Job, asks no cluster
  --cancel           ends the Job of the present inputs, and deletes it

Ctrl-C leaves the Job running. Prints the image's name with its digest to stdout.

Exit codes: 0 built, or nothing to do; 1 the build failed, 2 bad input, 4 environment, 130 cancelled.
`,
  run: runCommand,
};

async function runCommand(args: readonly string[], world: CommandWorld): Promise<ExitCode> {
  const { values, positionals } = parseFlags("build", args, {
    "stack-file": { type: "string" },
    context: { type: "string" },
    follow: { type: "boolean" },
    "dry-run": { type: "boolean" },
    cancel: { type: "boolean" },
  });
  const extra = positionals[0];
  if (extra !== undefined) {
    throw usageError("build", `unexpected argument "${extra}"; the file with the settings goes into --stack-file.`);
  }
  if (values["dry-run"] === true && values.cancel === true) {
    throw usageError("build", "--dry-run and --cancel exclude each other.");
  }
  const { file, config } = readSettings(values["stack-file"]);
  const locks = join(dirname(file), lockFile);
  const plan = planBuild(config, readLockFile(locks), { where: file, sha256 });
  if (values["dry-run"] === true) {
    world.out(
      [buildConfigMap(plan), buildJob(plan)].map((object) => stringify(object, { lineWidth: 0 })).join("---\n"),
    );
    return exitCodes.pass;
  }
  const context = values.context ?? config.context;
  const connection = connect(context === undefined ? {} : { context });
  try {
    if (values.cancel === true) return await cancel(plan, connection.jobs, world);
    return await bring(plan, { jobs: connection.jobs, locks, isLoud: values.follow === true }, world);
  } finally {
    connection.close();
  }
}

interface BringOptions {
  readonly jobs: BuildJobs;
  /** The lock file. */
  readonly locks: string;
  /** Whether every line of the log is shown. */
  readonly isLoud: boolean;
}

async function bring(plan: BuildPlan, { jobs, locks, isLoud }: BringOptions, world: CommandWorld): Promise<ExitCode> {
  const imageOf = imagesIn(plan, world);
  const known = entryOf(readLockFile(locks).builds, plan.key);
  if (known !== undefined && known.repository === plan.image.repository) {
    const image = await imageOf(known.digest, world.signal);
    if (image.kind !== "none") {
      const checked = image.kind === "there" ? "and the registry has it" : "and the registry cannot be asked from here";
      world.err(`Build ${plan.key} is in ${locks}, ${checked}: nothing to do.`);
      world.out(`${known.repository}@${known.digest}`);
      return exitCodes.pass;
    }
    world.err(`Build ${plan.key} is in ${locks}, but the registry no longer has it.`);
  }
  const onLog = isLoud ? world.err : () => undefined;
  try {
    const result = await runBuild(plan, { jobs, clock: systemClock, imageOf, tell: world.err, onLog }, world.signal);
    const image = await imageOf(result.digest, world.signal);
    if (image.kind === "none") throw missing(plan, result.digest);
    const builtAt = new Date(systemClock.now());
    recordBuild(locks, plan, { ...result, builtAt, ...(image.kind === "there" ? { bytes: image.bytes } : {}) });
    if (result.needsGpu.length > 0)
      world.err(`Not tried without a GPU: import of ${result.needsGpu.join(", ")}. The gate's first requests will.`);
    world.err(`Build ${plan.key} is recorded in ${locks}; commit it.`);
    world.out(`${plan.image.repository}@${result.digest}`);
    return exitCodes.pass;
  } catch (error) {
    if (world.signal.aborted) {
      world.err(
        `Job ${plan.namespace}/${plan.name}, if begun, goes on. Follow it: keye build. End it: keye build --cancel.`,
      );
    }
    throw error;
  }
}

/** A Job that began before `image.repository` was changed pushes to the old one. */
function missing({ namespace, name, image }: BuildPlan, digest: string): DeployError {
  return new DeployError({
    code: "E_BUILD",
    where: `${namespace}/jobs/${name}`,
    message: `It says that it built ${digest}, and ${image.repository} has no such image.`,
    hint: "Run keye build again: it begins anew.",
  });
}

async function cancel(plan: BuildPlan, jobs: BuildJobs, world: CommandWorld): Promise<ExitCode> {
  const ref = { namespace: plan.namespace, name: plan.name };
  const view = await jobs.find(ref, world.signal);
  if (view === undefined) world.err(`There is no Job ${ref.namespace}/${ref.name}: nothing to cancel.`);
  else {
    const { kind } = jobStatus(view);
    await jobs.remove({ ...ref, uid: view.job.metadata.uid ?? "" }, world.signal);
    world.err(`Job ${ref.namespace}/${ref.name}, which was ${kind}, is deleted with its pod.`);
  }
  return exitCodes.pass;
}

function imagesIn({ image }: BuildPlan, world: CommandWorld) {
  const registry = openRegistry(image.repository, { clock: systemClock, loginFor: dockerLogins(world.env) });
  return async (digest: string, signal: AbortSignal): Promise<BuiltImage> => {
    try {
      if ((await registry.find(digest, signal)) === undefined) return { kind: "none" };
      return { kind: "there", bytes: await registry.sizeOf(digest, signal) };
    } catch (error) {
      // A registry that only the cluster reaches, or that wants a login which this machine has not.
      if (error instanceof DeployError && !signal.aborted) return { kind: "unknown" };
      throw error;
    }
  };
}

function readSettings(named: string | undefined): { readonly file: string; readonly config: StackConfig } {
  if (named !== undefined) return { file: named, config: readStackFile(named) };
  const files = readdirSync(".").filter((name) => /^Pulumi\..+\.yaml$/.test(name));
  const built = files
    .sort()
    .map((file) => ({ file, config: readStackFile(file) }))
    .filter(({ config }) => config.image.kind === "source");
  const [only, ...others] = built;
  if (only !== undefined && others.length === 0) return only;
  const found = built.map(({ file }) => file).join(", ");
  throw usageError(
    "build",
    only === undefined
      ? "no Pulumi.<stack>.yaml here has image.kind source; name one with --stack-file."
      : `${found} all have image.kind source; name one with --stack-file.`,
  );
}
