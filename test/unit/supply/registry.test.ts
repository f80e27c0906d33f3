import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import type { Clock } from "../../../infra/core/clock.ts";
import { openRegistry, type Registry } from "../../../infra/supply/registry/registry.ts";
import type { RegistryWorld } from "../../../infra/supply/registry/session.ts";
import { type FakeAccess, FakeRegistry } from "../../support/fake-registry.ts";

const login = { user: "ada", password: "lovelace" };
const patience = { attempts: 3, firstPause: 1, stallAfter: 5_000, stalls: 1 };
const { signal } = new AbortController();

let registry: FakeRegistry | undefined;
afterEach(async () => {
  await registry?.close();
  registry = undefined;
});

/** A registry that has one image of three bytes, and what asks it. */
async function start(access?: FakeAccess, world: Partial<RegistryWorld> = {}) {
  registry = await FakeRegistry.start(access);
  const repository = `${registry.host}/keye/engine`;
  const digest = registry.pushImage("keye/engine", "v1", [1, 2]);
  const complete = { clock: systemClock, patience, loginFor: async () => undefined, ...world };
  return { fake: registry, repository, digest, engine: openRegistry(repository, complete) };
}

describe("a tag", () => {
  test("is resolved to its digest and to what a node pulls", async () => {
    const { fake, digest, engine } = await start();
    expect(await engine.resolve("v1", signal)).toEqual({ digest, bytes: 3 });
    expect(fake.asked).toEqual(["HEAD /v2/keye/engine/manifests/v1", `GET /v2/keye/engine/manifests/${digest}`]);
  });

  test("of several platforms is the digest of all of them, with the size of the one that nodes pull", async () => {
    const { fake, digest, engine } = await start();
    const arm = fake.pushImage("keye/engine", "arm", [400]);
    const all = { "linux/arm64": arm, "linux/amd64": digest, "unknown/unknown": arm };
    const index = fake.pushIndex("keye/engine", "all", all);
    expect(await engine.resolve("all", signal)).toEqual({ digest: index, bytes: 3 });
  });

  test("is hashed where the registry does not tell its digest", async () => {
    const { fake, digest, engine } = await start();
    fake.lie({ kind: "noDigest" }, { kind: "noDigest" });
    expect(await engine.resolve("v1", signal)).toEqual({ digest, bytes: 3 });
  });

  test("is asked for by GET where the registry knows no HEAD", async () => {
    const { fake, digest, engine } = await start();
    fake.lie({ kind: "status", status: 405 });
    expect(await engine.resolve("v1", signal)).toEqual({ digest, bytes: 3 });
  });
});

describe("whether an image is there", () => {
  test.each([
    { what: "a tag", reference: () => "v1", isThere: true },
    { what: "a digest", reference: (digest: string) => digest, isThere: true },
    { what: "another tag", reference: () => "v2", isThere: false },
    { what: "another digest", reference: () => `sha256:${"0".repeat(64)}`, isThere: false },
  ])("is told of $what", async ({ reference, isThere }) => {
    const { digest, engine } = await start();
    expect(await engine.find(reference(digest), signal)).toBe(isThere ? digest : undefined);
  });
});

describe("who asks", () => {
  test.each<{ readonly what: string; readonly access: FakeAccess; readonly isKnown: boolean }>([
    { what: "anybody gets a token", access: { scheme: "bearer" }, isKnown: false },
    { what: "a login gets a token", access: { scheme: "bearer", login }, isKnown: true },
    { what: "a login is sent itself", access: { scheme: "basic", login }, isKnown: true },
  ])("is proven once: $what", async ({ access, isKnown }) => {
    const accounts: string[] = [];
    const loginFor = async (account: string) => {
      accounts.push(account);
      return isKnown ? login : undefined;
    };
    const { fake, digest, engine } = await start(access, { loginFor });
    expect(await engine.resolve("v1", signal)).toEqual({ digest, bytes: 3 });
    expect(accounts).toEqual([fake.host]);
    expect(fake.asked.filter((line) => line === "GET /token")).toHaveLength(access.scheme === "bearer" ? 1 : 0);
  });

  test.each<{ readonly access: FakeAccess; readonly known?: typeof login; readonly said: RegExp }>([
    {
      access: { scheme: "basic" },
      said: /answered 401: it gives this repository to nobody without a login, or there is no such repository\. Check the name, then: docker login 127/,
    },
    { access: { scheme: "bearer", login }, said: /answered 401: it gives this repository to nobody without a login/ },
    {
      access: { scheme: "bearer", login },
      known: { ...login, password: "wrong" },
      said: /answered 401: it does not take the login of "ada" for this repository\. Log in with one that may pull: docker login 127/,
    },
    {
      access: { scheme: "basic", login },
      known: { ...login, password: "wrong" },
      said: /does not take the login of "ada"/,
    },
  ])("is refused with what to do: $access.scheme, $known.password", async ({ access, known, said }) => {
    const { engine } = await start(access, { loginFor: async () => known });
    const error = await engine.resolve("v1", signal).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "E_SUPPLY", message: expect.stringMatching(said) });
    expect(String(error)).not.toContain("wrong");
  });

  test("no password is sent in the open, whatever the registry says", async () => {
    const { engine } = await start(
      { scheme: "bearer", login, realm: "http://registry.example.com/token" },
      { loginFor: async () => login },
    );
    await expect(engine.resolve("v1", signal)).rejects.toMatchObject({
      code: "E_SUPPLY",
      message: expect.stringContaining("http://registry.example.com/token for a token, which is no https address"),
    });
  });
});

