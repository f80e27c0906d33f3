import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { runCommand } from "../../infra/process/command.ts";
import { parseLock } from "../../infra/spec/lock/parse.ts";
import { type FakeHub, fakeCommit, startFakeHub } from "../support/fake-hub.ts";
import { FakeRegistry } from "../support/fake-registry.ts";
import { GitRepository } from "../support/git-repository.ts";

const keye = resolve(import.meta.dirname, "../../infra/cli/main.ts");
const login = { user: "ada", password: "do-not-print-me" };

let folder = "";
let registry: FakeRegistry;
let hub: FakeHub;
let repository: GitRepository;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "keye-lock-"));
  registry = await FakeRegistry.start({ scheme: "bearer", login });
  hub = await startFakeHub({ "config.json": "{}" });
  repository = new GitRepository();
});
afterEach(async () => {
  await Promise.all([registry.close(), hub.close(), repository.close()]);
  rmSync(folder, { recursive: true });
});

/** The real command, in the folder of the stacks, with Docker's login and no proxy. */
async function run(...args: readonly string[]) {
  const result = await runCommand(process.execPath, [keye, ...args], {
    cwd: folder,
    env: { DOCKER_CONFIG: join(folder, "docker"), GIT_CONFIG_GLOBAL: "/dev/null", NO_PROXY: "127.0.0.1" },
    timeout: 30_000,
  });
  expect(result.output).not.toContain(login.password);
  return {
    exitCode: result.exitCode,
    lines: result.output.split("\n").filter((line) => !line.startsWith("lock: looking up ")),
  };
}

function writeStack(name: string, settings: object): void {
  writeFileSync(join(folder, `Pulumi.${name}.yaml`), stringify({ config: { "keye-stack:stack": settings } }));
}

function readLock() {
  return parseLock(readFileSync(join(folder, "keye.lock.yaml"), "utf8"), "keye.lock.yaml");
}

test("names are locked once, move only when they are told to, and give what is rendered its digest", async () => {
  mkdirSync(join(folder, "docker"));
  const auth = Buffer.from(`${login.user}:${login.password}`).toString("base64");
  writeFileSync(join(folder, "docker/config.json"), JSON.stringify({ auths: { [registry.host]: { auth } } }));
  const [engine, base] = [`${registry.host}/keye/engine`, `${registry.host}/cuda`];
  const [first, ofBase] = [registry.pushImage("keye/engine", "v1", [5]), registry.pushImage("cuda", "12", [7])];
  const [commit, url] = [repository.commit("release", "first"), await repository.serve()];
  const source = { url, branch: "release" };
  const weights = { kind: "huggingface", repo: "Kwai-Keye/Keye-VL-2.0-30B-A3B", endpoint: hub.url };
  const volume = { kind: "pvc", claim: "weights", mountPath: "/models" };
  writeStack("prebuilt", { image: { repository: engine, tag: "v1" } });
  writeStack("source", {
    image: {
      kind: "source",
      repository: `${registry.host}/keye/built`,
      base: `${base}:12`,
      sources: { sglang: source, deepGemm: source, effectiveKernels: source },
      build: { builderImage: `${base}:12` },
    },
    model: { path: "/models/keye", weights, volume },
    toolsImage: `${registry.host}/tools@${ofBase}`,
  });
  const refused = await run("render", "--to", "out", "--stack-file", "Pulumi.prebuilt.yaml");
  expect(refused).toMatchObject({
    exitCode: 2,
    lines: [expect.stringMatching(/^CONFIG_LOCK: .*Run keye lock --stack-file/)],
  });

  const locked = await run("lock");
  expect(locked).toEqual({
    exitCode: 0,
    lines: [
      `${base}:12: none -> ${ofBase.slice(0, 19)}`,
      `${engine}:v1: none -> ${first.slice(0, 19)}`,
      `${url}#release: none -> ${commit.slice(0, 7)}`,
      `huggingface:${weights.repo}@main: none -> ${fakeCommit.slice(0, 7)}`,
      "Wrote keye.lock.yaml; commit it.",
    ],
  });
  const resolvedAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(readLock()).toEqual({
    images: {
      [`${engine}:v1`]: { digest: first, bytes: 5, resolvedAt },
      [`${base}:12`]: { digest: ofBase, bytes: 7, resolvedAt },
    },
    sources: { [`${url}#release`]: { commit, resolvedAt } },
    weights: { [`huggingface:${weights.repo}@main`]: { commit: fakeCommit, resolvedAt } },
    builds: {},
  });
  expect((await run("render", "--to", "out", "--stack-file", "Pulumi.prebuilt.yaml")).exitCode).toBe(0);
  expect(readFileSync(join(folder, "out/deployment.yaml"), "utf8")).toContain(`${engine}@${first}`);

  const asked = registry.asked.length;
  const second = registry.pushImage("keye/engine", "v1", [6]);
  const nothing = { exitCode: 0, lines: ["Nothing to write: keye.lock.yaml has all that is asked for."] };
  expect(await run("lock")).toEqual(nothing);
  expect(registry.asked).toHaveLength(asked);

  const text = readFileSync(join(folder, "keye.lock.yaml"), "utf8");
  const moved = `${engine}:v1: ${first.slice(0, 19)} -> ${second.slice(0, 19)}`;
  const behind = "keye.lock.yaml is behind. To take what is new: keye lock --update";
  expect(await run("lock", "--check")).toEqual({ exitCode: 1, lines: [moved, behind] });
  expect(readFileSync(join(folder, "keye.lock.yaml"), "utf8")).toBe(text);

  const wrote = "Wrote keye.lock.yaml; commit it.";
  expect(await run("lock", "--update")).toEqual({ exitCode: 0, lines: [moved, wrote] });
  expect(readLock().images[`${engine}:v1`]?.digest).toBe(second);
  expect(await run("lock", "--check")).toEqual({ exitCode: 0, lines: [] });
  expect(readdirSync(folder).filter((name) => name.startsWith("keye.lock"))).toEqual(["keye.lock.yaml"]);
});
