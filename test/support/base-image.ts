import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "../../infra/rehearsal/control-plane/tools.ts";
import { type ImageConfig, writeImageLayout } from "../../infra/rehearsal/real-node/image-layout.ts";
import { makeTar } from "../../infra/rehearsal/real-node/tar.ts";

const systemPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** User of BuildKit's rootless image. */
const builder = 1000;

/** An image to make. */
export interface ImageRequest {
  /** Existing folder that gets the files. */
  readonly dir: string;
  /** Such as `localhost/base:1`. */
  readonly name: string;
}

/** Why no image can be made here, or undefined where they can. */
export function whyNoBaseImage(): string | undefined {
  const isThere = findProgram("mmdebstrap", process.env.PATH ?? "") !== undefined;
  return isThere ? undefined : "mmdebstrap is not on PATH (Debian's mmdebstrap)";
}

/**
 * Makes an image that looks like a CUDA base image to a source build, and returns the folder of its OCI layout. Git, Python
 * and pip are true; compilers do nothing; pip finds packages in `/opt/wheels` alone, stand-ins with the names of the true ones.
 */
export async function makeBaseImage(request: ImageRequest): Promise<string> {
  const pip = {
    PIP_NO_INDEX: "1",
    PIP_FIND_LINKS: "/opt/wheels",
    // The variable is read as the value of the setting "build isolation".
    PIP_NO_BUILD_ISOLATION: "0",
    PIP_BREAK_SYSTEM_PACKAGES: "1",
  };
  const environment = Object.entries(pip).map(([name, value]) => `${name}=${value}`);
  return makeImage(request, [await rootFileSystem()], { Env: [systemPath, ...environment], Cmd: ["/bin/bash"] });
}

/**
 * Makes an image with what `moby/buildkit:v0.34.2-rootless` has, in the same places, and returns the folder of its OCI layout.
 * `path` is where the toolchain's buildkitd and buildctl are looked for.
 */
export async function makeBuildkitImage(request: ImageRequest, path: string): Promise<string> {
  const files = join(request.dir, "buildkit-files");
  const bin = join(files, "usr", "bin");
  mkdirSync(bin, { recursive: true });
  const script = join(import.meta.dirname, "buildctl-daemonless.sh");
  for (const file of [program("buildkitd", path), program("buildctl", path), script]) {
    copyFileSync(file, join(bin, basename(file)));
    chmodSync(join(bin, basename(file)), 0o755);
  }
  const runtime = `/run/user/${builder}`;
  const home = "/home/user";
  for (const folder of [runtime, home, `${home}/.local`, `${home}/.local/tmp`]) {
    mkdirSync(join(files, folder), { recursive: true });
    chownSync(join(files, folder), builder, builder);
  }
  const layer = `${files}.tar`;
  await makeTar(layer, files);
  return makeImage(request, [await rootFileSystem(), layer], {
    Env: [systemPath, `HOME=${home}`, "USER=user", `XDG_RUNTIME_DIR=${runtime}`, `TMPDIR=${home}/.local/tmp`],
    User: `${builder}:${builder}`,
    Entrypoint: ["rootlesskit", "buildkitd"],
  });
}

/**
 * Makes an image with the command `keye`, as the Dockerfile has it but on the base image's file system, and returns the folder
 * of its OCI layout. The program, its dependencies and Node.js are those of this checkout.
 */
export async function makeToolsImage(request: ImageRequest): Promise<string> {
  const root = resolve(import.meta.dirname, "../..");
  const files = join(request.dir, "tools-files");
  const app = join(files, "app");
  const bin = join(files, "usr", "local", "bin");
  for (const folder of [app, bin]) mkdirSync(folder, { recursive: true });
  const run = promisify(execFile);
  const { stdout } = await run("npm", ["ls", "--omit=dev", "--all", "--parseable"], { cwd: root, maxBuffer: 1 << 24 });
  // The first line is the project itself.
  const packages = stdout
    .trim()
    .split("\n")
    .slice(1)
    .map((path) => relative(root, path));
  await run("cp", ["-a", "--parents", "package.json", "infra", ...packages, app], { cwd: root, maxBuffer: 1 << 24 });
  copyFileSync(process.execPath, join(bin, "node"));
  chmodSync(join(app, "infra/cli/main.ts"), 0o755);
  symlinkSync("/app/infra/cli/main.ts", join(bin, "keye"));
  const layer = `${files}.tar`;
  await makeTar(layer, files);
  return makeImage(request, [await rootFileSystem(), layer], { Env: [systemPath], Entrypoint: ["keye"] });
}

async function makeImage({ dir, name }: ImageRequest, layers: readonly string[], config: ImageConfig): Promise<string> {
  const layout = join(dir, name.replaceAll(/[^a-z0-9.]/g, "-"));
  await writeImageLayout(layout, { name, layers, config });
  return layout;
}

function program(name: string, path: string): string {
  const file = findProgram(name, path);
  if (file === undefined) throw new Error(`${name} is not on PATH: ./scripts/toolchain --real-node`);
  return file;
}

/**
 * Path of the root file system that all images share, as a tar file. It is made once (30 to 45 s on two cores, 250 MB) and kept
 * in the user's cache.
 */
async function rootFileSystem(): Promise<string> {
  const script = join(import.meta.dirname, "base-image.sh");
  const hash = createHash("sha256");
  for (const part of [script, join(import.meta.dirname, "base-image-wheels.py")]) hash.update(readFileSync(part));
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "keye-stack", "images");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `bookworm-${hash.digest("hex").slice(0, 12)}.tar`);
  if (!existsSync(file)) await promisify(execFile)("sh", [script, file]);
  return file;
}
