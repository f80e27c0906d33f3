import { beforeEach, describe, expect, test } from "vitest";
import { DeployError } from "../../../infra/core/errors.ts";
import { InitFailure } from "../../../infra/rehearsal/provider/init-failure.ts";
import { refusal } from "../../support/fake-object-api.ts";
import {
  configMap,
  configMaps,
  deployment,
  deployments,
  failureOf,
  type ProviderRig,
  providerRig,
  rolledOut,
} from "../../support/offline-provider.ts";

const away = new DeployError({ code: "ENV_UNREACHABLE", where: "https://127.0.0.1", message: "No answer." });

let rig: ProviderRig;

beforeEach(async () => {
  rig = await providerRig();
});

describe("a wait", () => {
  test("ends when the Deployment is rolled out, and says meanwhile what is missing", async () => {
    const created = rig.create("apps/v1:Deployment", deployment);
    await rig.clock.advance(1_000);
    rig.api.put(`${deployments}/d`, { status: rolledOut });
    await rig.clock.advance(1_000);
    expect((await created).outputs.status).toEqual(rolledOut);
    expect(rig.statusLines).toEqual(["0 of 2 pods are of the new template", ""]);
  });

  test("that outlasts customTimeouts keeps the object in the state with the last thing seen", async () => {
    const failure = failureOf(rig.create("apps/v1:Deployment", deployment, { timeout: 3 }));
    await rig.clock.advance(3_000);
    expect(await failure).toBeInstanceOf(InitFailure);
    expect(await failure).toMatchObject({
      id: "keye/d",
      message: "apps/v1/Deployment keye/d is not ready after 3 s: 0 of 2 pods are of the new template.",
      outputs: { __fieldManager: "m", spec: { replicas: 2 } },
    });
  });

  test("takes its deadline from the annotation where the program sets no customTimeouts", async () => {
    const metadata = { ...deployment.metadata, annotations: { "pulumi.com/timeoutSeconds": "2" } };
    const failure = failureOf(rig.create("apps/v1:Deployment", { ...deployment, metadata }));
    await rig.clock.advance(2_000);
    expect((await failure).message).toContain("not ready after 2 s");
  });

  test("is left out by annotation", async () => {
    const metadata = { ...deployment.metadata, annotations: { "pulumi.com/skipAwait": "true" } };
    expect((await rig.create("apps/v1:Deployment", { ...deployment, metadata })).id).toBe("keye/d");
  });

  test("goes by the program's own condition instead of the kind's", async () => {
    const annotations = { "pulumi.com/waitFor": "jsonpath={.status.phase}=Good" };
    const created = rig.create("core/v1:ConfigMap", { ...configMap, metadata: { ...configMap.metadata, annotations } });
    await rig.clock.advance(500);
    expect(rig.statusLines).toEqual(["not yet true: jsonpath={.status.phase}=Good"]);
    rig.api.put(`${configMaps}/a`, { status: { phase: "Good" } });
    await rig.clock.advance(1_000);
    expect((await created).id).toBe("keye/a");
  });

  test("ends at once when the engine cancels, and the object stays in the state", async () => {
    const failure = failureOf(rig.create("apps/v1:Deployment", deployment));
    await rig.clock.advance(500);
    rig.provider.cancel();
    expect(await failure).toBeInstanceOf(InitFailure);
    expect((await failure).message).toBe(
      "apps/v1/Deployment keye/d is not ready, and the wait was cancelled: 0 of 2 pods are of the new template.",
    );
  });

  test("ends at once when the engine cancels while the API server is silent", async () => {
    const failure = failureOf(rig.create("apps/v1:Deployment", deployment));
    await rig.clock.advance(500);
    rig.api.isHanging = true;
    await rig.clock.advance(1_000);
    rig.provider.cancel();
    expect((await failure).message).toContain("and the wait was cancelled: 0 of 2 pods are of the new template.");
  });

  test("goes on while the object is being deleted, whatever its status says", async () => {
    const failure = failureOf(rig.create("apps/v1:Deployment", deployment, { timeout: 2 }));
    const metadata = { deletionTimestamp: "2026-01-01T00:00:00Z" };
    await rig.clock.advance(500);
    rig.api.put(`${deployments}/d`, { status: rolledOut, metadata });
    await rig.clock.advance(2_000);
    expect((await failure).message).toContain("not ready after 2 s: the object is being deleted.");
  });

  test("after a cancel works again: the engine cancels at the end of each run", async () => {
    rig.provider.cancel();
    expect((await rig.create("core/v1:ConfigMap", configMap)).id).toBe("keye/a");
  });

  test("for a Service asks its EndpointSlices", async () => {
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: deployment.metadata,
      spec: { selector: { a: "b" } },
    };
    const slice = "/apis/discovery.k8s.io/v1/namespaces/keye/endpointslices/d-1";
    rig.api.put(slice, { endpoints: [{ conditions: { ready: false } }] });
    const created = rig.create("core/v1:Service", service);
    await rig.clock.advance(500);
    expect(rig.statusLines).toEqual(["1 of 1 endpoints are not ready"]);
    rig.api.put(slice, { endpoints: [{ conditions: { ready: true } }] });
    await rig.clock.advance(1_000);
    expect((await created).id).toBe("keye/d");
  });

  test("lives through an API server that is away for a while", async () => {
    const created = rig.create("apps/v1:Deployment", deployment);
    await rig.clock.advance(500);
    rig.api.refusals.set(`GET ${deployments}/d`, away);
    await rig.clock.advance(10_000);
    rig.api.refusals.clear();
    rig.api.put(`${deployments}/d`, { status: rolledOut });
    await rig.clock.advance(1_000);
    expect((await created).id).toBe("keye/d");
    expect(rig.statusLines).toContain(away.message);
  });

  test("that the API server leaves keeps the object in the state: it was created", async () => {
    const failure = failureOf(rig.create("apps/v1:Deployment", deployment, { timeout: 3 }));
    await rig.clock.advance(500);
    rig.api.refusals.set(`GET ${deployments}/d`, away);
    await rig.clock.advance(3_000);
    expect(await failure).toBeInstanceOf(InitFailure);
    expect((await failure).message).toBe(`apps/v1/Deployment keye/d is not ready after 3 s: ${away.message}`);
  });

  test("that may not look at what it must see fails at once and keeps the object in the state", async () => {
    const service = { ...configMap, kind: "Service", spec: { selector: { a: "b" } } };
    const slices = "/apis/discovery.k8s.io/v1/namespaces/keye/endpointslices";
    rig.api.refusals.set(`GET ${slices}`, refusal(403, "Forbidden", "endpointslices is forbidden"));
    const failure = await failureOf(rig.create("core/v1:Service", service));
    expect(failure).toBeInstanceOf(InitFailure);
    expect(failure.message).toBe("v1/Service keye/a is not ready: endpointslices is forbidden.");
  });

  test("for an object that somebody deletes meanwhile fails at once", async () => {
    const failure = failureOf(rig.create("apps/v1:Deployment", deployment));
    await rig.clock.advance(500);
    rig.api.objects.clear();
    await rig.clock.advance(1_000);
    expect((await failure).message).toBe("apps/v1/Deployment keye/d is not ready: it was deleted meanwhile.");
  });
});
