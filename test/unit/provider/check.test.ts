import { describe, expect, test } from "vitest";
import { type CheckRequest, checkInputs } from "../../../infra/rehearsal/provider/check.ts";
import type { JsonObject } from "../../../infra/rehearsal/provider/json.ts";
import { secret, unknownText } from "../../../infra/rehearsal/provider/values.ts";

const base = { apiVersion: "v1", kind: "ConfigMap" };

function check(news: JsonObject, other: Partial<CheckRequest> = {}) {
  return checkInputs({
    urn: "urn:pulumi:dev::keye::kubernetes:core/v1:ConfigMap::settings",
    news,
    olds: undefined,
    suffix: "0a1b2c3d",
    autonaming: undefined,
    defaultNamespace: "keye",
    isNamespaced: true,
    ...other,
  });
}

function metadata(news: JsonObject, other: Partial<CheckRequest> = {}) {
  return check(news, other).inputs.metadata;
}

const autonamed = { "pulumi.com/autonamed": "true" };

describe("the inputs of a resource", () => {
  test("get kind, namespace and a name that is marked as made up", () => {
    expect(check({ data: { a: "b" } }).inputs).toEqual({
      ...base,
      data: { a: "b" },
      metadata: { namespace: "keye", name: "settings-0a1b2c3d", annotations: autonamed },
    });
  });

  const named: readonly { name: string; news: JsonObject; other?: Partial<CheckRequest>; metadata: JsonObject }[] = [
    {
      name: "a name and a namespace of their own stay",
      news: { metadata: { name: "a", namespace: "b" } },
      metadata: { name: "a", namespace: "b" },
    },
    {
      name: "a made-up name stays across updates",
      news: { metadata: { labels: { a: "b" } } },
      other: { olds: { metadata: { name: "settings-ffffffff", annotations: autonamed } } },
      metadata: { namespace: "keye", name: "settings-ffffffff", annotations: autonamed, labels: { a: "b" } },
    },
    {
      name: "a name that the program once gave is not taken over as a made-up one",
      news: {},
      other: { olds: { metadata: { name: "given" } } },
      metadata: { namespace: "keye", name: "settings-0a1b2c3d", annotations: autonamed },
    },
    {
      name: "the name that the engine's autonaming asks for is taken",
      news: {},
      other: { autonaming: { mode: "enforce", proposedName: "settings" } },
      metadata: { namespace: "keye", name: "settings", annotations: autonamed },
    },
    {
      name: "an object outside namespaces gets none",
      news: { metadata: { name: "a" } },
      other: { isNamespaced: false },
      metadata: { name: "a" },
    },
    {
      name: "an object of a kind that the cluster does not know yet gets one",
      news: { metadata: { name: "a" } },
      other: { isNamespaced: undefined } as Partial<CheckRequest>,
      metadata: { name: "a", namespace: "keye" },
    },
    {
      name: "labels and annotations become text",
      news: { metadata: { name: "a", namespace: "b", labels: { on: true }, annotations: { n: 3, u: unknownText } } },
      metadata: { name: "a", namespace: "b", labels: { on: "true" }, annotations: { n: "3", u: unknownText } },
    },
    {
      name: "what only the server writes is left out",
      news: { metadata: { name: "a", namespace: "b", uid: "u", resourceVersion: "7", managedFields: [] } },
      metadata: { name: "a", namespace: "b" },
    },
    {
      name: "an unknown name stays unknown",
      news: { metadata: { name: unknownText, namespace: "b" } },
      metadata: { name: unknownText, namespace: "b" },
    },
  ];

  test.each(named)("$name", ({ news, other, metadata: wanted }) => {
    expect(metadata(news, other)).toEqual(wanted);
  });

  test("that are secret stay secret, those that are not known stay unknown", () => {
    const news = { metadata: { name: "a" }, data: { open: "a", token: secret("hush"), later: unknownText } };
    expect(check(news).inputs.data).toEqual({ open: "a", token: secret("hush"), later: unknownText });
  });

  test("of a Kubernetes Secret are secret though the program does not say so", () => {
    const { inputs } = check({ apiVersion: "v1", kind: "Secret", stringData: { a: "b" } });
    expect(inputs.stringData).toEqual(secret({ a: "b" }));
  });
});

describe("inputs that cannot work", () => {
  const patch = { urn: "urn:pulumi:dev::keye::kubernetes:core/v1:NodePatch::node", isNamespaced: false };
  const node = { apiVersion: "v1", kind: "Node" };
  const annotated = (annotations: JsonObject) => ({ metadata: { name: "a", annotations } });
  const cases: readonly { name: string; news: JsonObject; other?: Partial<CheckRequest>; failure: string }[] = [
    {
      name: "generateName",
      news: { metadata: { generateName: "a-" } },
      failure: "metadata.generateName: server-side apply needs a name; leave both out to have one made",
    },
    {
      name: "a patch that names no object",
      news: node,
      other: patch,
      failure: "metadata.name: a patch must name the object that it patches",
    },
    {
      name: "a file",
      news: {
        metadata: { name: "a" },
        data: { f: { "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17" } },
      },
      failure: ": a Kubernetes object cannot hold a file or archive; read it into text first",
    },
    {
      name: "no name where autonaming is disabled",
      news: {},
      other: { autonaming: { mode: "disable", proposedName: "" } },
      failure: "metadata.name: no name is given, and autonaming is disabled",
    },
    {
      name: "an unknown deletion policy",
      news: annotated({ "pulumi.com/deletionPropagationPolicy": "later" }),
      failure:
        'metadata.annotations["pulumi.com/deletionPropagationPolicy"]: "later" is none of background, foreground, orphan',
    },
    {
      name: "a timeout that is no number",
      news: annotated({ "pulumi.com/timeoutSeconds": "5m" }),
      failure: 'metadata.annotations["pulumi.com/timeoutSeconds"]: "5m" is no number of seconds above 0',
    },
    {
      name: "a wait of unknown syntax",
      news: annotated({ "pulumi.com/waitFor": "ready" }),
      failure:
        'metadata.annotations["pulumi.com/waitFor"]: "ready" is neither condition=TYPE[=STATUS] nor jsonpath=PATH[=VALUE]',
    },
  ];

  test.each(cases)("$name is refused with its path", ({ news, other, failure }) => {
    const failures = check(news, other).failures.map(({ path, reason }) => `${path}: ${reason}`);
    expect(failures).toEqual([failure]);
  });
});
