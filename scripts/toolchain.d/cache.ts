import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "./lock.ts";
import { type Arch, binariesOf, type GoBuild, type Tool } from "./tools.ts";

/** Where a cached tool came from, kept beside it. */
export interface Provenance {
  readonly source: "download" | "go";
  /** Binary name to version. */
  readonly versions: Readonly<Record<string, string>>;
  /** The URL and its sha256, or the Go packages and the release of Go. */
  readonly from: string;
}

/** The folder of tools that all clones of one person share. Entries appear whole, by rename, and never change. */
export class Cache {
  readonly root: string;
  readonly #modules: string;
  readonly #arch: Arch;

  /** `modules` is the folder of the pinned go.mod files. */
  constructor(root: string, modules: string, arch: Arch) {
    this.root = root;
    this.#modules = modules;
    this.#arch = arch;
  }

  /** The entry of a tool: `<name>-<version>-linux-<arch>-<12 hex digits of what pins it>`. It need not exist. */
  entry(tool: Tool): string {
    return join(this.root, this.#key(tool));
  }

  /** The path of a binary in the tool's entry. */
  binary(tool: Tool, name: string): string {
    return join(this.entry(tool), "bin", name);
  }

  lock(tool: Tool): string {
    return join(this.root, "locks", this.#key(tool));
  }

  log(tool: Tool): string {
    const folder = join(this.root, "logs");
    mkdirSync(folder, { recursive: true });
    return join(folder, `${this.#key(tool)}.log`);
  }

  has(tool: Tool): boolean {
    return binariesOf(tool).every((name) => existsSync(this.binary(tool, name)));
  }

  provenance(tool: Tool): Provenance {
    // Written by publish() below, and entries never change.
    return JSON.parse(readFileSync(join(this.entry(tool), "provenance.json"), "utf8")) as Provenance;
  }

  /** An empty folder to prepare an entry in. Its name ends in the process number, so that {@link sweep} knows whose it is. */
  partial(tool: Tool): string {
    const folder = join(this.root, "partial", `${this.#key(tool)}.${process.pid}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, "bin"), { recursive: true });
    return folder;
  }

  /** Makes a prepared folder the entry. Where another process was first, its entry stays. */
  publish(tool: Tool, partial: string, provenance: Provenance): void {
    writeFileSync(join(partial, "provenance.json"), `${JSON.stringify(provenance, null, 2)}\n`);
    try {
      renameSync(partial, this.entry(tool));
    } catch (error) {
      const errno = errnoOf(error);
      if (errno !== "ENOTEMPTY" && errno !== "EEXIST") throw error;
    }
  }

  /** Removes what interrupted runs left: partial folders of processes that no longer run. */
  sweep(isRunning: (pid: number) => boolean): void {
    const folder = join(this.root, "partial");
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder)) {
      const pid = Number(name.slice(name.lastIndexOf(".") + 1));
      if (!isRunning(pid)) rmSync(join(folder, name), { recursive: true, force: true });
    }
  }

  #key(tool: Tool): string {
    const hash = createHash("sha256");
    for (const build of [tool.go, ...(tool.companion === undefined ? [] : [tool.companion.go])]) {
      hash.update(JSON.stringify(build));
      for (const file of ["go.mod", "go.sum"] as const) hash.update(readFileSync(this.modFile(build, file)));
    }
    return `${tool.name}-${tool.version}-linux-${this.#arch}-${hash.digest("hex").slice(0, 12)}`;
  }

  /** The path of a module's go.mod or go.sum. */
  modFile(build: GoBuild, file: "go.mod" | "go.sum"): string {
    return join(this.#modules, build.module, file);
  }
}
