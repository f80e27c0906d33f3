import { spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { plantedKey, startRogue } from "../support/rogues.ts";

const root = resolve(import.meta.dirname, "../..");
const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8");

/** Paths of this checkout that a stage copies: the last one, or the first. */
function copied(stage: "first" | "last"): readonly string[] {
  const stages = dockerfile.split(/^FROM /m).slice(1);
  const text = (stage === "first" ? stages[0] : stages.at(-1)) ?? "";
  return [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) => (match[1] ?? "").split(" "));
}

/** Names of the packages that `npm ci --omit=dev` puts on the first level. */
function productionPackages(): readonly string[] {
  const lock: unknown = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  // npm's own file, whose version is checked by npm.
  const { packages } = lock as { readonly packages: Readonly<Record<string, { readonly dev?: boolean }>> };
  return Object.entries(packages)
    .filter(([path, { dev }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && dev !== true)
    .map(([path]) => path.slice("node_modules/".length))
    .filter((name) => existsSync(join(root, "node_modules", name)));
}

test("every path that is copied is there, and is let through to the build", () => {
  const allowed = readFileSync(join(root, ".dockerignore"), "utf8").match(/(?<=^!).+/gm);
  const paths = [...new Set([...copied("first"), ...copied("last")])];
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  expect(paths.sort()).toEqual(allowed?.sort());
});

test("the image runs as somebody, by number, and begins with the command", () => {
  expect(dockerfile).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
  expect(dockerfile).toMatch(/^ENTRYPOINT \["keye"\]$/m);
});

describe("what is copied, laid out as in the image,", () => {
  let app: string;

  // Everything that the build does, but for the base image: no container engine is needed to know that nothing is missing.
  beforeAll(() => {
    app = mkdtempSync(join(tmpdir(), "keye-image-"));
    for (const path of copied("last")) cpSync(join(root, path), join(app, path), { recursive: true });
    for (const name of productionPackages()) {
      mkdirSync(dirname(join(app, "node_modules", name)), { recursive: true });
      symlinkSync(join(root, "node_modules", name), join(app, "node_modules", name));
    }
    mkdirSync(join(app, "bin"));
    chmodSync(join(app, "infra/cli/main.ts"), 0o755);
    symlinkSync(join(app, "infra/cli/main.ts"), join(app, "bin/keye"));
  });

  afterAll(() => rmSync(app, { recursive: true, force: true }));

  /** Runs `keye` as the entrypoint does, with nothing of this checkout around it. */
  async function keye(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(join(app, "bin/keye"), args, {
      cwd: join(app, "bin"),
      // Linked packages are taken to be where the links are: a development dependency is not found beside them.
      env: { PATH: dirname(process.execPath), NODE_OPTIONS: "--preserve-symlinks", ...env },
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    const exitCode = await new Promise<number | null>((end) => child.once("close", end));
    return { exitCode, said };
  }

  test.each([
    { args: ["--help"], says: "keye <command> [options]" },
    { args: ["probe", "--help"], says: "keye probe --service NAME" },
  ])("answers $args", async ({ args, says }) => {
    expect(await keye(args)).toEqual({ exitCode: 0, said: expect.stringContaining(says) });
  });

  test("probes an engine", async () => {
    await using honest = await startRogue(undefined, 20);
    const args = ["probe", "--base-url", honest.target.baseUrl, "--expect", "tpSize=2"];
    const { exitCode, said } = await keye(args, { KEYE_API_KEY: plantedKey });
    expect(said).toMatch(/^pass: http/m);
    expect(exitCode).toBe(0);
  });

  test("looks for a cluster before it says that there is none", async () => {
    const { exitCode, said } = await keye(["probe", "--service", "keye-candidate"], { HOME: app });
    expect({ exitCode, said }).toEqual({ exitCode: 4, said: expect.stringContaining("ENV_KUBECONFIG") });
  });
});
