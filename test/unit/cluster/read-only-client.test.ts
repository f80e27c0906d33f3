import { afterEach, beforeEach, expect, test } from "vitest";
import type { ApiRequest } from "../../../infra/cluster/api-request.ts";
import { ReadOnlyClient } from "../../../infra/cluster/read-only-client.ts";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { FakeKubeApi } from "../../support/fake-kube-api.ts";

const never = new AbortController().signal;
const pods = "/api/v1/namespaces/keye/pods";
const secrets = "/api/v1/namespaces/keye/secrets";
let api: FakeKubeApi;
let client: ReadOnlyClient;

beforeEach(async () => {
  api = await new FakeKubeApi().start();
  client = new ReadOnlyClient(api.kubeconfig, systemClock);
});

afterEach(async () => {
  client.close();
  await api.stop();
});

test("it reads", async () => {
  api.put(`${pods}/a`, { metadata: { name: "a" } });
  expect(await client.call({ method: "GET", path: pods }, never)).toMatchObject({
    items: [{ metadata: { name: "a" } }],
  });
});

test.each<[string, ApiRequest]>([
  ["create pods", { method: "POST", path: pods, body: { metadata: { name: "a" } } }],
  ["update pods", { method: "PUT", path: `${pods}/a`, body: {} }],
  ["patch pods", { method: "PATCH", path: `${pods}/a`, body: {} }],
  ["delete pods", { method: "DELETE", path: `${pods}/a` }],
  ["get Secrets", { method: "GET", path: `${secrets}/token` }],
  ["list Secrets", { method: "GET", path: secrets }],
  ["list Secrets", { method: "GET", path: "/api/v1/secrets" }],
])("asked to %s it sends nothing", async (what, request) => {
  await expect(client.send(request, never)).rejects.toThrow(what);
  await expect(client.call(request, never)).rejects.toThrow(what);
  await expect(client.open(request, 1_000, never)).rejects.toThrow(what);
  expect(api.requests).toEqual([]);
});
