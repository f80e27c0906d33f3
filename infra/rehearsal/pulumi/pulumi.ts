import { type CommandResult, runCommand } from "../../process/command.ts";
import { readableLine } from "./pulumi-lines.ts";

/** Where and with what `pulumi` runs. */
export interface PulumiPlace {
  /** The project's folder. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stack: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Makes the stack, or finds it made. Leaves alone which stack is selected in the project. */
export async function initStack(place: PulumiPlace): Promise<void> {
  const args = ["stack", "init", "--no-select", "--stack", place.stack, "--non-interactive"];
  const result = await runPulumi(place, args, () => {});
  if (result.exitCode === 0 || /already exists/.test(result.output)) return;
  throw new Error(`pulumi stack init failed:\n${result.output}`);
}

/** `pulumi up` with the settings of one file, its lines shown as they come. */
export function pulumiUp(place: PulumiPlace, configFile: string): Promise<CommandResult> {
  const args = ["up", "--yes", "--skip-preview", "--non-interactive", "--color=never"];
  return runPulumi(place, [...args, "--stack", place.stack, "--config-file", configFile], (line) => {
    const readable = readableLine(line);
    if (readable !== undefined) place.say(`  | ${readable}`);
  });
}

/** The stack's outputs as JSON. */
export async function stackOutputs(place: PulumiPlace): Promise<Readonly<Record<string, unknown>>> {
  const result = await runPulumi(place, ["stack", "output", "--json", "--stack", place.stack], () => {});
  if (result.exitCode !== 0) throw new Error(`pulumi stack output failed:\n${result.output}`);
  return JSON.parse(result.output);
}

function runPulumi(
  place: PulumiPlace,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<CommandResult> {
  return runCommand("pulumi", args, { cwd: place.root, env: place.env, onLine, signal: place.signal });
}
