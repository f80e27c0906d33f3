import { describe, expect, test } from "vitest";
import { formatLock } from "../../../../infra/spec/lock/format.ts";
import { emptyLock, type Lock } from "../../../../infra/spec/lock/lock.ts";
import { parseLock } from "../../../../infra/spec/lock/parse.ts";
import { commitOf, digestOf, fullLock } from "../../../support/locks.ts";

const resolvedAt = "2026-01-31T12:00:00Z";
const header = "apiVersion: keye-stack.dev/v1\nkind: Lock\n";

const lock: Lock = {
  ...fullLock,
  weights: { "huggingface:Kwai-Keye/Keye-VL-2.0-30B-A3B@main": { commit: commitOf("4"), resolvedAt } },
  builds: {
    "0123456789": {
      repository: "registry.example.com/keye/engine",
      digest: digestOf("d"),
      builtAt: resolvedAt,
      provenance: {
        base: `nvidia/cuda@${digestOf("b")}`,
        sources: { sglang: commitOf("1"), deepGemm: commitOf("2"), effectiveKernels: commitOf("3") },
        versions: { torch: "2.9.1" },
      },
    },
  },
};

describe("the text of a lock", () => {
  test("reads back as what was written", () => {
    expect(parseLock(formatLock(lock), "keye.lock.yaml")).toEqual(lock);
  });

  test("has the same bytes whatever the order of its entries", () => {
    const backwards = Object.fromEntries(Object.entries(lock.images).reverse());
    expect(formatLock({ ...lock, images: backwards })).toBe(formatLock(lock));
  });

  test("is short where little is known", () => {
    const images = { "keye/engine:1": { resolvedAt, digest: digestOf("a") } };
    expect(formatLock({ ...emptyLock, images })).toMatchInlineSnapshot(`
      "# Written by keye lock and keye build. Commit it: it decides what runs.
      apiVersion: keye-stack.dev/v1
      kind: Lock
      images:
        keye/engine:1:
          digest: sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
          resolvedAt: 2026-01-31T12:00:00Z
      "
    `);
  });

  test.each(["", header, `# nothing yet\n${header}images: {}\n`])("%j knows nothing", (text) => {
    expect(parseLock(text, "keye.lock.yaml")).toEqual(emptyLock);
  });
});

describe("a lock that cannot be used", () => {
  const entry = { digest: digestOf("a"), resolvedAt };
  test.each([
    {
      what: "another kind of file",
      text: "apiVersion: v1\nkind: Secret\n",
      problems: ['got apiVersion text "v1" and kind text "Secret", wanted apiVersion keye-stack.dev/v1 and kind Lock.'],
    },
    { what: "a list", text: "[]", problems: ["got an empty list, wanted a lock."] },
    {
      what: "a section that nobody knows",
      text: `${header}image: {}\n`,
      problems: ["image: no such field. Did you mean images?"],
    },
    {
      what: "a section without keys",
      text: `${header}images: [1]\n`,
      problems: ["images: got a list of 1, wanted entries by their keys."],
    },
    {
      what: "many at once",
      text: `${header}images: ${JSON.stringify({ "keye/engine:1": { ...entry, digest: "latest", bytes: 1.5, size: 3 }, "keye/engine:2": entry })}
sources: ${JSON.stringify({ "https://git.example.com/a.git#main": { commit: "1a2b3c4", resolvedAt: "yesterday" }, b: null })}
`,
      problems: [
        'images["keye/engine:1"].size: no such field. Fields here: digest, bytes, resolvedAt.',
        'images["keye/engine:1"].digest: got text "latest", wanted sha256: and 64 hex digits in small letters.',
        'images["keye/engine:1"].bytes: got 1.5, wanted a whole number of bytes.',
        'sources["https://git.example.com/a.git#main"].commit: got text "1a2b3c4", wanted 40 hex digits in small letters.',
        'sources["https://git.example.com/a.git#main"].resolvedAt: got text "yesterday", wanted a moment such as 2026-01-31T12:00:00Z.',
        "sources.b: got nothing, wanted a group with commit, bytes, resolvedAt.",
      ],
    },
    {
      what: "a build without its origin",
      text: `${header}builds: ${JSON.stringify({ "0123456789": { repository: "keye/engine", digest: digestOf("a"), builtAt: resolvedAt } })}\n`,
      problems: ['builds["0123456789"].provenance: got nothing, wanted a group with base, sources, versions.'],
    },
  ])("$what is told with everything that is wrong", ({ text, problems }) => {
    const hint = "Take one side of a merge whole, or run keye lock --update to make it anew.";
    const message = `CONFIG_LOCK: keye.lock.yaml: ${problems.join("\n  ")} ${hint}`;
    expect(() => parseLock(text, "keye.lock.yaml")).toThrow(expect.objectContaining({ code: "CONFIG_LOCK", message }));
  });

  test("a merge conflict is no YAML, and the way out is told", () => {
    const text = `${header}images:\n<<<<<<< HEAD\n  a: b\n=======\n  a: c\n>>>>>>> other\n`;
    expect(() => parseLock(text, "keye.lock.yaml")).toThrow(
      expect.objectContaining({
        code: "CONFIG_FILE",
        message: expect.stringMatching(/^CONFIG_FILE: keye\.lock\.yaml: Not readable as YAML: .* keye lock --update/),
      }),
    );
  });
});
