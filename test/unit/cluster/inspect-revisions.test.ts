import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ApiClient } from "../../../infra/cluster/api-client.ts";
import { evidenceRecords } from "../../../infra/cluster/evidence-records.ts";
import { inspectRevisions } from "../../../infra/cluster/inspect-revisions.ts";
import { leaseView } from "../../../infra/cluster/lease.ts";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { FakeKubeApi } from "../../support/fake-kube-api.ts";

const never = new AbortController().signal;
const core = "/api/v1/namespaces/keye";
const [a, b, c, d] = ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc", "dddddddddd"];
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

/** What a revision has under its own name. */
function deployed(revision: string, metadata: object = {}): void {
  const name = `keye-${revision}`;
  const labels = { "app.kubernetes.io/instance": "keye", "keye-stack.dev/revision": revision };
  for (const path of [
    `/apis/apps/v1/namespaces/keye/deployments/${name}`,
    `${core}/configmaps/${name}`,
    `/apis/policy/v1/namespaces/keye/poddisruptionbudgets/${name}`,
  ]) {
    api.put(path, { metadata: { name, labels, ...metadata } });
  }
}

function verdict(
  revision: string,
  day: number,
  evidence: object = {},
  data: Readonly<Record<string, string>> = {},
): void {
  const name = `rollgate-keye-${revision}-0123456789`;
  const labels = {
    "app.kubernetes.io/instance": "keye",
    "keye-stack.dev/revision": revision,
    "keye-stack.dev/verdict": "pass",
  };
  const document = {
    apiVersion: "keye-stack.dev/v1",
    kind: "PromotionEvidence",
    verdict: "pass",
    isUnfinished: false,
    reason: "",
    revision,
    previousRevision: null,
    replicas: 2,
    finishedAt: `2026-01-0${day}T00:00:00.000Z`,
    ...evidence,
  };
  api.put(`${core}/configmaps/${name}`, {
    metadata: { name, labels },
    data: { "evidence.json": JSON.stringify(document), ...data },
  });
}

const args = { namespace: "keye", app: "keye", target: d, atMost: 5 };

describe("earlier revisions", () => {
  beforeEach(() => {
    for (const revision of [a, b, c, d]) deployed(revision);
    verdict(a, 1);
    verdict(b, 3);
    verdict(c, 2, { verdict: "fail", code: "E_PROBE" });
    verdict(d, 4);
  });

  test("finds a revision of groups by what it is", async () => {
    const revision = "eeeeeeeeee";
    const name = `keye-${revision}`;
    const labels = { "app.kubernetes.io/instance": "keye", "keye-stack.dev/revision": revision };
    api.put(`/apis/leaderworkerset.x-k8s.io/v1/namespaces/keye/leaderworkersets/${name}`, {
      metadata: { name, labels },
    });
    verdict(revision, 9);
    const found = await inspectRevisions(client, { namespace: "keye", app: "keye", target: b, atMost: 1 }, never);
    const objects = [{ apiVersion: "leaderworkerset.x-k8s.io/v1", kind: "LeaderWorkerSet", name }];
    expect(found).toEqual({ promoted: [{ revision, objects }], groups: [name] });
  });

  test("are those that were promoted, the last first, with what stands under their names, and never the target", async () => {
    const { promoted } = await inspectRevisions(client, args, never);
    const objects = (name: string) => [
      { apiVersion: "apps/v1", kind: "Deployment", name },
      { apiVersion: "v1", kind: "ConfigMap", name },
      { apiVersion: "policy/v1", kind: "PodDisruptionBudget", name },
    ];
    expect(promoted).toEqual([
      { revision: b, objects: objects(`keye-${b}`) },
      { revision: a, objects: objects(`keye-${a}`) },
    ]);
  });

  test("are as many as are wanted", async () => {
    const { promoted } = await inspectRevisions(client, { ...args, atMost: 1 }, never);
    expect(promoted.map(({ revision }) => revision)).toEqual([b]);
  });

  test("that are being deleted, or have only their record left, are none", async () => {
    for (const revision of [a, b]) deployed(revision, { deletionTimestamp: "2026-01-05T00:00:00Z" });
    verdict("eeeeeeeeee", 5);
    expect(await inspectRevisions(client, args, never)).toEqual({ promoted: [], groups: [] });
  });

  test("that are groups are told whether they passed or not, and where none is kept, but for the target", async () => {
    for (const revision of ["eeeeeeeeee", d]) {
      const labels = { "app.kubernetes.io/instance": "keye", "keye-stack.dev/revision": revision };
      const name = `keye-${revision}`;
      api.put(`/apis/leaderworkerset.x-k8s.io/v1/namespaces/keye/leaderworkersets/${name}`, {
        metadata: { name, labels },
      });
    }
    const found = await inspectRevisions(client, { ...args, atMost: 0 }, never);
    expect(found).toEqual({ promoted: [], groups: ["keye-eeeeeeeeee"] });
  });

  test("whose record is of other revisions are not read", async () => {
    await inspectRevisions(client, { ...args, target: b }, never);
    const read = api.requests.filter(({ path }) => path.endsWith("/configmaps"));
    expect(read[0]?.query.get("labelSelector")).toBe(
      `app.kubernetes.io/instance=keye,keye-stack.dev/verdict,keye-stack.dev/revision in (${a},${c},${d})`,
    );
  });
});

test("records are handed on with what was asked, where they keep it", async () => {
  verdict(a, 1, {}, { "inputs.json": '{"port":8000}' });
  verdict(b, 2);
  const records = await evidenceRecords(client, { namespace: "keye", app: "keye" }, never);
  expect(records.map(({ name, inputsJson }) => [name, inputsJson])).toEqual([
    [`rollgate-keye-${a}-0123456789`, '{"port":8000}'],
    [`rollgate-keye-${b}-0123456789`, undefined],
  ]);
});

test("a Lease is looked at without being taken", async () => {
  const ref = { namespace: "keye", app: "keye", service: "keye" };
  expect(await leaseView(client, ref, never)).toBeUndefined();
  const path = "/apis/coordination.k8s.io/v1/namespaces/keye/leases/rollgate-keye";
  const renewTime = "2026-01-01T00:00:00.000000Z";
  api.put(path, { metadata: { name: "rollgate-keye" }, spec: { holderIdentity: "ci-7", renewTime } });
  expect(await leaseView(client, ref, never)).toEqual({
    holder: "ci-7",
    acquiredAt: undefined,
    renewedAt: renewTime,
    durationSeconds: 30,
  });
  expect(api.requests.map(({ method }) => method)).toEqual(["GET", "GET"]);
});
