import { DeployError } from "../../core/errors.ts";
import { runCommand } from "../../process/command.ts";

/** Packs what a folder holds, with owners and modes as they are, in an order that does not depend on the file system. */
export async function makeTar(file: string, folder: string): Promise<void> {
  const args = ["--numeric-owner", "--sort=name", "--mtime=@0", "-C", folder, "-cf", file, "."];
  const { exitCode, output } = await runCommand("tar", args, { cwd: "/" });
  if (exitCode !== 0) throw new DeployError({ code: "ENV_TOOL", where: "tar", message: `${folder}: ${output.trim()}` });
}
