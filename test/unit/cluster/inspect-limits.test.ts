import { afterEach, beforeEach, expect, test } from "vitest";
import { ApiClient } from "../../../infra/cluster/api-client.ts";
import { namespaceLimits } from "../../../infra/cluster/inspect-limits.ts";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { FakeKubeApi } from "../../support/fake-kube-api.ts";

const never = new AbortController().signal;
const core = "/api/v1/namespaces/keye";
const quota = { metadata: { name: "gpus" }, spec: { hard: { "requests.nvidia.com/gpu": "8" } } };
const range = { metadata: { name: "defaults" }, spec: { limits: [] } };
let api: FakeKubeApi;
let client: ApiClient;

beforeEach(async () => {
  api = await new FakeKubeApi().start();
  client = new ApiClient(api.kubeconfig, systemClock);
  api.put(`${core}/resourcequotas/gpus`, quota);
  api.put(`${core}/limitranges/defaults`, range);
});

afterEach(async () => {
  client.close();
  await api.stop();
});

test("quotas and LimitRanges of the namespace are read", async () => {
  const limits = await namespaceLimits(client, "keye", never);
  expect(limits).toMatchObject({ quotas: [quota], ranges: [range] });
});

test("where one of them may not be read, nothing is known of either", async () => {
  api.faults.push({ status: 403, message: "forbidden" });
  expect(await namespaceLimits(client, "keye", never)).toBeUndefined();
});

test("another refusal is an error", async () => {
  api.faults.push({ status: 422, message: "no" });
  await expect(namespaceLimits(client, "keye", never)).rejects.toMatchObject({ code: "E_API" });
});
