import { credentials, Server, ServerCredentials, type ServiceError } from "@grpc/grpc-js";
import providerServices from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GrpcEngineLog } from "../../infra/rehearsal/provider/engine-log.ts";
import type { JsonObject } from "../../infra/rehearsal/provider/json.ts";
import { serviceOf } from "../../infra/rehearsal/provider/service.ts";
import { secret } from "../../infra/rehearsal/provider/values.ts";
import { fromStruct, toStruct } from "../../infra/rehearsal/provider/wire.ts";
import {
  configMap,
  deployment,
  deployments,
  type ProviderRig,
  providerRig,
  urnOf,
} from "../support/offline-provider.ts";

type Client = InstanceType<typeof providerServices.ResourceProviderClient>;

let rig: ProviderRig;
let server: Server;
let client: Client;

beforeEach(async () => {
  rig = await providerRig();
  server = new Server();
  server.addService(providerServices.ResourceProviderService, serviceOf(rig.provider, new GrpcEngineLog()));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  client = new providerServices.ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
});

afterEach(() => {
  client.close();
  server.forceShutdown();
});

/** Awaits one call. */
async function answer<T>(call: (respond: (error: ServiceError | null, response: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, response) => (error === null ? resolve(response) : reject(error)));
  });
}

function createRequest(type: string, inputs: JsonObject) {
  const request = new messages.CreateRequest();
  request.setUrn(urnOf(type));
  request.setProperties(toStruct(inputs));
  return request;
}

describe("the plugin's service", () => {
  test("accepts secrets and previews, and gives the SDK's version", async () => {
    const handshakeRequest = new messages.ProviderHandshakeRequest();
    handshakeRequest.setEngineAddress("127.0.0.1:1");
    const handshake = await answer<InstanceType<typeof messages.ProviderHandshakeResponse>>((respond) =>
      client.handshake(handshakeRequest, respond),
    );
    expect(handshake.toObject()).toMatchObject({ acceptSecrets: true, acceptOutputs: false });
    const configured = await answer<InstanceType<typeof messages.ConfigureResponse>>((respond) =>
      client.configure(new messages.ConfigureRequest(), respond),
    );
    expect(configured.toObject()).toMatchObject({ acceptsecrets: true, supportspreview: true });
    const info = await answer<{ getVersion(): string }>((respond) =>
      client.getPluginInfo(new emptyMessages.Empty(), respond),
    );
    expect(info.getVersion()).toBe("4.34.2");
  });

  test("creates an object, its secrets marked as the engine marks them", async () => {
    const request = createRequest("core/v1:ConfigMap", { ...configMap, data: { k: secret("hush") } });
    const created = await answer<InstanceType<typeof messages.CreateResponse>>((respond) =>
      client.create(request, respond),
    );
    expect(created.getId()).toBe("keye/a");
    expect(fromStruct(created.getProperties()).data).toEqual({ k: secret("hush") });
    expect(rig.api.lastApplied).toMatchObject({ data: { k: "hush" } });
  });

  test("tells which property makes the object anew", async () => {
    const request = new messages.DiffRequest();
    request.setUrn(urnOf("core/v1:ConfigMap"));
    request.setOldInputs(toStruct(configMap));
    request.setNews(toStruct({ ...configMap, data: { k: "w" } }));
    const diff = await answer<InstanceType<typeof messages.DiffResponse>>((respond) => client.diff(request, respond));
    expect(diff.toObject()).toMatchObject({
      changes: messages.DiffResponse.DiffChanges.DIFF_SOME,
      replacesList: ["data.k"],
      deletebeforereplace: true,
      detaileddiffMap: [["data.k", { kind: messages.PropertyDiff.Kind.UPDATE_REPLACE, inputdiff: true }]],
    });
  });

  test("hands over the object that did not get ready, so that the engine keeps it", async () => {
    const failed = new Promise<ServiceError | null>((resolve) => {
      client.create(createRequest("apps/v1:Deployment", deployment), (error) => resolve(error));
    });
    while (!rig.api.objects.has(`${deployments}/d`)) await new Promise((resolve) => setImmediate(resolve));
    rig.provider.cancel();
    const [packed] = (await failed)?.metadata.get("grpc-status-details-bin") ?? [];
    const status = statusMessages.Status.deserializeBinary(Buffer.from(packed ?? ""));
    const detail = messages.ErrorResourceInitFailed.deserializeBinary(
      status.getDetailsList()[0]?.getValue_asU8() ?? new Uint8Array(),
    );
    expect(status.getDetailsList()[0]?.getTypeName()).toBe("pulumirpc.ErrorResourceInitFailed");
    expect(detail.getId()).toBe("keye/d");
    expect(detail.getReasonsList()[0]).toMatch(
      /^apps\/v1\/Deployment keye\/d is not ready, and the wait was cancelled/,
    );
    expect(fromStruct(detail.getProperties())).toMatchObject({ spec: { replicas: 2 }, __fieldManager: "m" });
  });

  test("refuses a function with the way out", async () => {
    const request = new messages.InvokeRequest();
    request.setTok("kubernetes:helm:template");
    const error = await answer((respond) => client.invoke(request, respond)).then(
      undefined,
      (thrown: unknown) => thrown,
    );
    expect(String(error)).toContain(
      "CONFIG_INVALID: kubernetes:helm:template: The offline Kubernetes provider does not serve it.",
    );
  });
});
