import { appendFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runChild } from "../lib/child.ts";
import type { GoState } from "./plan.ts";
import type { GoBuild } from "./tools.ts";

/** What {@link buildFromModule} works on. */
export interface BuildJob {
  readonly build: GoBuild;
  /** Path of the module's go.mod. */
  readonly modFile: string;
  /** Name of the binary that is left in `<folder>/bin`. */
  readonly name: string;
  readonly folder: string;
  /** Everything that Go says is added to this file. */
  readonly log: string;
  /** Called with each package that is compiled or module that is fetched. */
  readonly onStep: (step: string) => void;
}

/** Asks the Go on PATH for its version, from a folder outside any module. */
export async function goState(signal: AbortSignal): Promise<GoState> {
  try {
    const { code, lines } = await runChild(["go", "env", "GOVERSION", "GOTOOLCHAIN"], { cwd: "/" }, signal);
    if (code !== 0) return { kind: "absent" };
    // A first release and a release candidate have no third number: go1.26, go1.27rc1.
    const [, minor = "0.0", patch = "0"] = /^go(\d+\.\d+)(?:\.(\d+))?/.exec(lines[0] ?? "") ?? [];
    return { kind: "present", version: `${minor}.${patch}`, canSwitch: lines[1] !== "local" };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error) return { kind: "absent" };
    throw error;
  }
}

/**
 * Builds one binary. Go's own build cache keeps every finished package, so a build that was interrupted goes on where it
 * stopped. Throws an Error with Go's last lines and the path of the log.
 */
export async function buildFromModule(job: BuildJob, signal: AbortSignal): Promise<void> {
  const command = [
    "go",
    "build",
    "-v",
    "-trimpath",
    "-mod=readonly",
    "-ldflags",
    `-s -w ${job.build.stamp}`.trim(),
    "-o",
    join(job.folder, "bin", job.name),
    job.build.package,
  ] as const;
  writeFileSync(job.log, `${command.join(" ")}\n`);
  const result = await runChild(
    command,
    {
      cwd: dirname(job.modFile),
      env: { ...process.env, CGO_ENABLED: "0", GOWORK: "off" },
      onLine: (line) => {
        appendFileSync(job.log, `${line}\n`);
        job.onStep(line.replace(/^go: /, ""));
      },
    },
    signal,
  );
  if (result.code === 0) return;
  throw new Error(
    `go build ${job.build.package} ended with ${result.code}: ${lastLines(result.lines)} (log: ${job.log})`,
  );
}

/** The last lines that are not the name of a compiled package. */
function lastLines(lines: readonly string[]): string {
  const telling = lines.filter((line) => /\s/.test(line.trim()));
  return (telling.length > 0 ? telling : lines).slice(-3).join(" / ");
}
