import { DeployError } from "../../core/errors.ts";
import { type Lock, lockFile } from "./lock.ts";
import { isLocked, type Wanted } from "./wanted.ts";

/** What the settings ask for and the lock has not. */
export interface Lacking {
  readonly setting: string;
  /** Its key in the lock. */
  readonly key: string;
  /** The command that brings it. */
  readonly command: "lock" | "build";
}

/** What of all that is wanted `keye lock` must bring. */
export function lackingIn(lock: Lock, wanted: readonly Wanted[]): readonly Lacking[] {
  return wanted
    .filter((one) => !isLocked(one, lock))
    .map(({ setting, key }) => ({ setting, key, command: "lock" }) as const);
}

/** `CONFIG_LOCK` with all that is lacking and the one command to type next. `where` is the file with the settings. */
export function lackingError(lacking: readonly Lacking[], where: string): DeployError {
  const lines = lacking.map(({ setting, key, command }) => {
    const entry = command === "build" ? `build ${key}` : key;
    return `${setting}: ${entry} is not in ${lockFile}`;
  });
  // A build needs all that is locked.
  const command = lacking.some((one) => one.command === "lock") ? "lock" : "build";
  const hint = `Run keye ${command} --stack-file ${where}, and commit ${lockFile}.`;
  return new DeployError({ code: "CONFIG_LOCK", where, message: `${lines.join("; ")}.`, hint });
}
