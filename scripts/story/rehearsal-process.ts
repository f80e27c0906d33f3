import { join } from "node:path";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import { DeployError } from "../../infra/core/errors.ts";
import { layoutOf } from "../../infra/rehearsal/control-plane/layout.ts";
import { isAlive, type RehearsalState, readState } from "../../infra/rehearsal/state.ts";
import { startDetached, stopRehearsal } from "../../infra/rehearsal/supervisor.ts";

/** One rehearsal cluster in processes of its own, as a person would start it. */
export interface RehearsalProcess {
  /** The project's folder. */
  readonly root: string;
  readonly name: string;
  /** File of node shapes. @default two H800 nodes, and one without GPUs */
  readonly nodes?: string;
  /** Aborts the start. */
  readonly signal: AbortSignal;
}

/**
 * Starts it in the background and waits until its nodes are ready. Throws what keeps it from starting, with nothing left:
 * `ENV_TOOL`, `ENV_READ_ONLY`, `ENV_PORT_TAKEN`; `E_LOCKED` where one of the name runs, which runs on.
 */
export async function startRehearsal({ root, ...options }: RehearsalProcess): Promise<RehearsalState> {
  const { state } = await startDetached({ ...options, dir: dirOf(root, options.name), env: process.env });
  return state;
}

/** Ends it; fine where it has ended already. Returns what there was to end. */
export function endRehearsal({ root, name }: RehearsalProcess): ReturnType<typeof stopRehearsal> {
  return stopRehearsal(layoutOf(dirOf(root, name)), systemClock);
}

/** Its state as it is now. Throws `ENV_NOT_RUNNING`. */
export function rehearsalState({ root, name }: RehearsalProcess): RehearsalState {
  const dir = dirOf(root, name);
  const state = readState(layoutOf(dir));
  if (state !== undefined && isAlive(state)) return state;
  throw new DeployError({
    code: "ENV_NOT_RUNNING",
    where: dir,
    message: "The embedded cluster has died.",
    hint: `Read ${dir}.log, and start again.`,
  });
}

function dirOf(root: string, name: string): string {
  return join(root, ".rehearsal", name);
}
