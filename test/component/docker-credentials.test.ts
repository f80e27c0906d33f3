import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { askCredentialHelper } from "../../infra/process/docker-credentials.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "credentials-"));
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function helper(script: string): void {
  const file = join(folder, "docker-credential-fake");
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

test("a helper is asked for an account and gives its login", async () => {
  helper(`read -r account || true; echo "{\\"Username\\": \\"$account of $1\\", \\"Secret\\": \\"lovelace\\"}"`);
  expect(await askCredentialHelper("fake", "ghcr.io")).toEqual({ user: "ghcr.io of get", password: "lovelace" });
});

test("a helper without the account has no login", async () => {
  helper("echo credentials not found in native keychain; exit 1");
  expect(await askCredentialHelper("fake", "ghcr.io")).toBeUndefined();
});

test.each([
  {
    what: "a helper that fails",
    script: "echo the vault is sealed >&2; exit 1",
    said: "It failed: the vault is sealed.",
  },
  { what: "a helper that talks nonsense", script: "echo hello", said: "Its answer is no login." },
  {
    what: "an identity token",
    script: `echo '{"Username": "<token>", "Secret": "do-not-print-me"}'`,
    said: "It keeps an identity token, which cannot be used here.",
  },
])("$what is told with a way out", async ({ script, said }) => {
  helper(script);
  await expect(askCredentialHelper("fake", "ghcr.io")).rejects.toMatchObject({
    code: "ENV_TOOL",
    message: `ENV_TOOL: docker-credential-fake: ${said} Point DOCKER_CONFIG to a folder with a config.json that holds a name and a password.`,
  });
});

test("a helper that is not there is told by its name", async () => {
  await expect(askCredentialHelper("nowhere", "ghcr.io")).rejects.toMatchObject({
    code: "ENV_TOOL",
    message: expect.stringContaining("docker-credential-nowhere: It is not on PATH"),
  });
});
