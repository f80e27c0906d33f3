import { beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../../infra/rehearsal/provider/json.ts";
import { secret } from "../../../infra/rehearsal/provider/values.ts";
import {
  configMap,
  configMaps,
  deployment,
  deployments,
  failureOf,
  type ProviderRig,
  providerRig,
  rolledOut,
  urnOf,
} from "../../support/offline-provider.ts";

let rig: ProviderRig;

beforeEach(async () => {
  rig = await providerRig();
});

describe("a read", () => {
  const id = "keye/d";

  test("of an object that is gone finds nothing, so that the engine drops it", async () => {
    const request = { urn: urnOf("apps/v1:Deployment"), id, inputs: deployment, outputs: deployment };
    expect(await rig.provider.read(request)).toBeUndefined();
  });

  test("starts from what the object was last made from, not from the inputs that a failed update left behind", async () => {
    const applied = { ...deployment, spec: { replicas: 2, paused: true } };
    rig.api.put(`${deployments}/d`, { ...applied, status: rolledOut });
    const outputs = { ...applied, __inputs: applied, __fieldManager: "m" };
    const read = await rig.provider.read({ urn: urnOf("apps/v1:Deployment"), id, inputs: deployment, outputs });
    expect(read?.inputs).toEqual(applied);
  });

  test("of an object that is not ready keeps it in the state with the reason", async () => {
    rig.api.put(`${deployments}/d`, deployment);
    const request = { urn: urnOf("apps/v1:Deployment"), id, inputs: deployment, outputs: deployment };
    expect(await failureOf(rig.provider.read(request))).toMatchObject({
      message: "keye/d is not ready: 0 of 2 pods are of the new template.",
      inputs: deployment,
    });
  });

  test("without a state is an import, whatever the object's readiness", async () => {
    rig.api.put(`${deployments}/d`, deployment);
    const read = await rig.provider.read({ urn: urnOf("apps/v1:Deployment"), id, inputs: {}, outputs: {} });
    expect(read?.inputs).toEqual(deployment);
  });

  test("keeps secret what was secret", async () => {
    const inputs = { ...configMap, data: { k: secret("v") } };
    rig.api.put(`${configMaps}/a`, configMap);
    const outputs = { ...inputs, __inputs: inputs, __fieldManager: "m" };
    const read = await rig.provider.read({ urn: urnOf("core/v1:ConfigMap"), id: "keye/a", inputs, outputs });
    expect(read?.inputs.data).toEqual({ k: secret("v") });
    expect(read?.outputs.data).toEqual({ k: secret("v") });
  });
});

describe("a delete", () => {
  function remove(object: JsonObject, type: string, id: string) {
    const outputs = { ...object, __inputs: object, __fieldManager: "m" };
    return rig.provider.delete({ urn: urnOf(type), id, outputs, timeout: 5 });
  }

  test("waits until the object is gone", async () => {
    rig.api.put(`${configMaps}/a`, { ...configMap, metadata: { ...configMap.metadata, finalizers: ["f"] } });
    const removed = remove(configMap, "core/v1:ConfigMap", "keye/a");
    await rig.clock.advance(1_000);
    expect(rig.statusLines).toEqual(["waiting for it to go; finalizers: f"]);
    rig.api.objects.clear();
    await rig.clock.advance(1_000);
    await removed;
    expect(rig.api.requests.find((request) => request.method === "DELETE")?.body).toMatchObject({
      propagationPolicy: "Foreground",
    });
  });

  test("goes by the annotations: how owned objects go, and that nobody waits", async () => {
    const annotations = {
      "pulumi.com/deletionPropagationPolicy": "background",
      "pulumi.com/skipAwait": "true",
    };
    const metadata = { ...deployment.metadata, annotations, finalizers: ["f"] };
    rig.api.put(`${deployments}/d`, { ...deployment, metadata });
    await remove({ ...deployment, metadata }, "apps/v1:Deployment", "keye/d");
    expect(rig.api.requests.find((request) => request.method === "DELETE")?.body).toMatchObject({
      propagationPolicy: "Background",
    });
    expect(rig.api.objects.has(`${deployments}/d`)).toBe(true);
  });

  test("that does not come to an end says what holds the object", async () => {
    rig.api.put(`${configMaps}/a`, { ...configMap, metadata: { ...configMap.metadata, finalizers: ["f"] } });
    const failure = failureOf(remove(configMap, "core/v1:ConfigMap", "keye/a"));
    await rig.clock.advance(5_000);
    expect((await failure).message).toBe(
      "E_API: v1/ConfigMap keye/a: It is not gone after 5 s: waiting for it to go; finalizers: f.",
    );
  });

  test("is done where another object has taken the name", async () => {
    rig.api.put(`${configMaps}/a`, { ...configMap, metadata: { ...configMap.metadata, finalizers: ["f"] } });
    const removed = remove(configMap, "core/v1:ConfigMap", "keye/a");
    await rig.clock.advance(500);
    rig.api.objects.clear();
    rig.api.put(`${configMaps}/a`, configMap);
    await rig.clock.advance(1_000);
    await expect(removed).resolves.toBeUndefined();
  });

  test("of an object that is not there is done, and asks for nothing", async () => {
    await remove(configMap, "core/v1:ConfigMap", "keye/a");
    expect(rig.api.writes).toEqual([]);
  });
});
