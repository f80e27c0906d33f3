import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseDocument } from "yaml";
import { type ClusterConnection, connect } from "../../infra/cluster/connect.ts";
import { rehearsalEnvironment } from "../../infra/rehearsal/environment.ts";
import { realNodeLabel } from "../../infra/rehearsal/real-node/node-object.ts";
import { formatLock } from "../../infra/spec/lock/format.ts";
import type { Lock } from "../../infra/spec/lock/lock.ts";
import { parseLock } from "../../infra/spec/lock/parse.ts";
import { makeBaseImage, makeBuildkitImage } from "./base-image.ts";
import { type GitRepositories, serveGitRepositories } from "./git-repositories.ts";
import { programPath, RealNodeCluster } from "./real-node-cluster.ts";

const root = resolve(import.meta.dirname, "../..");
const builderUser = 1000;

/** How a command ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly out: string;
  /** Standard error, as it came. */
  readonly err: string;
}

/** A command that runs. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves at the first line of standard error that matches, and rejects where the command ends before. */
  line(pattern: RegExp): Promise<string>;
}

/** Holds programs up until it is opened. */
class Gate {
  isOpen = false;
  readonly #server = createServer((_request, response) => {
    response.statusCode = this.isOpen ? 200 : 503;
    response.end();
  });
  #url = "";

  async start(host: string): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, host, resolve));
    // A listening TCP server has such an address.
    this.#url = `http://${host}:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Lines of Python that go on only while the gate is open. */
  get wait(): string {
    return `import time, urllib.error, urllib.request
while True:
    try:
        urllib.request.urlopen("${this.#url}")
        break
    except urllib.error.HTTPError:
        time.sleep(0.2)
`;
  }
}

/** Everything that a source build needs but the internet: a real node, a registry, repositories, a folder with settings. */
export class SourceBuild {
  readonly real: RealNodeCluster;
  readonly repositories: GitRepositories;
  readonly connection: ClusterConnection;
  readonly gate: Gate;
  /** Where settings and lock lie, and `keye` runs. */
  readonly folder: string;
  /** A file system of 64 MB. */
  readonly smallDisk: string;
  /** Repository that images are pushed to, with its registry. */
  readonly repository: string;

  private constructor(parts: Pick<SourceBuild, "real" | "repositories" | "gate" | "smallDisk">) {
    const { real } = parts;
    this.real = real;
    this.repositories = parts.repositories;
    this.gate = parts.gate;
    this.smallDisk = parts.smallDisk;
    this.connection = connect({ kubeconfig: real.cluster.rehearsal.state.kubeconfig });
    this.folder = mkdtempSync(join(real.dir, "stack-"));
    this.repository = `${real.registry.address}/keye/engine`;
  }

  static async start(): Promise<SourceBuild> {
    const smallDisk = mkdtempSync(join(tmpdir(), "keye-small-disk-"));
    // Before the node, which sees the mounts that are there when it begins.
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", smallDisk]);
    const real = await RealNodeCluster.start().catch((error: unknown) => {
      removeDisk(smallDisk);
      throw error;
    });
    const { dir, host, registry } = real;
    await registry.push(await makeBaseImage({ dir, name: "localhost/cuda:1" }), "cuda", "12.9.1");
    await registry.push(
      await makeBuildkitImage({ dir, name: "localhost/buildkit:1" }, programPath),
      "buildkit",
      "0.34.2",
    );
    const gate = await new Gate().start(host);
    const build = new SourceBuild({ real, repositories: await serveGitRepositories(host, dir), gate, smallDisk });
    await real.cluster.createNamespace("keye");
    // The node's kubelet counts no local disk, and keeps what is said of it here.
    await real.cluster.call({
      method: "PATCH",
      path: `/api/v1/nodes/${real.node.name}/status`,
      contentType: "application/merge-patch+json",
      body: { status: { capacity: { "ephemeral-storage": "100Gi" }, allocatable: { "ephemeral-storage": "100Gi" } } },
    });
    return build;
  }

  async close(): Promise<void> {
    this.connection.close();
    this.gate.close();
    await this.repositories.close();
    await this.real.close();
    removeDisk(this.smallDisk);
  }

  /** Deletes the pod of the build that runs, as anybody may. */
  async deletePod(): Promise<void> {
    const pods = await this.real.cluster.pods("keye");
    const running = pods.find(
      ({ metadata, status }) => status?.phase === "Running" && metadata.name.startsWith("keye-build-"),
    );
    await this.real.cluster.call({ method: "DELETE", path: `/api/v1/namespaces/keye/pods/${running?.metadata.name}` });
  }

