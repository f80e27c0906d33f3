import { createHmac, randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import type { HubCredentials } from "../../infra/supply/hub/credentials.ts";
import { weightsRevision } from "../../infra/supply/hub/weights-revision.ts";
import {
  type FakeHub,
  fakeCommit,
  type HubRoutes,
  huggingFaceRoutes,
  type RefusalAnswer,
  sha256Of,
  startFakeHub,
} from "../support/fake-hub.ts";
import { folderRoutes, modelScopeRoutes, s3Routes } from "../support/fake-stores.ts";
import { emptyFolder, runHydration, sumOfFile, testPatience, textIn } from "../support/hydration.ts";

const shard = randomBytes(200_000);
const files = { "config.json": "{}", "a dir/model+1.safetensors": shard };
const sums = Object.entries(files)
  .map(([path, content]) => `${sha256Of(content)}  ./${path}\n`)
  .join("");

const secrets = { huggingface: "hf_plantedPlanted1234", modelscope: "ms-planted-1234" };
const keys = { accessKeyId: "AKIAPLANTEDPLANTED12", secretAccessKey: "planted/secret+key" };
const credentials: HubCredentials = { ...secrets, s3: keys };

let hub: FakeHub;
let dir: string;
let lines: string[];

beforeEach(() => {
  dir = emptyFolder();
  lines = [];
});

afterEach(async () => {
  await hub.close();
  rmSync(dir, { recursive: true });
});

async function fill(from: string, options: { readonly credentials?: HubCredentials; readonly revision?: string } = {}) {
  return await runHydration(dir, { from, endpoint: hub.url, ...options }, lines);
}

/** All headers that the CDN has seen, as text. */
function cdnHeaders(): string {
  return JSON.stringify(hub.seen.filter(({ at }) => at === "cdn"));
}

interface SourceCase {
  readonly name: string;
  readonly from: () => string;
  readonly routes: HubRoutes;
  readonly more?: Readonly<Record<string, string>>;
  readonly commit: string;
  /** What every request to the hub carries. */
  readonly proof: RegExp | undefined;
}

const sources: readonly SourceCase[] = [
  {
    name: "Hugging Face",
    from: () => "huggingface:owner/model",
    routes: huggingFaceRoutes,
    commit: fakeCommit,
    proof: /^Bearer hf_plantedPlanted1234$/,
  },
  {
    name: "ModelScope",
    from: () => "modelscope:owner/model",
    routes: modelScopeRoutes,
    commit: fakeCommit,
    proof: /^(Bearer ms-planted-1234|Basic b2F1dGgyOm1zLXBsYW50ZWQtMTIzNA==)$/,
  },
  {
    name: "S3",
    from: () => "s3://bucket/weights/v1",
    routes: s3Routes,
    more: { SHA256SUMS: sums },
    commit: sha256Of(sums),
    proof: /^AWS4-HMAC-SHA256 Credential=AKIAPLANTEDPLANTED12\/\d{8}\/us-east-1\/s3\/aws4_request, /,
  },
  {
    name: "a web folder",
    from: () => `${hub.url}/folder`,
    routes: folderRoutes,
    more: { SHA256SUMS: sums },
    commit: sha256Of(sums),
    proof: undefined,
  },
];

describe.each(sources)("$name", ({ name, from, routes, more, commit, proof }) => {
  const revision = name === "ModelScope" ? "master" : "main";

  beforeEach(async () => {
    hub = await startFakeHub({ ...files, ...more }, routes);
  });

  test("fills a folder; what proves who asks goes to the hub and never to where it redirects", async () => {
    const { manifest } = await fill(from(), { credentials, revision });
    expect(manifest).toMatchObject({ source: from(), commit });
    expect(sumOfFile(join(dir, "a dir/model+1.safetensors"))).toBe(sha256Of(shard));
    const asked = hub.seen.filter(({ at }) => at === "hub").map(({ headers }) => headers.authorization);
    for (const authorization of asked) {
      if (proof === undefined) expect(authorization).toBeUndefined();
      else expect(authorization).toMatch(proof);
    }
    expect(cdnHeaders()).not.toMatch(/authorization|cookie|planted|amz-security/i);
    expect(JSON.stringify(lines) + textIn(dir, "manifest.json")).not.toMatch(/planted|X-Signature/i);
  });

  test("is read without anything that proves who asks, where it is public", async () => {
    expect(await fill(from(), { revision })).toMatchObject({ isFresh: true });
    expect(hub.seen.filter(({ headers }) => headers.authorization ?? headers.cookie)).toEqual([]);
  });

  test("says what a revision is now", async () => {
    const options = { credentials, clock: systemClock, patience: testPatience, signal: new AbortController().signal };
    expect(await weightsRevision(from(), revision, { ...options, endpoint: hub.url })).toBe(commit);
  });
});

interface RefusalCase {
  readonly name: string;
  readonly from: string;
  readonly routes: HubRoutes;
  readonly answer: RefusalAnswer;
  /** Where it refuses; everywhere if absent. */
  readonly at?: RegExp;
  readonly hasToken?: boolean;
  readonly message: string;
}

const owner = "huggingface:owner/model";
const secret = "the Secret that model.tokenSecret names (HF_TOKEN of the Job)";
const refusals: readonly RefusalCase[] = [
  {
    name: "a gated repository without a token",
    from: owner,
    routes: huggingFaceRoutes,
    answer: { status: 401, headers: { "x-error-code": "GatedRepo" } },
    at: /resolve/,
    message: `${owner}: config.json: The repository is gated, and no token was sent (the source answered 401 GatedRepo). Accept the licence at HUB/owner/model, then put a token of that account, with read access to gated repositories, into ${secret}.`,
  },
  {
    name: "a gated repository with the token of an account that was not let in",
    from: owner,
    routes: huggingFaceRoutes,
    answer: { status: 403, headers: { "x-error-code": "GatedRepo" } },
    at: /resolve/,
    hasToken: true,
    message: `The repository is gated, and the token's account has not been let in (the source answered 403 GatedRepo).`,
  },
  {
    name: "a repository that is not there, or is private",
    from: owner,
    routes: huggingFaceRoutes,
    answer: { status: 401, headers: { "x-error-code": "RepoNotFound" } },
    message: `There is no such repository, or it is private and no token was sent (the source answered 401 RepoNotFound). Check the name at HUB/owner/model`,
  },
  {
    name: "a repository that is not there, for somebody with a token",
    from: owner,
    routes: huggingFaceRoutes,
    answer: { status: 404, headers: { "x-error-code": "RepoNotFound" } },
    hasToken: true,
    message:
      "There is no such repository, or the token's account may not see it (the source answered 404 RepoNotFound).",
  },
  {
    name: "a token that is not valid",
    from: owner,
    routes: huggingFaceRoutes,
    answer: { status: 401, headers: { "x-error-message": "Invalid credentials in Authorization header" } },
    hasToken: true,
    message: `The token is not valid (the source answered 401). Put a valid token into ${secret}`,
  },
  {
    name: "a revision that is not there",
    from: owner,
    routes: huggingFaceRoutes,
    answer: { status: 404, headers: { "x-error-code": "RevisionNotFound" } },
    at: /revision/,
    message: `${owner}@main: The repository has no such revision (the source answered 404 RevisionNotFound). Look at HUB/owner/model/commits`,
  },
  {
    name: "a proxy that answers in the hub's place",
    from: owner,
    routes: huggingFaceRoutes,
    answer: { status: 200, body: "<html>please log in</html>" },
    message: "The answer is not what such a source gives: it is no JSON. Check the endpoint",
  },
  {
    name: "a private repository on ModelScope",
    from: "modelscope:owner/model",
    routes: modelScopeRoutes,
    answer: { status: 403, body: '{"Code": 10010203002, "Message": "your token ms-planted-1234 is bad"}' },
    at: /repo\/files/,
    hasToken: true,
    message: "The token is not valid or may not see the repository (the source answered 403, Code 10010203002).",
  },
  {
    name: "a branch that ModelScope does not have",
    from: "modelscope:owner/model",
    routes: modelScopeRoutes,
    answer: { status: 200, body: "001e# service=git-upload-pack\n0000" },
    at: /info\/refs/,
    message: "modelscope:owner/model@main: The repository has no such branch or tag",
  },
  {
    name: "a bucket that is not there",
    from: "s3://bucket/weights/v1",
    routes: s3Routes,
    answer: { status: 404, body: "<Error><Code>NoSuchBucket</Code></Error>" },
    message: "There is no such bucket (the source answered 404 NoSuchBucket).",
  },
  {
    name: "keys that S3 does not know",
    from: "s3://bucket/weights/v1",
    routes: s3Routes,
    answer: {
      status: 403,
      body: "<Error><Code>InvalidAccessKeyId</Code><AWSAccessKeyId>AKIAPLANTEDPLANTED12</AWSAccessKeyId></Error>",
    },
    hasToken: true,
    message: "The keys are not valid or may not read this (the source answered 403 InvalidAccessKeyId). Put keys",
  },
  {
    name: "a bucket of another region",
    from: "s3://bucket/weights/v1",
    routes: s3Routes,
    answer: { status: 301, body: "<Error><Code>PermanentRedirect</Code></Error>" },
    message:
      'The bucket is not served in region "us-east-1" at this endpoint (the source answered 301 PermanentRedirect).',
  },
  {
    name: "a prefix with nothing in it",
    from: "s3://bucket/other",
    routes: s3Routes,
    answer: { status: 200, body: "<ListBucketResult></ListBucketResult>" },
    message: "s3://bucket/other: There is nothing there (the source answered an empty list).",
  },
];

describe("a source that refuses for good", () => {
  test.each(refusals)(
    "says so before a byte is loaded: $name",
    async ({ from, routes, answer, at, hasToken, message }) => {
      hub = await startFakeHub(files, routes);
      hub.refuse = (path) => (at === undefined || at.test(path) ? answer : undefined);
      const revision = from.startsWith("modelscope") && !message.includes("branch") ? "master" : "main";
      const options = { revision, ...(hasToken ? { credentials } : {}) };
      const error: unknown = await fill(from, options).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: "E_SUPPLY",
        message: expect.stringContaining(message.replaceAll("HUB", hub.url)),
      });
      expect(String(error)).not.toMatch(/planted/i);
      expect(hub.seen.filter((request) => request.at === "cdn")).toEqual([]);
    },
  );

  test("a web folder that lists nothing", async () => {
    hub = await startFakeHub(files, folderRoutes);
    await expect(fill(`${hub.url}/folder`)).rejects.toMatchObject({
      code: "E_SUPPLY",
      message: expect.stringContaining(
        "Neither manifest.json nor SHA256SUMS can be read there (the source answered 404).",
      ),
    });
  });

  test("a folder whose files are not those that were pinned", async () => {
    hub = await startFakeHub({ ...files, SHA256SUMS: sums }, folderRoutes);
    const pinned = "0".repeat(64);
    await expect(fill(`${hub.url}/folder`, { revision: pinned })).rejects.toMatchObject({
      message: expect.stringContaining(
        `Its files are not those of revision ${pinned} (the source answered revision ${sha256Of(sums)}).`,
      ),
    });
  });

  test("a listing that wants to write elsewhere", async () => {
    hub = await startFakeHub({ SHA256SUMS: `${sha256Of("")}  ../../etc/passwd\n` }, folderRoutes);
    await expect(fill(`${hub.url}/folder`)).rejects.toMatchObject({
      message: expect.stringContaining('It lists the file "../../etc/passwd", which lies outside of a folder.'),
    });
  });
});

