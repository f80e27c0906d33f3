import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { type ClusterConnection, connect } from "../../infra/cluster/connect.ts";
import { trafficText } from "../../infra/core/traffic.ts";
import { rehearsalEnvironment } from "../../infra/rehearsal/environment.ts";
import type { Deployment } from "../../infra/status/objects.ts";
import { type Setting, writeStackFile } from "../../scripts/story/stack-file.ts";
import { copyProgram, type Edit } from "./program-copy.ts";
import { PulumiProcesses } from "./pulumi-processes.ts";
import { TestCluster, type TestClusterOptions } from "./rehearsal-cluster.ts";

const root = resolve(import.meta.dirname, "../..");

/** How a `pulumi` command ended. */
export interface Ended {
  readonly exitCode: number | null;
  /** Standard output and standard error, as they came. */
  readonly output: string;
  /** Seconds from the interrupt to the end; 0 where none was sent. */
  readonly secondsAfterInterrupt: number;
}

/** What to do at the next line that matches. */
export interface AtLine {
  readonly line: RegExp;
  readonly action: "interrupt" | ((processes: PulumiProcesses) => unknown);
}

/** How a `pulumi` command differs from a plain one. */
export interface CommandOptions {
  /** Folder of the program. @default the project's own */
  readonly program?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What serves, and what is scaled to how much; Deployments that are being deleted left out. */
export interface Standing {
  /** A revision, `none`, or the two of a ramp as in `trafficText`; undefined without a Service. */
  readonly live: string | undefined;
  /** `spec.replicas` by revision. */
  readonly replicas: Readonly<Record<string, number>>;
}

/** How a Job of the supply stands. */
export interface SupplyJobState {
  readonly name: string;
  /** `hydrate` or `pre-pull`. */
  readonly component: string;
  readonly isSuspended: boolean;
  /** Epoch milliseconds, to the second; NaN where it has not. */
  readonly completedAt: number;
}

interface LiveJob {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly suspend: boolean };
  readonly status?: { readonly completionTime?: string };
}

/** The project's own program on a rehearsal cluster of its own, run by the real `pulumi`. */
export class PromotionStack {
  readonly cluster: TestCluster;
  readonly connection: ClusterConnection;
  readonly ref = { namespace: "keye", app: "keye", service: "keye" };
  readonly #dir = mkdtempSync(join(tmpdir(), "promotion-stack-"));
  readonly #env: NodeJS.ProcessEnv;

  private constructor(cluster: TestCluster) {
    this.cluster = cluster;
    this.connection = connect({ kubeconfig: cluster.rehearsal.state.kubeconfig });
    const ours = rehearsalEnvironment(cluster.rehearsal.state, process.env);
    this.#env = { ...process.env, ...ours, PULUMI_HOME: join(this.#dir, "home") };
  }

  static async start(options: TestClusterOptions = {}): Promise<PromotionStack> {
    const stack = new PromotionStack(await TestCluster.start(options));
    const { exitCode, output } = await stack.pulumi(["stack", "init", "rehearsal"]);
    if (exitCode !== 0) throw new Error(output);
    return stack;
  }

