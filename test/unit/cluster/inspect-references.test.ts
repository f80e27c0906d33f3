import { afterEach, beforeEach, expect, test } from "vitest";
import { ApiClient } from "../../../infra/cluster/api-client.ts";
import { inspectReferences } from "../../../infra/cluster/inspect-references.ts";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { FakeKubeApi } from "../../support/fake-kube-api.ts";

const never = new AbortController().signal;
const core = "/api/v1/namespaces/keye";
let api: FakeKubeApi;
let client: ApiClient;

beforeEach(async () => {
  api = await new FakeKubeApi().start();
  client = new ApiClient(api.kubeconfig, systemClock);
});

afterEach(async () => {
  client.close();
  await api.stop();
});

test("a bound claim has the modes of its volume, a new one those that it asks for, a missing one is left out", async () => {
  const asked = { accessModes: ["ReadWriteOnce"] };
  const put = (name: string, rest: object) =>
    api.put(`${core}/persistentvolumeclaims/${name}`, { metadata: { name }, ...rest });
  put("bound", { spec: asked, status: { accessModes: ["ReadWriteOnce", "ReadWriteMany"] } });
  put("new", { spec: asked, status: { phase: "Pending" } });
  const args = { namespace: "keye", claims: ["bound", "gone", "new"], secrets: [] };
  expect(await inspectReferences(client, args, never)).toEqual({
    claims: [
      { name: "bound", accessModes: ["ReadWriteOnce", "ReadWriteMany"] },
      { name: "new", accessModes: ["ReadWriteOnce"] },
    ],
    secrets: [],
  });
});

test("of a Secret the names of its keys are handed on, and no value", async () => {
  api.put(`${core}/secrets/hub`, { metadata: { name: "hub" }, data: { token: "ZG8tbm90LXByaW50LW1l", a: "" } });
  const found = await inspectReferences(client, { namespace: "keye", claims: [], secrets: ["hub", "gone"] }, never);
  expect(found).toEqual({ claims: [], secrets: [{ name: "hub", keys: ["a", "token"] }] });
});

test("a Secret that may not be read counts as there, a claim that may not is an error with the missing rule", async () => {
  const forbidden = { status: 403, message: "forbidden" };
  api.faults.push(forbidden);
  expect(await inspectReferences(client, { namespace: "keye", claims: [], secrets: ["hub"] }, never)).toEqual({
    claims: [],
    secrets: [{ name: "hub" }],
  });
  api.faults.push(forbidden);
  await expect(
    inspectReferences(client, { namespace: "keye", claims: ["weights"], secrets: [] }, never),
  ).rejects.toThrow(
    'Give the identity a Role in namespace "keye" with {apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: ["get"]}',
  );
});
