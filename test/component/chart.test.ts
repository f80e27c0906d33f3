import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { canonicalJson } from "../../infra/core/canonical-json.ts";
import type { KubernetesObject } from "../../infra/core/kubernetes-object.ts";
import { parseQuantity } from "../../infra/core/quantity.ts";
import { engineChart, parseManifests, renderChart } from "../../infra/process/helm.ts";
import { chartValues } from "../../infra/spec/chart-values.ts";
import { probeSpec } from "../../infra/spec/promotion-inputs.ts";
import { revisionOf } from "../../infra/spec/revision.ts";
import { stackConfig, testDigest } from "../support/stack-config.ts";

type Values = Readonly<Record<string, unknown>>;

const image = { digest: testDigest };

async function render(values: Values, release = "keye"): Promise<KubernetesObject[]> {
  const request = { chartDir: engineChart, release, namespace: "keye", values: { image, ...values } };
  return parseManifests(await renderChart(request));
}

async function revisionWith(values: Values): Promise<string> {
  return revisionOf(await render(values));
}

function named(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}

describe("the revision", () => {
  let usual = "";
  beforeAll(async () => {
    usual = await revisionWith({});
  });

  test("is the hash of the pod template in which it is blank", async () => {
    const objects = await render({});
    const revision = revisionOf(objects);
    const { spec } = named(objects, "Deployment", `keye-${revision}`);
    const { template } = spec as { readonly template: unknown };
    const blank = JSON.parse(JSON.stringify(template).replaceAll(revision, "0".repeat(10)));
    const hash = createHash("sha256").update(canonicalJson(blank)).digest("hex");
    expect(revision).toBe(hash.slice(0, 10));
  });

  test.each<{ readonly what: string; readonly values: Values }>([
    { what: "the image", values: { image: { digest: testDigest.replace("0f1e", "1f1e") } } },
    { what: "an argument", values: { engine: { memFractionStatic: 0.85 } } },
    { what: "a further argument", values: { engine: { extraArgs: ["--log-level=debug"] } } },
    { what: "the commit of the weights", values: { model: { revision: "0123456789abcdef" } } },
    { what: "the environment", values: { engine: { env: { NCCL_DEBUG: "WARN" } } } },
    { what: "the number of GPUs", values: { engine: { tpSize: 4 } } },
    { what: "an annotation of the pods", values: { podAnnotations: { "example.com/a": "b" } } },
  ])("changes with $what", async ({ values }) => {
    expect(await revisionWith(values)).not.toBe(usual);
  });

  test.each<{ readonly what: string; readonly values: Values }>([
    { what: "the replicas", values: { replicas: 7 } },
    { what: "what the live Service selects", values: { service: { selects: "nothing" } } },
    { what: "the image's tag", values: { image: { digest: testDigest, tag: "v9" } } },
    { what: "the network policy", values: { networkPolicy: { enabled: false } } },
    { what: "who manages the objects", values: { managedBy: "keye-stack" } },
  ])("stays when $what changes", async ({ values }) => {
    expect(await revisionWith(values)).toBe(usual);
  });
});

describe("the live Service", () => {
  test.each([
    { selects: "revision", selector: (revision: string) => revision },
    { selects: "nothing", selector: () => "none" },
  ])("selects $selects", async ({ selects, selector }) => {
    const objects = await render({ service: { selects } });
    expect(named(objects, "Service", "keye").spec).toMatchObject({
      selector: {
        "app.kubernetes.io/name": "keye-sglang",
        "app.kubernetes.io/instance": "keye",
        "keye-stack.dev/revision": selector(revisionOf(objects)),
      },
    });
  });

  test("has no selector where a tool that applies manifests must not own it", async () => {
    const { spec } = named(await render({ service: { selects: "unset" } }), "Service", "keye");
    expect(spec).not.toHaveProperty("selector");
  });
});

