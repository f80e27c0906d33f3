import { beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../../infra/rehearsal/provider/json.ts";
import { secret, unknownText } from "../../../infra/rehearsal/provider/values.ts";
import { refusal } from "../../support/fake-object-api.ts";
import { configMap, configMaps, failureOf, type ProviderRig, providerRig } from "../../support/offline-provider.ts";

let rig: ProviderRig;

beforeEach(async () => {
  rig = await providerRig();
});

describe("a create", () => {
  test("applies the inputs under the field manager and keeps the live object", async () => {
    const created = await rig.create("core/v1:ConfigMap", configMap);
    expect(rig.api.writes).toEqual([`PATCH ${configMaps}/a?fieldManager=m&force=false`]);
    expect(rig.api.lastApplied).toEqual(configMap);
    expect(created.id).toBe("keye/a");
    expect(created.outputs).toMatchObject({ data: { k: "v" }, metadata: { uid: "uid-1" }, __fieldManager: "m" });
  });

  test("opens secrets for the API server and closes them for the state", async () => {
    const created = await rig.create("core/v1:ConfigMap", { ...configMap, data: { k: secret("hush") } });
    expect(rig.api.lastApplied).toMatchObject({ data: { k: "hush" } });
    expect(created.outputs).toMatchObject({ data: { k: secret("hush") }, __inputs: { data: { k: secret("hush") } } });
  });

  test("makes up a field manager where none is annotated", async () => {
    const { annotations: _, ...metadata } = configMap.metadata;
    const { outputs } = await rig.create("core/v1:ConfigMap", { ...configMap, metadata });
    expect(outputs.__fieldManager).toMatch(/^pulumi-kubernetes-[0-9a-f]{8}$/);
  });

  test("of an object that is there is refused with how to adopt it, and changes nothing", async () => {
    rig.api.put(`${configMaps}/a`, configMap);
    const failure = await failureOf(rig.create("core/v1:ConfigMap", configMap));
    expect(failure.message).toBe(
      'E_API: v1/ConfigMap keye/a: AlreadyExists: it is there and not in the state. Adopt it with the resource option import: "keye/a", or with: pulumi import kubernetes:core/v1:ConfigMap NAME keye/a; or delete it.',
    );
    expect(rig.api.writes).toEqual([]);
  });

  test("of an object that is being deleted says to wait", async () => {
    rig.api.put(`${configMaps}/a`, { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } });
    const failure = await failureOf(rig.create("core/v1:ConfigMap", configMap));
    expect(failure.message).toBe(
      "E_API: v1/ConfigMap keye/a: AlreadyExists: it is there and being deleted. Wait until it is gone, and try again.",
    );
  });

  test("takes over an object that is there where the provider is told to", async () => {
    const upserting = await providerRig({ upsertExistingObjects: "true" });
    upserting.api.put(`${configMaps}/a`, { ...configMap, data: { k: "old" } });
    const { outputs } = await upserting.create("core/v1:ConfigMap", configMap);
    expect(outputs).toMatchObject({ data: { k: "v" }, metadata: { uid: "uid-1" } });
  });

  test("waits for a kind that joins a group that is served already", async () => {
    const created = rig.create("apps/v1:Thing", { ...configMap, apiVersion: "apps/v1", kind: "Thing" });
    await rig.clock.advance(400);
    rig.api.served.set("/apis/apps/v1", [{ kind: "Thing", name: "things", namespaced: true }]);
    await rig.clock.advance(200);
    expect((await created).id).toBe("keye/a");
    expect(rig.statusLines.at(-1)).toBe("");
  });

  test("tries again while the namespace is in the making", async () => {
    const details = { kind: "namespaces" };
    rig.api.refusals.set(`PATCH ${configMaps}/a`, refusal(404, "NotFound", 'namespaces "keye" not found', details));
    const created = rig.create("core/v1:ConfigMap", configMap);
    await rig.clock.advance(400);
    rig.api.refusals.clear();
    await rig.clock.advance(200);
    expect((await created).id).toBe("keye/a");
    expect(rig.statusLines).toContain('trying again: namespaces "keye" not found');
  });

  test("says what to do where the namespace never comes", async () => {
    const details = { kind: "namespaces" };
    rig.api.refusals.set(`PATCH ${configMaps}/a`, refusal(404, "NotFound", 'namespaces "keye" not found', details));
    const failure = failureOf(rig.create("core/v1:ConfigMap", configMap));
    await rig.clock.advance(7_500);
    expect((await failure).message).toBe(
      'E_API: v1/ConfigMap keye/a: The API server refused to create it (404 NotFound): namespaces "keye" not found. Create the namespace first, or let the object depend on it with dependsOn.',
    );
  });

  test("of a kind that is not served names the kind", async () => {
    const failure = failureOf(rig.create("a.io/v1:Thing", { ...configMap, apiVersion: "a.io/v1", kind: "Thing" }));
    await rig.clock.advance(7_500);
    expect((await failure).message).toContain("the API server does not serve a.io/v1 Thing");
  });
});

describe("a preview", () => {
  const unsettled = {
    uid: unknownText,
    resourceVersion: unknownText,
    creationTimestamp: unknownText,
    generation: unknownText,
  };

  test("of a create is a dry run that leaves unknown what only the server assigns", async () => {
    const { id, outputs } = await rig.create("core/v1:ConfigMap", configMap, { isPreview: true });
    expect(rig.api.writes).toEqual([`PATCH ${configMaps}/a?fieldManager=m&force=false&dryRun=All`]);
    expect(id).toBe("");
    expect(outputs.metadata).toEqual({ ...configMap.metadata, ...unsettled });
    expect(rig.api.objects.size).toBe(0);
  });

  const unasked: readonly { name: string; inputs: JsonObject; before?: () => void }[] = [
    { name: "with values that are not known yet", inputs: { ...configMap, data: { k: unknownText } } },
    {
      name: "of an object that is there, which a replacement would first delete",
      inputs: configMap,
      before: () => rig.api.put(`${configMaps}/a`, configMap),
    },
    { name: "of a kind that is not served yet", inputs: { ...configMap, apiVersion: "a.io/v1", kind: "Thing" } },
  ];

  test.each(unasked)("$name asks the server nothing", async ({ inputs, before }) => {
    before?.();
    const { outputs } = await rig.create("core/v1:ConfigMap", inputs, { isPreview: true });
    expect(rig.api.writes).toEqual([]);
    expect(outputs).toEqual({ ...inputs, metadata: { ...configMap.metadata, ...unsettled } });
  });

  test.each([
    { name: "its namespace is made by the same update", status: 404, reason: "NotFound" },
    { name: "the credentials may only read", status: 403, reason: "Forbidden" },
  ])("gives the inputs back where $name", async ({ status, reason }) => {
    rig.api.refusals.set(`PATCH ${configMaps}/a`, refusal(status, reason, "no"));
    const { outputs } = await rig.create("core/v1:ConfigMap", configMap, { isPreview: true });
    expect(outputs).toEqual({ ...configMap, metadata: { ...configMap.metadata, ...unsettled } });
  });

  test("shows what the server would refuse", async () => {
    rig.api.refusals.set(`PATCH ${configMaps}/a`, refusal(422, "Invalid", "data: Too long"));
    const failure = await failureOf(rig.create("core/v1:ConfigMap", configMap, { isPreview: true }));
    expect(failure.message).toBe(
      "E_API: v1/ConfigMap keye/a: The API server refused to create it (422 Invalid): data: Too long.",
    );
  });
});
