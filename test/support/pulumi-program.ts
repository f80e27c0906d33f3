import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

/** How a `pulumi` command ended. */
export interface PulumiResult {
  readonly exitCode: number | null;
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

/** One operation of the engine, of those that are tested. */
export type PulumiOperation = "up" | "preview" | "refresh" | "destroy";

const argumentsOf: Readonly<Record<PulumiOperation, readonly string[]>> = {
  up: ["up", "--yes", "--skip-preview"],
  preview: ["preview", "--diff"],
  refresh: ["refresh", "--yes"],
  destroy: ["destroy", "--yes", "--skip-preview"],
};

/** A program of `test/fixtures/programs`, in a folder of its own with a file backend and the real `pulumi`. */
export class PulumiProgram {
  readonly #dir = mkdtempSync(join(tmpdir(), "pulumi-program-"));
  readonly #env: NodeJS.ProcessEnv;

  /** @param kubeconfig file of the cluster that the program deploys to */
  constructor(fixture: string, kubeconfig: string) {
    cpSync(join(root, "test/fixtures/programs", fixture), join(this.#dir, "program"), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(this.#dir, "program/node_modules"));
    mkdirSync(join(this.#dir, "state"));
    const path = [join(root, "infra/rehearsal/provider"), join(root, ".toolchain/bin"), process.env.PATH];
    this.#env = {
      ...process.env,
      PATH: path.join(delimiter),
      KUBECONFIG: kubeconfig,
      PULUMI_HOME: join(this.#dir, "home"),
      PULUMI_BACKEND_URL: `file://${join(this.#dir, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
  }

  /** Makes the stack `test`. */
  async init(): Promise<void> {
    const { exitCode, output } = await this.#pulumi(["stack", "init", "test"], {});
    if (exitCode !== 0) throw new Error(output);
  }

  /** Runs an operation; `settings` reach the program as JSON in `FIXTURE_SETTINGS`. */
  async run(operation: PulumiOperation, settings: unknown): Promise<PulumiResult> {
    const args = [...argumentsOf[operation], "--color", "never", "--non-interactive"];
    return this.#pulumi(args, { FIXTURE_SETTINGS: JSON.stringify(settings) });
  }

  /** The state, as text, with secrets as they are stored. */
  async state(): Promise<string> {
    return (await this.#pulumi(["stack", "export"], {})).output;
  }

  /** Removes the folder. */
  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #pulumi(args: readonly string[], env: NodeJS.ProcessEnv): Promise<PulumiResult> {
    const child = spawn("pulumi", args, { cwd: join(this.#dir, "program"), env: { ...this.#env, ...env } });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    return { exitCode, output: Buffer.concat(chunks).toString("utf8") };
  }
}