describe("a hub that is away", () => {
  test("is asked again, as long as it asks for", async () => {
    hub = await startFakeHub(files);
    let asked = 0;
    hub.refuse = () => (++asked < 3 ? { status: 429, headers: { ratelimit: '"api";r=0;t=0' } } : undefined);
    expect(await fill("huggingface:owner/model")).toMatchObject({ isFresh: true });
  });

  test("for good is named with its last answer", async () => {
    hub = await startFakeHub(files);
    hub.refuse = () => ({ status: 503 });
    await expect(fill("huggingface:owner/model")).rejects.toMatchObject({
      code: "ENV_UNREACHABLE",
      message: expect.stringContaining("No usable answer in 4 attempts; the last: 127.0.0.1:"),
    });
  });

  test.each([
    ["revision", /No usable answer in 4 attempts; the last: .*: no whole answer within 0.15 s./],
    ["resolve", /config.json was not given out in 4 attempts; the last: no answer within 0.15 s./],
  ])("that holds the line and says nothing about a %s is left after a while", async (what, message) => {
    hub = await startFakeHub(files);
    hub.refuse = (path) => (path.includes(what) ? { status: 0 } : undefined);
    await expect(fill("huggingface:owner/model")).rejects.toMatchObject({
      code: "ENV_UNREACHABLE",
      message: expect.stringMatching(message),
    });
  });

  test("and an endpoint where nobody listens is named", async () => {
    hub = await startFakeHub(files);
    await hub.close();
    await expect(fill("huggingface:owner/model")).rejects.toMatchObject({
      code: "ENV_UNREACHABLE",
      message: expect.stringMatching(/the last: 127.0.0.1:\d+: connection refused. Check that/),
    });
  });
});

