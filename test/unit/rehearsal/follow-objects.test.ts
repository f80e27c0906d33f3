import { afterEach, beforeEach, expect, test } from "vitest";
import { ApiClient } from "../../../infra/cluster/api-client.ts";
import { followObjects, type ResourceObject } from "../../../infra/cluster/resources.ts";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { FakeKubeApi } from "../../support/fake-kube-api.ts";
import { until } from "../../support/until.ts";

const path = "/api/v1/pods";
let fake: FakeKubeApi;
let end: AbortController;
let heard: string[];
let following: Promise<void>;

beforeEach(async () => {
  fake = await new FakeKubeApi().start();
  end = new AbortController();
  heard = [];
});

afterEach(async () => {
  end.abort();
  await following;
  await fake.stop();
});

function put(name: string): void {
  fake.put(`${path}/${name}`, { metadata: { name, uid: `uid-${name}` } });
}

async function start(): Promise<void> {
  const api = new ApiClient(fake.kubeconfig, systemClock, { firstContact: 2_000, established: 2_000 });
  const options = { path, clock: systemClock, signal: end.signal };
  following = followObjects<ResourceObject>(api, options, (change) => {
    heard.push(change.kind === "synced" ? "synced" : `${change.kind} ${change.object.metadata.name}`);
  });
  await until(() => heard.includes("synced") && fake.openWatches === 1);
}

test("what exists is told first, then each change as it comes", async () => {
  put("a");
  await start();
  put("b");
  put("a");
  fake.tell(path, { type: "DELETED", object: { metadata: { name: "b", uid: "uid-b", resourceVersion: "200" } } });
  await until(() => heard.length === 5);
  expect(heard).toEqual(["set a", "synced", "set b", "set a", "gone b"]);
});

test("a watch that ends is resumed from the last version seen, without a new list", async () => {
  await start();
  put("a");
  await until(() => heard.includes("set a"));
  fake.tell(path, { type: "BOOKMARK", object: { metadata: { resourceVersion: "150" } } });
  fake.endWatches();
  await until(() => fake.requests.filter(({ query }) => query.has("watch")).length === 2);
  const last = fake.requests.at(-1);
  expect(last?.query.get("resourceVersion")).toBe("150");
  expect(fake.requests.filter(({ query }) => !query.has("watch"))).toHaveLength(1);
});

test("when the server has forgotten the version, only what differs is told again", async () => {
  put("a");
  put("b");
  await start();
  const expired = { type: "ERROR", object: { code: 410, metadata: {} } };
  fake.tell(path, expired);
  await until(() => heard.filter((word) => word === "synced").length === 2);
  expect(heard).toEqual(["set a", "set b", "synced", "synced"]);
});

test("a server that was away is read anew, and what has changed meanwhile is told", async () => {
  put("a");
  await start();
  await fake.stop();
  put("b");
  await fake.start();
  await until(() => heard.filter((word) => word === "synced").length === 2);
  expect(heard).toEqual(["set a", "synced", "set b", "synced"]);
});