describe("what an engine must report of itself", () => {
  test.each<{ readonly what: string; readonly settings: Parameters<typeof stackConfig>[0] }>([
    { what: "nothing beside the defaults", settings: {} },
    { what: "a commit and a context", settings: { model: { revision: "0123abc" }, engine: { contextLength: 65_536 } } },
    {
      what: "further arguments",
      settings: {
        engine: {
          extraArgs: [
            "--kv-cache-dtype=fp8_e4m3",
            "--ep-size=2",
            "--tool-call-parser=qwen",
            "--reasoning-parser=qwen3",
            "--log-requests",
          ],
        },
      },
    },
  ])("is the same in the chart and in a promotion, with $what", async ({ settings }) => {
    const config = stackConfig(settings);
    const objects = await render(chartValues(config, "promotion"));
    const revision = revisionOf(objects);
    const { data } = named(objects, "ConfigMap", `keye-${revision}`) as { readonly data?: Record<string, string> };
    const { expectation } = JSON.parse(data?.["probe.json"] ?? "");
    // Which attention and architecture there must be is the gate's own setting.
    const noGate = { attentionBackend: null, pageSize: null, architecture: null };
    const promoted = probeSpec({ ...config, gate: { ...config.gate, expect: noGate } }, revision);
    expect(expectation).toEqual(promoted.expectation);
  });
});

describe("the probes", () => {
  async function probes(values: Values) {
    const objects = await render(values);
    const { spec } = named(objects, "Deployment", `keye-${revisionOf(objects)}`);
    const { template } = spec as { readonly template: { readonly spec: { readonly containers: readonly Probed[] } } };
    return template.spec.containers[0];
  }

  interface Probed {
    readonly startupProbe: { readonly failureThreshold: number; readonly periodSeconds: number };
    readonly livenessProbe: { readonly failureThreshold: number; readonly periodSeconds: number };
  }

  test.each([
    { startupSeconds: 1800, threshold: 360 },
    { startupSeconds: 1801, threshold: 361 },
    { startupSeconds: 3, threshold: 1 },
  ])("leave $startupSeconds s for a start", async ({ startupSeconds, threshold }) => {
    expect((await probes({ engine: { startupSeconds } }))?.startupProbe.failureThreshold).toBe(threshold);
  });

  test("outlast the 600 s that reading one video may block the engine", async () => {
    const liveness = (await probes({}))?.livenessProbe;
    expect((liveness?.failureThreshold ?? 0) * (liveness?.periodSeconds ?? 0)).toBeGreaterThan(600);
  });
});

test("numbers keep all their digits", async () => {
  const objects = await render({ engine: { contextLength: 1_048_576, port: 8080 } });
  const text = JSON.stringify(named(objects, "Deployment", `keye-${revisionOf(objects)}`));
  expect(text).toContain('"--context-length=1048576"');
  expect(text).toContain('"--port=8080"');
});

test("a user's volume for caches takes the place of the default one", async () => {
  const persistentVolumeClaim = { claimName: "cache" };
  const objects = await render({ cacheVolume: { persistentVolumeClaim } });
  expect(JSON.stringify(named(objects, "Deployment", `keye-${revisionOf(objects)}`))).toContain(
    '{"name":"cache","persistentVolumeClaim":{"claimName":"cache"}}',
  );
});

test("names leave room for what Kubernetes appends to those of pods", async () => {
  const objects = await render({}, "a".repeat(53));
  const deployment = objects.find((object) => object.kind === "Deployment");
  expect(deployment?.metadata.name).toBe(`${"a".repeat(40)}-${revisionOf(objects)}`);
});

describe("settings that the parser lets pass are values that the chart takes", () => {
  const fixtures = join(import.meta.dirname, "../fixtures/config");
  const files = readdirSync(fixtures).filter((file) => file.startsWith("valid-"));

  test.each(files)("%s", async (file) => {
    const settings: Readonly<Record<string, unknown>> = parse(readFileSync(join(fixtures, file), "utf8"));
    const config = stackConfig({ ...settings, image: { digest: testDigest } });
    for (const use of ["promotion", "manifests"] as const) {
      const objects = await render(chartValues(config, use));
      expect(revisionOf(objects)).toMatch(/^[0-9a-f]{10}$/);
    }
  });

  test.each(["1", "1.5", ".5", "1e3", "1500m", "1E", "1Ei"])("%s is a quantity to both", async (cpu) => {
    expect(parseQuantity(cpu)).toBeDefined();
    await render({ engine: { resources: { cpu } } });
  });
});

