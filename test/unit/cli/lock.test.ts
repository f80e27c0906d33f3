import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { lock } from "../../../infra/cli/lock.ts";
import { FakeRegistry } from "../../support/fake-registry.ts";
import { GitRepository } from "../../support/git-repository.ts";
import { digestOf } from "../../support/locks.ts";

let folder = "";
let registry: FakeRegistry;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "lock-"));
  registry = await FakeRegistry.start();
});
afterEach(async () => {
  await registry.close();
  rmSync(folder, { recursive: true });
});

const file = () => join(folder, "keye.lock.yaml");

async function run(settings: object, ...args: readonly string[]) {
  const stackFile = join(folder, "Pulumi.prod.yaml");
  writeFileSync(stackFile, stringify({ config: { "keye-stack:stack": settings } }));
  const said: string[] = [];
  const say = (text: string) => {
    if (!text.startsWith("lock: looking up ")) said.push(text);
  };
  const world = { out: say, err: say, env: { HOME: folder }, signal: new AbortController().signal };
  return { exitCode: await lock.run(["--stack-file", stackFile, ...args], world), said };
}

describe("a mirror", () => {
  test("that has the image is all right, and nothing of it is in the lock", async () => {
    const digest = registry.pushImage("keye/engine", "v1", [1]);
    registry.pushImage("mirror/engine", "copy", [1]);
    const [repository, mirror] = [`${registry.host}/keye/engine`, `${registry.host}/mirror/engine`];
    expect(await run({ image: { repository, tag: "v1", mirror } })).toMatchObject({ exitCode: 0 });
    expect(readFileSync(file(), "utf8")).toContain(digest);
    expect(readFileSync(file(), "utf8")).not.toContain("mirror");
  });

  test("that has not the image is found before a node pulls from it", async () => {
    const digest = registry.pushImage("keye/engine", "v1", [1]);
    const [repository, mirror] = [`${registry.host}/keye/engine`, `${registry.host}/mirror/engine`];
    expect(await run({ image: { repository, tag: "v1", mirror } })).toEqual({
      exitCode: 1,
      said: [
        `E_SUPPLY: ${mirror}: The mirror has not ${digest}, which ${repository}:v1 stands for now. Copy it: skopeo copy --all docker://${repository}:v1 docker://${mirror}:v1`,
      ],
    });
    expect(existsSync(file())).toBe(false);
  });
});

test("everything that cannot be found is told at once, and nothing is written", async () => {
  const repository = new GitRepository();
  repository.commit("main", "first");
  repository.commit("keye-vl-v2-30b-release", "second");
  const url = await repository.serve();
  const digest = digestOf("a");
  const { exitCode, said } = await run({
    image: {
      kind: "source",
      repository: "keye/engine",
      base: `${registry.host}/cuda:12`,
      build: { builderImage: `buildkit@${digest}` },
      sources: {
        sglang: { url, branch: "keye-vl-v2-30b-relaese" },
        deepGemm: { url, branch: "support" },
        effectiveKernels: { url, branch: "HEAD" },
      },
    },
  });
  await repository.close();
  expect({ exitCode, said }).toEqual({
    exitCode: 1,
    said: [
      `E_SUPPLY: ${registry.host}/cuda:12: The repository has no such tag. Check its name.`,
      `E_SUPPLY: ${url}: It has no branch "keye-vl-v2-30b-relaese", which image.sources.sglang.branch asks for. Did you mean keye-vl-v2-30b-release?`,
      `E_SUPPLY: ${url}: It has no branch "support", which image.sources.deepGemm.branch asks for. Its branches: keye-vl-v2-30b-release, main.`,
    ],
  });
  expect(existsSync(file())).toBe(false);
});

test("a lock of several stacks keeps what one of them does not ask for", async () => {
  const other = { digest: digestOf("c"), resolvedAt: "2026-01-31T12:00:00Z" };
  writeFileSync(
    file(),
    stringify({ apiVersion: "keye-stack.dev/v1", kind: "Lock", images: { "other/engine:1": other } }),
  );
  registry.pushImage("keye/engine", "v1", [1]);
  const image = { repository: `${registry.host}/keye/engine`, tag: "v1" };
  expect(await run({ image }, "--update")).toMatchObject({ exitCode: 0 });
  expect(readFileSync(file(), "utf8")).toContain("other/engine:1:");
});

test("what somebody else records meanwhile is kept", async () => {
  const other = { digest: digestOf("c"), resolvedAt: "2026-01-31T12:00:00Z" };
  const theirs = { apiVersion: "keye-stack.dev/v1", kind: "Lock", images: { "other/engine:1": other } };
  registry.pushImage("keye/engine", "v1", [1]);
  const repository = `${registry.host}/keye/engine`;
  const running = run({ image: { repository, tag: "v1" } });
  writeFileSync(file(), stringify(theirs));
  expect(await running).toMatchObject({ exitCode: 0 });
  expect(Object.keys(parse(readFileSync(file(), "utf8")).images)).toEqual([`${repository}:v1`, "other/engine:1"]);
});

describe("a wrong call", () => {
  test.each([
    {
      args: ["Pulumi.prod.yaml"],
      said: /unexpected argument "Pulumi\.prod\.yaml"; the file with the settings goes into --stack-file\./,
    },
    { args: ["--check", "--update"], said: /--update and --check exclude each other\./ },
    { args: ["--updates"], said: /unknown option --updates \(did you mean --update\?\)\./ },
  ])("$args is refused", async ({ args, said }) => {
    await expect(run({}, ...args)).rejects.toMatchObject({
      code: "CONFIG_USAGE",
      message: expect.stringMatching(said),
    });
  });

  test("a lock that cannot be read is not overwritten", async () => {
    writeFileSync(file(), "kind: Secret\n");
    await expect(run({ image: { digest: digestOf("a") } })).rejects.toMatchObject({ code: "CONFIG_LOCK" });
    expect(readFileSync(file(), "utf8")).toBe("kind: Secret\n");
  });
});
