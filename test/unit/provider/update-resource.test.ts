import { beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../../infra/rehearsal/provider/json.ts";
import { unknownText } from "../../../infra/rehearsal/provider/values.ts";
import { refusal } from "../../support/fake-object-api.ts";
import {
  configMap,
  configMaps,
  failureOf,
  type ProviderRig,
  providerRig,
  urnOf,
} from "../../support/offline-provider.ts";

let rig: ProviderRig;

beforeEach(async () => {
  rig = await providerRig();
});

describe("an update", () => {
  async function update(inputs: JsonObject, options: { ignoreChanges?: string[]; isPreview?: boolean } = {}) {
    const { ignoreChanges = [], isPreview = false } = options;
    const olds = { ...configMap, __fieldManager: "m" };
    return rig.provider.update({
      urn: urnOf("core/v1:ConfigMap"),
      id: "keye/a",
      inputs,
      olds,
      ignoreChanges,
      timeout: 0,
      isPreview,
    });
  }

  test("names the object that it means by its uid, so that a deleted one is not half made again", async () => {
    rig.api.put(`${configMaps}/a`, configMap);
    await update({ ...configMap, data: { k: "w" } });
    expect(rig.api.lastApplied).toMatchObject({ data: { k: "w" }, metadata: { uid: "uid-1" } });
  });

  test("leaves an ignored field out where another manager owns it", async () => {
    const managedFields = [{ manager: "other", fieldsV1: { "f:data": { "f:k": {} } } }];
    rig.api.put(`${configMaps}/a`, { ...configMap, metadata: { ...configMap.metadata, managedFields } });
    await update(configMap, { ignoreChanges: ["data.k"], isPreview: true });
    expect(rig.api.lastApplied).toMatchObject({ data: {} });
    expect(rig.api.writes).toEqual([`PATCH ${configMaps}/a?fieldManager=m&force=false&dryRun=All`]);
  });

  test("against other owners fails with manager and field, and with the ways out", async () => {
    rig.api.put(`${configMaps}/a`, configMap);
    const causes = [{ reason: "FieldManagerConflict", message: 'conflict with "kubectl" using v1', field: ".data.k" }];
    rig.api.refusals.set(`PATCH ${configMaps}/a`, refusal(409, "Conflict", "Apply failed with 1 conflict", { causes }));
    expect((await failureOf(update(configMap))).message).toBe(
      'E_CONFLICT: v1/ConfigMap keye/a: Other field managers own fields that the program sets: .data.k: conflict with "kubectl" using v1. Leave the fields out, name them in ignoreChanges, or take them with the annotation pulumi.com/patchForce: "true".',
    );
  });

  test("whose values are not known yet is previewed as it is", async () => {
    rig.api.put(`${configMaps}/a`, configMap);
    const inputs = { ...configMap, data: { k: unknownText } };
    expect((await update(inputs, { isPreview: true })).outputs).toEqual(inputs);
    expect(rig.api.writes).toEqual([]);
  });

  test("takes the fields where the provider is told to", async () => {
    rig = await providerRig({ enablePatchForce: "true" });
    rig.api.put(`${configMaps}/a`, configMap);
    await update(configMap);
    expect(rig.api.writes).toEqual([`PATCH ${configMaps}/a?fieldManager=m&force=true`]);
  });

  test("takes the fields by annotation", async () => {
    rig.api.put(`${configMaps}/a`, configMap);
    const annotations = { ...configMap.metadata.annotations, "pulumi.com/patchForce": "true" };
    await update({ ...configMap, metadata: { ...configMap.metadata, annotations } });
    expect(rig.api.writes).toEqual([`PATCH ${configMaps}/a?fieldManager=m&force=true`]);
  });

  test("under a new field manager gives up the old one's fields", async () => {
    rig.api.put(`${configMaps}/a`, configMap);
    const annotations = { "pulumi.com/patchFieldManager": "n" };
    await update({ ...configMap, metadata: { ...configMap.metadata, annotations } });
    expect(rig.api.writes).toEqual([
      `PATCH ${configMaps}/a?fieldManager=n&force=false`,
      `PATCH ${configMaps}/a?fieldManager=m&force=false`,
    ]);
    expect(rig.api.lastApplied).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "a", namespace: "keye", uid: "uid-1" },
    });
  });

  test("of an object that is gone says to refresh", async () => {
    expect((await failureOf(update(configMap))).message).toContain(
      "not in the cluster any more. Bring the state up to date",
    );
  });
});