  async close(): Promise<void> {
    this.connection.close();
    await this.cluster.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** `pulumi up` with some settings of the rehearsal's stack changed. */
  up(changes: readonly Setting[] = [], ...at: readonly AtLine[]): Promise<Ended> {
    return this.pulumi(this.upArguments(changes), ...at);
  }

  /** The arguments of {@link up}. */
  upArguments(changes: readonly Setting[]): readonly string[] {
    return ["up", "--yes", "--skip-preview", "--config-file", this.#stackFile(changes)];
  }

  /** `pulumi up` that takes the cluster to be as the last update left it. */
  upUnrefreshed(changes: readonly Setting[]): Promise<Ended> {
    return this.pulumi([...this.upArguments(changes), "--refresh=false"]);
  }

  /** `pulumi preview` with some settings changed. */
  preview(changes: readonly Setting[] = []): Promise<Ended> {
    return this.pulumi(this.previewArguments(changes));
  }

  /** The arguments of {@link preview}. */
  previewArguments(changes: readonly Setting[]): readonly string[] {
    return ["preview", "--diff", "--config-file", this.#stackFile(changes)];
  }

  /** The folder of a copy of the program with one file edited; gone with the stack. */
  programWith(edit: Edit): string {
    return copyProgram(join(mkdtempSync(join(this.#dir, "program-")), "program"), edit);
  }

  /** The stack's outputs, as they are stored. */
  async outputs(): Promise<Readonly<Record<string, unknown>>> {
    return JSON.parse((await this.pulumi(["stack", "output", "--json"])).output);
  }

  async standing(): Promise<Standing> {
    const path = "/apis/apps/v1/namespaces/keye/deployments";
    const { items } = await this.cluster.call<{ items: Deployment[] }>({ method: "GET", path });
    const kept = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const replicas = kept.map(
      ({ metadata, spec }) => [metadata.name.replace("keye-", ""), spec.replicas ?? 1] as const,
    );
    const traffic = await this.connection.liveTraffic(this.ref, this.cluster.signal);
    return { live: traffic && trafficText(traffic), replicas: Object.fromEntries(replicas) };
  }

  /** The Jobs that bring weights and images, by name. */
  async supplyJobs(): Promise<readonly SupplyJobState[]> {
    const path = "/apis/batch/v1/namespaces/keye/jobs";
    const { items } = await this.cluster.call<{ items: LiveJob[] }>({ method: "GET", path });
    const states = items.map(({ metadata, spec, status }) => ({
      name: metadata.name,
      component: metadata.labels["app.kubernetes.io/component"] ?? "",
      isSuspended: spec.suspend,
      completedAt: Date.parse(status?.completionTime ?? ""),
    }));
    return states.sort((a, b) => a.name.localeCompare(b.name));
  }

  /** Waits until this is how things stand: an update does not wait for the pods of retired Deployments to drain. */
  async becomes(expected: Standing): Promise<void> {
    const isThere = async () => isDeepStrictEqual(await this.standing(), expected);
    await this.cluster.until(JSON.stringify(expected), isThere, 60);
  }

  pulumi(args: readonly string[], ...at: readonly AtLine[]): Promise<Ended> {
    return this.run(args, {}, ...at);
  }

  /** As {@link pulumi}, with another program or environment. */
  async run(args: readonly string[], { program = root, env = {} }: CommandOptions, ...at: readonly AtLine[]) {
    const flags = args[0] === "stack" ? [] : ["--stack=rehearsal", "--non-interactive", "--color=never"];
    const child = spawn("pulumi", [...args, ...flags], { cwd: program, env: { ...this.#env, ...env } });
    // One that could not be started prints no line, so nobody asks for its processes.
    const processes = new PulumiProcesses(child.pid ?? Number.NaN);
    const lines: string[] = [];
    let interruptedAt: number | undefined;
    const awaited = [...at];
    const actions: Promise<unknown>[] = [];
    const onLine = (line: string) => {
      lines.push(line);
      // The lines are awaited in order.
      const [next] = awaited;
      if (!next?.line.test(line)) return;
      awaited.shift();
      if (next.action !== "interrupt") actions.push(started(next.action, processes));
      else {
        interruptedAt = performance.now();
        child.kill("SIGINT");
      }
    };
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", onLine);
    const exitCode = await new Promise<number | null>((end, reject) => {
      child.once("error", reject);
      child.once("close", end);
    });
    await Promise.all(actions);
    if (awaited[0] !== undefined) throw new Error(`no line like ${awaited[0].line} came:\n${lines.join("\n")}`);
    const secondsAfterInterrupt = interruptedAt === undefined ? 0 : (performance.now() - interruptedAt) / 1000;
    return { exitCode, output: lines.join("\n"), secondsAfterInterrupt };
  }

  /** A file of its own for each command: several may run at once. */
  #stackFile(changes: readonly Setting[]): string {
    return writeStackFile(root, mkdtempSync(join(this.#dir, "settings-")), changes);
  }
}

/** The action under way; it is waited for after the command, and until then its failure is nobody's. */
function started(action: Exclude<AtLine["action"], string>, processes: PulumiProcesses): Promise<unknown> {
  const running = Promise.resolve().then(() => action(processes));
  running.catch(() => undefined);
  return running;
}
