import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { readBranches } from "../../infra/process/git.ts";
import { GitRepository } from "../support/git-repository.ts";

const { signal } = new AbortController();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0)) await close();
});

test("branches are read with their commits, the default one as HEAD too", async () => {
  const repository = new GitRepository();
  closers.push(() => repository.close());
  const main = repository.commit("main", "first");
  const release = repository.commit("keye/release", "second");
  expect(await readBranches(repository.folder, signal)).toEqual(
    new Map([
      ["HEAD", main],
      ["keye/release", release],
      ["main", main],
    ]),
  );
});

test("a repository without a commit has no branches", async () => {
  const repository = new GitRepository();
  closers.push(() => repository.close());
  expect(await readBranches(repository.folder, signal)).toEqual(new Map());
});

/** An HTTP server that answers everything with one status. */
async function server(status: number, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const http = createServer((_, response) => response.writeHead(status, headers).end());
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => http.close(resolve)));
  // A listening TCP server has such an address.
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/keye/sglang.git`;
}

describe("what git is refused is told in words", () => {
  test.each([
    {
      status: 404,
      headers: {},
      code: "E_SUPPLY",
      said: /There is no such repository, or it is hidden from us \(.*not found\)\. Check the URL/,
    },
    {
      status: 403,
      headers: {},
      code: "E_SUPPLY",
      said: /The server does not let us read it \(.*403\)\. git ls-remote URL must work/,
    },
    {
      status: 401,
      headers: { "www-authenticate": 'Basic realm="fake"' },
      code: "E_SUPPLY",
      said: /The server does not let us read it \(.*could not read Username.*\)\. git ls-remote URL must work/,
    },
  ])("$status", async ({ status, headers, code, said }) => {
    const url = await server(status, headers);
    await expect(readBranches(url, signal)).rejects.toMatchObject({
      code,
      where: url,
      message: expect.stringMatching(said),
    });
  });

  test("a server that is not there", async () => {
    const url = await server(200);
    await closers.splice(0)[0]?.();
    await expect(readBranches(url, signal)).rejects.toMatchObject({
      code: "ENV_UNREACHABLE",
      message: expect.stringMatching(/The server does not answer \(.*\)\. Check that its host is reachable/),
    });
  });

  test("a folder that is no repository", async () => {
    await expect(readBranches("/nowhere/sglang.git", signal)).rejects.toMatchObject({
      code: "E_SUPPLY",
      message: expect.stringContaining("There is no such repository"),
    });
  });

  test("an URL that looks like an option", async () => {
    await expect(readBranches("--upload-pack=touch /tmp/pwned", signal)).rejects.toMatchObject({ code: "E_SUPPLY" });
  });
});

describe("git itself", () => {
  function withGit(script: string | undefined): void {
    const folder = mkdtempSync(join(tmpdir(), "fake-git-"));
    closers.push(() => rmSync(folder, { recursive: true }));
    vi.stubEnv("PATH", folder);
    if (script === undefined) return;
    writeFileSync(join(folder, "git"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, "git"), 0o755);
  }

  test("that is missing is named", async () => {
    withGit(undefined);
    await expect(readBranches("https://git.example.com/a.git", signal)).rejects.toMatchObject({
      code: "ENV_TOOL",
      message: "ENV_TOOL: git: git is not on PATH. Install git and put it on PATH.",
    });
  });

  test("is quoted where nobody foresaw what it says", async () => {
    withGit("echo fatal: the moon is full >&2; exit 128");
    await expect(readBranches("https://git.example.com/a.git", signal)).rejects.toMatchObject({
      code: "E_SUPPLY",
      message: "E_SUPPLY: https://git.example.com/a.git: git could not read its branches (fatal: the moon is full).",
    });
  });

  test("is ended when somebody cancels", async () => {
    withGit("exec /bin/sleep 60");
    const stop = new AbortController();
    const reading = readBranches("https://git.example.com/a.git", stop.signal);
    stop.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
  });
});