describe("the account of a watchdog", () => {
  test("is there where it is wanted, and is no part of the revision", async () => {
    const watched = await render({ watchdog: { enabled: true } });
    const without = await render({});
    expect(revisionOf(watched)).toBe(revisionOf(without));
    const added = watched.filter(({ metadata }) => metadata.name === "keye-watchdog").map(({ kind }) => kind);
    expect(added.toSorted()).toEqual(["Role", "RoleBinding", "ServiceAccount"]);
    expect(watched).toHaveLength(without.length + 3);
  });

  test("pulls its image with the stack's Secrets", async () => {
    const imagePullSecrets = [{ name: "registry" }];
    const objects = await render({ imagePullSecrets, watchdog: { enabled: true } });
    expect(named(objects, "ServiceAccount", "keye-watchdog")).toMatchObject({ imagePullSecrets });
  });

  const spread = { tpSize: 4, nodesPerReplica: 2 };
  test.each([
    { what: "Deployments", engine: {}, groups: [], scales: ["deployments/scale"], byNameToo: [] },
    {
      what: "groups too where replicas are groups",
      engine: spread,
      groups: ["keye-1a2b3c4d5e"],
      scales: ["deployments/scale", "leaderworkersets/scale"],
      byNameToo: [],
    },
    {
      what: "of groups just the earlier ones where replicas are none any more",
      engine: {},
      groups: ["keye-1a2b3c4d5e"],
      scales: ["deployments/scale"],
      byNameToo: ["leaderworkersets/scale keye-1a2b3c4d5e"],
    },
  ])("may scale $what, and nothing but read one Service and take one Lease beside", async (row) => {
    const { engine, groups, scales, byNameToo } = row;
    const watchdog = { enabled: true, groups };
    const { rules } = named(await render({ engine, watchdog }), "Role", "keye-watchdog") as {
      readonly rules?: readonly { readonly resources: readonly string[]; readonly resourceNames?: readonly string[] }[];
    };
    const byName = (rules ?? []).filter(({ resourceNames }) => resourceNames !== undefined);
    expect(byName.map(({ resources, resourceNames }) => `${resources} ${resourceNames}`)).toEqual([
      "leases rollgate-keye",
      "services keye",
      ...byNameToo,
    ]);
    const others = (rules ?? []).filter(({ resourceNames }) => resourceNames === undefined);
    expect(others.flatMap(({ resources }) => resources)).toEqual(scales);
  });
});

describe("the gate Job", () => {
  const gateJob = { enabled: true, image: `registry.example/keye@${testDigest}` };

  test("is made for each revision anew, and is no part of it", async () => {
    const revision = await revisionWith({});
    const objects = await render({ gateJob });
    expect(revisionOf(objects)).toBe(revision);
    named(objects, "Job", `keye-${revision}-gate`);
    const other = await render({ gateJob, engine: { memFractionStatic: 0.85 } });
    expect(other.find(({ kind }) => kind === "Job")?.metadata.name).not.toBe(`keye-${revision}-gate`);
  });

  test("has pods that no Service, policy or budget of the engine finds", async () => {
    const objects = await render({ gateJob });
    const revision = revisionOf(objects);
    const { spec } = named(objects, "Job", `keye-${revision}-gate`) as {
      readonly spec?: {
        readonly template: { readonly metadata: { readonly labels: Readonly<Record<string, string>> } };
      };
    };
    const labels = spec?.template.metadata.labels ?? {};
    const selectors = JSON.stringify(objects).match(/"(selector|podSelector)":\{("matchLabels":)?\{?[^}]*\}/g) ?? [];
    expect(selectors.length).toBeGreaterThan(3);
    for (const value of ["app.kubernetes.io/name", "app.kubernetes.io/instance"].map((key) => labels[key])) {
      expect(selectors.join()).not.toContain(`"${value}"`);
    }
  });

  test("is let in where the network is closed", async () => {
    const from = [{ namespaceSelector: { matchLabels: { team: "edge" } } }];
    const { spec } = named(await render({ gateJob, networkPolicy: { from } }), "NetworkPolicy", "keye");
    const matchLabels = { "app.kubernetes.io/name": "keye-sglang-gate", "app.kubernetes.io/instance": "keye-gate" };
    expect(spec).toMatchObject({ ingress: [{ from: [...from, { podSelector: { matchLabels } }] }] });
  });

  test("leaves nothing behind where it is not wanted", async () => {
    const kinds = (await render({})).map(({ kind }) => kind);
    for (const kind of ["Job", "Role", "RoleBinding"]) expect(kinds).not.toContain(kind);
  });
});

