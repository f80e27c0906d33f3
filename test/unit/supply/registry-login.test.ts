import { describe, expect, test } from "vitest";
import { parseChallenge } from "../../../infra/supply/registry/challenge.ts";
import { findLogin } from "../../../infra/supply/registry/docker-config.ts";

describe("a challenge", () => {
  test.each([
    { header: undefined, challenge: undefined },
    { header: "Negotiate", challenge: undefined },
    { header: 'Bearer service="a"', challenge: undefined },
    { header: 'Basic realm="Registry Realm"', challenge: { kind: "basic" } },
    {
      header:
        'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
      challenge: {
        kind: "bearer",
        realm: "https://auth.docker.io/token",
        service: "registry.docker.io",
        scope: "repository:a/b:pull,push",
      },
    },
    { header: "bearer realm=https://a.example.com/t", challenge: { kind: "bearer", realm: "https://a.example.com/t" } },
    { header: 'BEARER realm="a\\"b"', challenge: { kind: "bearer", realm: 'a"b' } },
  ])("$header is read", ({ header, challenge }) => {
    expect(parseChallenge(header)).toEqual(challenge);
  });
});

describe("Docker's configuration", () => {
  const login = { user: "ada", password: "love:lace" };
  const auth = Buffer.from("ada:love:lace").toString("base64");
  const hub = "https://index.docker.io/v1/";

  test.each([
    { what: "nothing", config: {}, account: "ghcr.io", place: { kind: "none" } },
    {
      what: "another account",
      config: { auths: { "ghcr.io": { auth } } },
      account: "quay.io",
      place: { kind: "none" },
    },
    {
      what: "an encoded login",
      config: { auths: { "ghcr.io": { auth } } },
      account: "ghcr.io",
      place: { kind: "login", login },
    },
    {
      what: "a login of an older version",
      config: { auths: { "https://ghcr.io/v1/": { username: "ada", password: "love:lace" } } },
      account: "ghcr.io",
      place: { kind: "login", login },
    },
    {
      what: "a login of Docker Hub",
      config: { auths: { [hub]: { auth } } },
      account: hub,
      place: { kind: "login", login },
    },
    {
      what: "a registry with a port",
      config: { auths: { "r.example.com:5000": { auth } } },
      account: "r.example.com",
      place: { kind: "none" },
    },
    {
      what: "an entry without a login",
      config: { auths: { "ghcr.io": {} } },
      account: "ghcr.io",
      place: { kind: "none" },
    },
    {
      what: "a store for all",
      config: { auths: { "ghcr.io": {} }, credsStore: "pass" },
      account: "ghcr.io",
      place: { kind: "helper", helper: "pass" },
    },
    {
      what: "a helper of its own",
      config: { credHelpers: { "ghcr.io": "gh" }, credsStore: "pass" },
      account: "ghcr.io",
      place: { kind: "helper", helper: "gh" },
    },
  ])("with $what is read", ({ config, account, place }) => {
    expect(findLogin(JSON.stringify(config), account, "config.json")).toEqual(place);
  });

  test("that is no JSON is named", () => {
    expect(() => findLogin("{", "ghcr.io", "/home/ada/.docker/config.json")).toThrow(
      expect.objectContaining({
        code: "CONFIG_FILE",
        message: expect.stringMatching(/^CONFIG_FILE: \/home\/ada\/\.docker\/config\.json: Not readable as JSON: /),
      }),
    );
  });
});
