import { dirname, join } from "node:path";
import { lookAtCluster } from "../cluster/doctor-facts.ts";
import type { StackConfig } from "../config/stack-config.ts";
import { DeployError } from "../core/errors.ts";
import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import { examine, questionsOf } from "../spec/doctor/examine.ts";
import { countsOf, doctorReport } from "../spec/doctor/report.ts";
import { lockFile } from "../spec/lock/lock.ts";
import { type PinnedImage, pinStack } from "../spec/pinned-stack.ts";
import type { Command, CommandWorld } from "./command.ts";
import { doctorText } from "./doctor-text.ts";
import { parseFlags, usageError } from "./flags.ts";
import { readLockFile, sha256 } from "./lock-file.ts";
import { onlyStackFile, readStackFile } from "./stack-file.ts";

/** `keye doctor`: whether one stack can run on one cluster, without changing anything. */
export const doctor: Command = {
  help: `keye doctor [--stack-file FILE] [--context CONTEXT] [--json]

Looks at a cluster for the settings of one stack: versions, the identity's rights, namespace, quotas and limits, nodes, GPUs and
drivers, GPU memory by the planner, local disk, StorageClasses and claims, Secrets, and what must be reachable. Writes nothing.
Each finding has a name, a place, what was got and wanted, and a cure; docs/doctor.md lists them. What the identity may not
read is a note, not an error.

  --stack-file FILE  settings, such as Pulumi.prod.yaml (default: the only Pulumi.<stack>.yaml here)
  --context CONTEXT  context of the kubeconfig (default: the setting context, else the current one)
  --json             the findings as JSON, by docs/schema/doctor-report.schema.json

What a rollout that ended early has left is another question: keye doctor rollout --help.

Exit codes: 0 no error among the findings, 1 errors (their class stands with each), 2 bad settings, 4 the cluster cannot be asked,
130 cancelled.
`,
  run: runDoctor,
};

async function runDoctor(args: readonly string[], world: CommandWorld): Promise<ExitCode> {
  const { values, positionals } = parseFlags("doctor", args, {
    "stack-file": { type: "string" },
    context: { type: "string" },
    json: { type: "boolean" },
  });
  const extra = positionals[0];
  if (extra !== undefined) {
    throw usageError("doctor", `unexpected argument "${extra}"; the file with the settings goes into --stack-file.`);
  }
  const stackFile = values["stack-file"] ?? onlyStackFile("doctor");
  const config = readStackFile(stackFile);
  const image = lockedImage(config, stackFile);
  const context = values.context ?? config.context;
  const facts = await lookAtCluster(context === undefined ? {} : { context }, questionsOf(config), world.signal);
  const findings = examine({ config, facts, ...(image === undefined ? {} : { image }) });
  if (values.json === true) {
    const { server, serverVersion } = facts;
    world.out(JSON.stringify(doctorReport({ stackFile, server, serverVersion }, findings), null, 2));
  } else {
    world.out(`${stackFile} on ${facts.server}, Kubernetes ${facts.serverVersion}\n\n${doctorText(findings)}`);
  }
  return countsOf(findings).error === 0 ? exitCodes.pass : exitCodes.fail;
}

/** The image, where settings and lock tell it. A stack that is not locked yet can be looked at all the same. */
function lockedImage(config: StackConfig, stackFile: string): PinnedImage | undefined {
  const lock = readLockFile(join(dirname(stackFile), lockFile));
  try {
    return pinStack(config, lock, { where: stackFile, sha256 }).image;
  } catch (error) {
    if (error instanceof DeployError && error.code === "CONFIG_LOCK") return undefined;
    throw error;
  }
}
