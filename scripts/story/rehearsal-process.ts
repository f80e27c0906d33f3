import { join } from "node:path";
import { DeployError } from "../../infra/core/errors.ts";
import { runCommand } from "../../infra/process/command.ts";
import { layoutOf } from "../../infra/rehearsal/control-plane/layout.ts";
import { isAlive, type RehearsalState, readState } from "../../infra/rehearsal/state.ts";

/** One rehearsal cluster in processes of its own, as a person would start it. */
export interface RehearsalProcess {
  /** The project's folder. */
  readonly root: string;
  readonly name: string;
  readonly say: (line: string) => void;
}

/** Starts it in the background and waits until its nodes are ready. Throws `ENV_NOT_RUNNING`. */
export async function startRehearsal(rehearsal: RehearsalProcess): Promise<RehearsalState> {
  await keyeRehearse(rehearsal, "up", "--detach");
  return rehearsalState(rehearsal);
}

/** Ends it; fine where it has ended already. */
export async function endRehearsal(rehearsal: RehearsalProcess): Promise<void> {
  await keyeRehearse(rehearsal, "down");
}

/** Its state as it is now. Throws `ENV_NOT_RUNNING`. */
export function rehearsalState({ root, name }: RehearsalProcess): RehearsalState {
  const state = readState(layoutOf(join(root, ".rehearsal", name)));
  if (state === undefined || !isAlive(state)) {
    throw new DeployError({
      code: "ENV_NOT_RUNNING",
      where: `.rehearsal/${name}`,
      message: "The cluster is not running.",
    });
  }
  return state;
}

async function keyeRehearse({ root, name, say }: RehearsalProcess, ...args: readonly string[]): Promise<void> {
  const command = ["infra/cli/main.ts", "rehearse", ...args, "--name", name];
  const result = await runCommand(process.execPath, command, { cwd: root, onLine: (line) => say(`  | ${line}`) });
  if (result.exitCode !== 0) {
    throw new DeployError({
      code: "ENV_NOT_RUNNING",
      where: `keye rehearse ${args[0]}`,
      message: `It ended with ${result.exitCode}; see above.`,
    });
  }
}
