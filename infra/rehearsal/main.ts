import { parseArgs } from "node:util";
import { systemClock } from "../cluster/system-clock.ts";
import { DeployError, textOf } from "../core/errors.ts";
import { startCluster } from "./cluster.ts";
import { launchEngine } from "./engine/process.ts";
import { toolPath } from "./environment.ts";
import { hasGroupProgram } from "./groups/group-controller.ts";
import { readNodeFile } from "./node-file.ts";
import { defaultNodes } from "./nodes.ts";
import type { SupervisorMessage } from "./supervisor.ts";

/** Supervises one detached rehearsal: starts it, tells its starter, keeps it until SIGTERM. Started by `startDetached` only. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      name: { type: "string", default: "default" },
      dir: { type: "string", default: "" },
      nodes: { type: "string" },
      port: { type: "string" },
    },
  });
  const end = new AbortController();
  // Not `once`: a second signal while the cluster ends must not cut that short.
  process.on("SIGTERM", () => end.abort(new Error("SIGTERM")));
  process.on("SIGINT", () => end.abort(new Error("SIGINT")));
  const path = toolPath(process.env.PATH);
  const cluster = await startCluster({
    name: values.name,
    dir: values.dir,
    nodes: values.nodes === undefined ? defaultNodes : readNodeFile(values.nodes),
    ...(values.port === undefined ? {} : { port: Number(values.port) }),
    path,
    clock: systemClock,
    launch: launchEngine,
    hasServiceProxies: true,
    hasGroups: hasGroupProgram(path),
    signal: end.signal,
  });
  try {
    tell({ kind: "ready", startedIn: cluster.startedIn });
    const ended = new Promise<undefined>((resolve) => {
      if (end.signal.aborted) resolve(undefined);
      end.signal.addEventListener("abort", () => resolve(undefined));
    });
    const broken = await Promise.race([ended, cluster.broken]);
    if (broken !== undefined) process.stderr.write(`${broken.message}\n`);
  } finally {
    await cluster.close();
  }
}

/** The starter may be gone; then nobody needs to know. */
function tell(message: SupervisorMessage): void {
  if (process.send === undefined) return;
  process.send(message, undefined, undefined, () => process.disconnect());
}

try {
  await main();
  process.exit(0);
} catch (error) {
  const isForeseen = error instanceof DeployError || !(error instanceof Error);
  process.stderr.write(`${isForeseen ? textOf(error) : error.stack}\n`);
  process.exitCode = 1;
  if (error instanceof DeployError) {
    const { code, where, hint, message } = error;
    const bare = message.slice(`${code}: ${where}: `.length, hint === undefined ? undefined : -(hint.length + 1));
    tell({ kind: "failed", error: { code, where, message: bare, ...(hint === undefined ? {} : { hint }) } });
  }
}