describe("bad values", () => {
  test.each<{ readonly what: string; readonly values: Values; readonly said: string }>([
    {
      what: "no digest",
      values: { image: {} },
      said: "image.digest is not set. A revision is pinned to one image: read the digest with `docker buildx imagetools inspect kwaikeye/kwai-keye-vl:keye_vl_v2_30b_a3b` and set image.digest=sha256:…",
    },
    {
      what: "a typo",
      values: { engine: { tpsize: 2 } },
      said: "at '/engine': additional properties 'tpsize' not allowed",
    },
    {
      what: "a probe that gives up before the engine does",
      values: { probes: { timeoutSeconds: 5 } },
      said: "at '/probes/timeoutSeconds': minimum: got 5, want 21",
    },
    {
      what: "a number as text",
      values: { engine: { memFractionStatic: "0.8" } },
      said: "at '/engine/memFractionStatic': got string, want number",
    },
    {
      what: "a Secret without its key",
      values: { engine: { apiKeySecret: { name: "keye-api" } } },
      said: "at '/engine/apiKeySecret/key': minLength: got 0, want 1",
    },
    {
      what: "a gate without an image",
      values: { gateJob: { enabled: true } },
      said: "at '/gateJob/image': minLength: got 0, want 1",
    },
    {
      what: "a gate whose image can move",
      values: { gateJob: { enabled: true, image: "registry.example/keye:v1" } },
      said: "at '/gateJob/image': 'registry.example/keye:v1' does not match pattern",
    },
    {
      what: "a gate without anything to prove",
      values: { replicas: 0, gateJob: { enabled: true, image: `registry.example/keye@${testDigest}` } },
      said: "gateJob.enabled needs replicas of at least 1: without a pod there is nothing to prove.",
    },
  ])("$what: refused in helm's own words", async ({ values, said }) => {
    const failure = await render(values).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "ENV_HELM", message: expect.stringContaining(said) });
  });

  test("no object of the schema that is ours takes unknown keys", () => {
    const schema = JSON.parse(readFileSync(join(engineChart, "values.schema.json"), "utf8"));
    expect(openObjects(schema, "")).toEqual([
      "/properties/global",
      "/properties/model/properties/volume/properties/source",
      "/properties/cacheVolume",
      "/properties/podSecurityContext",
      "/properties/securityContext",
      "/properties/affinity",
      "/properties/tolerations/items",
      "/properties/networkPolicy/properties/from/items",
      "/properties/networkPolicy/properties/egress/items",
      "/properties/gateJob/properties/tolerations/items",
    ]);
  });
});

/** Paths of every schema of an object that says nothing about further keys. */
function openObjects(schema: unknown, path: string): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const isOpen = "type" in schema && schema.type === "object" && !("additionalProperties" in schema);
  const inner = Object.entries(schema).flatMap(([key, value]) => openObjects(value, `${path}/${key}`));
  return isOpen ? [path, ...inner] : inner;
}