  /** Makes a claim on a folder of the node, which belongs to the builder. */
  async createClaim(name: string, path: string): Promise<void> {
    mkdirSync(path, { recursive: true });
    chownSync(path, builderUser, builderUser);
    const common = { accessModes: ["ReadWriteOnce"], storageClassName: "" };
    const volume = {
      ...common,
      capacity: { storage: "10Gi" },
      hostPath: { path },
      claimRef: { namespace: "keye", name },
    };
    const claim = { ...common, volumeName: name, resources: { requests: { storage: "10Gi" } } };
    await this.real.cluster.create(
      ["/api/v1/persistentvolumes", { metadata: { name }, spec: volume }],
      ["/api/v1/namespaces/keye/persistentvolumeclaims", { metadata: { name }, spec: claim }],
    );
  }

  /** Writes the settings, with `build` in `image.build`. */
  writeSettings(build: Readonly<Record<string, unknown>> = {}): void {
    const { sglang, deepGemm, effectiveKernels } = this.repositories;
    const { address } = this.real.registry;
    const image = {
      kind: "source",
      repository: this.repository,
      base: `${address}/cuda:12.9.1`,
      sources: {
        sglang: { url: sglang.url },
        deepGemm: { url: deepGemm.url },
        effectiveKernels: { url: effectiveKernels.url },
      },
      build: {
        builderImage: `${address}/buildkit:0.34.2`,
        cpu: "1",
        memory: "4Gi",
        ephemeralStorage: "1Gi",
        nodeSelector: { [realNodeLabel.key]: realNodeLabel.value },
        deadlineSeconds: 600,
        ...build,
      },
    };
    // The rest is the rehearsal's own stack.
    const settings = parseDocument(readFileSync(join(root, "Pulumi.rehearsal.yaml"), "utf8"));
    settings.setIn(["config", "keye-stack:stack", "image"], image);
    writeFileSync(join(this.folder, "Pulumi.rehearsal.yaml"), settings.toString());
  }

  lock(): Lock {
    const file = join(this.folder, "keye.lock.yaml");
    return parseLock(readFileSync(file, "utf8"), file);
  }

  writeLock(lock: Lock): void {
    writeFileSync(join(this.folder, "keye.lock.yaml"), formatLock(lock));
  }

  /** `pulumi up` of the project's own program, with the settings and the lock of the folder. */
  async up(): Promise<Ended> {
    // The program looks for the lock beside its own Pulumi.yaml.
    for (const part of ["infra", "charts", "package.json", "Pulumi.yaml"]) {
      cpSync(join(root, part), join(this.folder, part), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
    const init = await this.#start("pulumi", ["stack", "init", "rehearsal"]).ended;
    if (init.exitCode !== 0) throw new Error(init.err);
    return this.#start("pulumi", ["up", "--yes", "--skip-preview", "--non-interactive", "--color=never"]).ended;
  }

  /** Runs `keye` to its end. */
  keye(...args: readonly string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  /** Starts `keye`. */
  start(...args: readonly string[]): Running {
    return this.#start(process.execPath, [join(root, "infra/cli/main.ts"), ...args]);
  }

  #start(command: string, args: readonly string[]): Running {
    const ours = rehearsalEnvironment(this.real.cluster.rehearsal.state, process.env);
    const env = { ...process.env, ...ours, PULUMI_HOME: join(this.real.dir, "pulumi") };
    const child = spawn(command, args, { cwd: this.folder, env });
    const lines: string[] = [];
    let out = "";
    let onLine: (line: string) => void = () => undefined;
    createInterface({ input: child.stderr }).on("line", (line) => {
      lines.push(line);
      onLine(line);
    });
    child.stdout.on("data", (chunk) => {
      out += String(chunk);
    });
    const ended = new Promise<Ended>((end) => {
      child.once("close", (exitCode) => end({ exitCode, out: out.trim(), err: lines.join("\n") }));
    });
    const line = (pattern: RegExp) =>
      new Promise<string>((resolve, reject) => {
        onLine = (text) => {
          if (pattern.test(text)) resolve(text);
        };
        for (const text of lines) onLine(text);
        void ended.then(({ err }) => reject(new Error(`no line like ${pattern} came:\n${err}`)));
      });
    return { process: child, ended, line };
  }
}

function removeDisk(folder: string): void {
  execFileSync("/bin/umount", ["--lazy", folder]);
  rmSync(folder, { recursive: true });
}
