import { beforeEach, describe, expect, test } from "vitest";
import { refusal } from "../../support/fake-object-api.ts";
import { failureOf, type ProviderRig, providerRig, urnOf } from "../../support/offline-provider.ts";

const node = "/api/v1/nodes/n1";
const nodePatch = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "n1", labels: { pool: "a" }, annotations: { "pulumi.com/patchFieldManager": "m" } },
};

let rig: ProviderRig;

beforeEach(async () => {
  rig = await providerRig();
});

describe("a patch", () => {
  test("changes the object that is there and is taken back by owning nothing any more", async () => {
    rig.api.put(node, { apiVersion: "v1", kind: "Node", metadata: { name: "n1", labels: { own: "b" } } });
    const { id, outputs } = await rig.create("core/v1:NodePatch", nodePatch);
    expect(id).toBe("n1");
    expect(outputs.metadata).toMatchObject({ labels: { own: "b", pool: "a" } });
    await rig.provider.delete({ urn: urnOf("core/v1:NodePatch"), id, outputs, timeout: 0 });
    expect(rig.api.lastApplied).toEqual({ apiVersion: "v1", kind: "Node", metadata: { name: "n1", uid: "uid-1" } });
    expect(rig.api.objects.has(node)).toBe(true);
  });

  test("of an object that is not there is refused, and makes none", async () => {
    const failure = await failureOf(rig.create("core/v1:NodePatch", nodePatch));
    expect(failure.message).toBe(
      "E_API: v1/Node n1: There is no such object to patch. Create it first, or correct metadata.name.",
    );
    expect(rig.api.objects.size).toBe(0);
  });

  test("of an object that the same update may make is previewed unasked", async () => {
    await rig.create("core/v1:NodePatch", nodePatch, { isPreview: true });
    expect(rig.api.writes).toEqual([]);
  });

  test("that holds fields which the object must have cannot be taken back", async () => {
    const outputs = { ...rig.api.put(node, nodePatch), __fieldManager: "m" };
    const causes = [{ reason: "FieldValueRequired", message: "Required value", field: "spec.x" }];
    rig.api.refusals.set(`PATCH ${node}`, refusal(422, "Invalid", "required", { causes }));
    const removed = rig.provider.delete({ urn: urnOf("core/v1:NodePatch"), id: "n1", outputs, timeout: 0 });
    expect((await failureOf(removed)).message).toContain("The patch owns fields that the object must have: spec.x.");
  });
});