describe("a refusal is final", () => {
  const cases: readonly {
    readonly what: string;
    readonly prepare: (fake: FakeRegistry, digest: string) => void;
    readonly ask?: (engine: Registry) => Promise<unknown>;
    readonly said: RegExp;
  }[] = [
    {
      what: "a tag that is not there",
      prepare: () => undefined,
      ask: (engine) => engine.resolve("v2", signal),
      said: /keye\/engine:v2: The repository has no such tag\. Check its name\.$/,
    },
    {
      what: "a tag whose body is of no image that is there",
      prepare: (fake) => fake.lie({ kind: "status", status: 405 }, { kind: "otherBody" }),
      said: /answered 404 for a manifest that it names/,
    },
    {
      what: "a manifest that is changed on the way",
      prepare: (fake, digest) => {
        fake.lie({ kind: "status", status: 405 });
        fake.pushIndex("keye/engine", "v1", { "linux/amd64": digest });
        fake.lie({ kind: "noDigest" }, { kind: "otherBody" });
      },
      said: /The manifest that came is sha256:[0-9a-f]{64}\. Something between changes it\.$/,
    },
    {
      what: "an image for other machines",
      prepare: (fake, digest) => void fake.pushIndex("keye/engine", "v1", { "linux/arm64": digest }),
      said: /It has no image for linux\/amd64, only for linux\/arm64\.$/,
    },
    {
      what: "an artifact that is no image",
      prepare: (fake) =>
        void fake.push(
          "keye/engine",
          "v1",
          { mediaType: "text/x-chart" },
          "application/vnd.oci.image.manifest.v1+json",
        ),
      said: /It is no container image, but text\/x-chart\.$/,
    },
    {
      what: "a repository that is closed to everybody",
      prepare: (fake) => fake.lie({ kind: "status", status: 403 }, { kind: "status", status: 403 }),
      said: /The registry answered 403\.$/,
    },
  ];

  test.each(cases)("$what", async ({ prepare, ask = (engine) => engine.resolve("v1", signal), said }) => {
    const { fake, digest, engine } = await start();
    prepare(fake, digest);
    await expect(ask(engine)).rejects.toMatchObject({ code: "E_SUPPLY", message: expect.stringMatching(said) });
  });
});

describe("a registry that is busy", () => {
  test("is asked again after the time that it names", async () => {
    const pauses: number[] = [];
    const clock: Clock = {
      now: () => 0,
      sleep: async (duration) => void pauses.push(duration),
    };
    const { fake, digest, engine } = await start(undefined, { clock });
    fake.lie({ kind: "status", status: 429, headers: { "retry-after": "7" } }, { kind: "status", status: 503 });
    expect(await engine.resolve("v1", signal)).toEqual({ digest, bytes: 3 });
    expect(pauses).toEqual([7_000, expect.any(Number)]);
    expect(pauses[1]).toBeLessThanOrEqual(2);
  });

  test("is given up in the end, with its last answer", async () => {
    const { fake, engine } = await start();
    fake.lie(...Array.from({ length: 3 }, () => ({ kind: "status", status: 503 }) as const));
    await expect(engine.resolve("v1", signal)).rejects.toMatchObject({
      code: "ENV_UNREACHABLE",
      message: expect.stringContaining("answered 503"),
    });
  });

  test("that does not listen is told so", async () => {
    const { engine } = await start();
    await registry?.close();
    await expect(engine.resolve("v1", signal)).rejects.toMatchObject({
      code: "ENV_UNREACHABLE",
      message: expect.stringContaining("connection refused"),
    });
  });

  test("is left alone as soon as somebody cancels", async () => {
    const { fake, engine } = await start();
    const stop = new AbortController();
    stop.abort(new Error("enough"));
    await expect(engine.resolve("v1", stop.signal)).rejects.toThrow("enough");
    expect(fake.asked).toEqual([]);
  });
});
