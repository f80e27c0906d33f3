import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { cutlass, deepGemm, effectiveKernels, sglang } from "./git-sources.ts";

/** Path in the repository to text; undefined takes the file away. */
export type FileTexts = Readonly<Record<string, string | undefined>>;

/** A bare Git repository that clients can clone. */
export interface ServedRepository {
  readonly url: string;
  readonly branch: string;
  /** The branch's commit. */
  head(): string;
  /** Moves the branch on by a commit that changes some files. Returns the commit. */
  commit(files: FileTexts): string;
}

/** The three repositories of a source build, in the authors' shape, with programs of a few lines. */
export interface GitRepositories {
  readonly sglang: ServedRepository;
  /** With the submodule `third-party/cutlass`. */
  readonly deepGemm: ServedRepository;
  readonly effectiveKernels: ServedRepository;
  close(): Promise<void>;
}

/** Makes the repositories in `dir`, an existing folder, and serves them over HTTP on a free port of `host`. */
export async function serveGitRepositories(host: string, dir: string): Promise<GitRepositories> {
  const server = createServer((request, response) => void answer(dir, request, response));
  server.listen(0, host);
  await once(server, "listening");
  // A listening TCP server has such an address.
  const base = `http://${host}:${(server.address() as AddressInfo).port}`;
  const library = new Repository(dir, base, "cutlass", "main");
  library.commit(cutlass);
  const fork = new Repository(dir, base, "DeepGEMM", "keye_support");
  fork.addSubmodule("third-party/cutlass", library);
  fork.commit(deepGemm);
  const engine = new Repository(dir, base, "sglang", "keye-vl-v2-30b-release");
  engine.commit(sglang);
  const kernels = new Repository(dir, base, "EffectiveKernels", "main");
  kernels.commit(effectiveKernels);
  return {
    sglang: engine,
    deepGemm: fork,
    effectiveKernels: kernels,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

class Repository implements ServedRepository {
  readonly url: string;
  readonly branch: string;
  readonly #folder: string;
  #head: string | undefined;

  constructor(dir: string, base: string, name: string, branch: string) {
    this.#folder = join(dir, `${name}.git`);
    this.url = `${base}/${name}.git`;
    this.branch = branch;
    mkdirSync(this.#folder);
    this.#git(["init", "--quiet", "--bare", `--initial-branch=${branch}`, "."]);
    // As GitHub does: clones without blobs, and any commit by its name.
    for (const setting of ["allowFilter", "allowAnySHA1InWant"]) this.#git(["config", `uploadpack.${setting}`, "true"]);
  }

  head(): string {
    if (this.#head === undefined) throw new Error(`${this.url} has no commit`);
    return this.#head;
  }

  commit(files: FileTexts): string {
    for (const [path, text] of Object.entries(files)) {
      if (text === undefined) this.#git(["update-index", "--force-remove", path]);
      else this.#add("100644", this.#git(["hash-object", "-w", "--stdin"], text), path);
    }
    const parent = this.#head === undefined ? [] : ["-p", this.#head];
    this.#head = this.#git(["commit-tree", this.#git(["write-tree"]), ...parent, "-m", "A change"]);
    this.#git(["update-ref", `refs/heads/${this.branch}`, this.#head]);
    return this.#head;
  }

  /** Part of the next commit. */
  addSubmodule(path: string, target: Repository): void {
    const text = `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${target.url}\n`;
    this.#add("100644", this.#git(["hash-object", "-w", "--stdin"], text), ".gitmodules");
    this.#add("160000", target.head(), path);
  }

  #add(mode: string, object: string, path: string): void {
    this.#git(["update-index", "--add", "--cacheinfo", `${mode},${object},${path}`]);
  }

  #git(args: readonly string[], input = ""): string {
    const who = { NAME: "Ada", EMAIL: "ada@example.com" };
    const names = Object.entries(who).flatMap(([key, value]) => [
      [`GIT_AUTHOR_${key}`, value],
      [`GIT_COMMITTER_${key}`, value],
    ]);
    // Nothing of the machine's own configuration, signing above all.
    const plain = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
    const env = { ...plain, ...Object.fromEntries(names) };
    return execFileSync("git", args, { cwd: this.#folder, env, input, encoding: "utf8" }).trim();
  }
}

/** Hands a request to Git's own program for web servers, by the rules of CGI. */
async function answer(dir: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: dir,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_SYSTEM: "/dev/null",
      PATH_INFO: pathname,
      QUERY_STRING: searchParams.toString(),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"],
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"],
      GIT_PROTOCOL: request.headers["git-protocol"]?.toString(),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.on("error", () => undefined);
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  // The stream has no encoding, so its chunks are buffers.
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  const all = Buffer.concat(chunks);
  const end = all.indexOf("\r\n\r\n");
  for (const line of all.subarray(0, end).toString().split("\r\n")) {
    const [name = "", value = ""] = line.split(": ", 2);
    if (name === "Status") response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.end(all.subarray(end + 4));
}
