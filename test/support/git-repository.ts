import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A bare Git repository in a temporary folder, as a server would keep it. */
export class GitRepository {
  readonly folder = mkdtempSync(join(tmpdir(), "git-repository-"));
  readonly #server = createServer((request, response) => {
    const file = join(this.folder, new URL(request.url ?? "/", "http://localhost").pathname);
    if (existsSync(file) && statSync(file).isFile()) response.end(readFileSync(file));
    else response.writeHead(404).end();
  });

  constructor() {
    this.#git("init", "--quiet", "--bare", "--initial-branch=main", ".");
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.folder, { recursive: true });
  }

  /** Gives the repository out over HTTP, as any web server can. Returns its URL. */
  async serve(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    // A listening TCP server has such an address.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Puts a new empty commit on a branch. Returns the commit. */
  commit(branch: string, message: string): string {
    const tree = this.#git("hash-object", "-t", "tree", "-w", "--stdin");
    const commit = this.#git("commit-tree", tree, "-m", message);
    this.#git("update-ref", `refs/heads/${branch}`, commit);
    // What clients of a plain web server read.
    this.#git("update-server-info");
    return commit;
  }

  #git(...args: readonly string[]): string {
    const who = {
      GIT_AUTHOR_NAME: "Ada",
      GIT_AUTHOR_EMAIL: "ada@example.com",
      GIT_COMMITTER_NAME: "Ada",
      GIT_COMMITTER_EMAIL: "ada@example.com",
    };
    // Nothing of the machine's own configuration, signing above all.
    const env = { PATH: process.env.PATH, ...who, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
    return execFileSync("git", args, { cwd: this.folder, env, input: "", encoding: "utf8" }).trim();
  }
}