test("a folder that was filled is a source for others", async () => {
  hub = await startFakeHub(files);
  await fill("huggingface:owner/model");
  const manifest = textIn(dir, "manifest.json");
  await hub.close();
  hub = await startFakeHub({ ...files, "manifest.json": manifest }, folderRoutes);
  rmSync(dir, { recursive: true });
  const second = await fill(`${hub.url}/folder`);
  expect(second.manifest).toMatchObject({ commit: sha256Of(manifest), files: JSON.parse(manifest).files });
  expect(hub.seen.filter(({ method }) => method === "HEAD")).toEqual([]);
});

test("S3 without sums: a part of which nobody knows the version is loaded from its first byte", async () => {
  hub = await startFakeHub(files, s3Routes);
  mkdirSync(join(dir, "a dir"));
  writeFileSync(join(dir, "a dir/model+1.safetensors.part"), randomBytes(100_000));
  await fill("s3://bucket/weights/v1");
  expect(sumOfFile(join(dir, "a dir/model+1.safetensors"))).toBe(sha256Of(shard));
});

test("S3 without sums: a part is resumed by its ETag", async () => {
  hub = await startFakeHub(files, s3Routes);
  const source = "s3://bucket/weights/v1";
  hub.fault = ({ path, attempt }) =>
    path.includes("model") ? { kind: "stall", bytes: attempt === 1 ? 100_000 : 0 } : undefined;
  await expect(fill(source)).rejects.toMatchObject({ code: "ENV_UNREACHABLE" });
  hub.fault = () => undefined;
  hub.seen.length = 0;
  await fill(source);
  const asked = hub.seen.findLast(({ at, url }) => at === "cdn" && url.includes("model"));
  expect(asked?.headers).toMatchObject({
    range: "bytes=100000-",
    "if-range": expect.stringMatching(/^"/),
  });
  expect(sumOfFile(join(dir, "a dir/model+1.safetensors"))).toBe(sha256Of(shard));
});

test("the signature that S3 gets is that of AWS's algorithm", async () => {
  hub = await startFakeHub({ ...files, SHA256SUMS: sums }, s3Routes);
  await fill("s3://bucket/weights/v1", { credentials });
  const request = hub.seen.find(({ at, url }) => at === "hub" && url.includes("model"));
  const { authorization = "", host = "", "x-amz-date": date } = request?.headers ?? {};
  const [, signed = "", signature] = /SignedHeaders=([^,]+), Signature=(\w+)/.exec(authorization) ?? [];
  const names = signed.split(";");
  expect(names).toEqual(["host", "x-amz-content-sha256", "x-amz-date"]);
  const canonical = [
    "GET",
    "/bucket/weights/v1/a%20dir/model%2B1.safetensors",
    "",
    `host:${host}\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:${date}\n`,
    signed,
    "UNSIGNED-PAYLOAD",
  ].join("\n");
  const scope = `${String(date).slice(0, 8)}/us-east-1/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", date, scope, sha256Of(canonical)].join("\n");
  const key = scope
    .split("/")
    .reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${keys.secretAccessKey}`);
  expect(signature).toBe(hmac(key, toSign).toString("hex"));
});

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
