import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ApiClient } from "../../../infra/cluster/api-client.ts";
import type { ApiRequest } from "../../../infra/cluster/api-request.ts";
import { listAll } from "../../../infra/cluster/list.ts";
import type { Clock } from "../../../infra/core/clock.ts";
import { FakeKubeApi } from "../../support/fake-kube-api.ts";

const pods = "/api/v1/namespaces/keye/pods";
const listPods: ApiRequest = { method: "GET", path: pods };
const never = new AbortController().signal;

/** Time that passes only in pauses. */
function skippingClock(): Clock & { readonly pauses: number[] } {
  let now = 0;
  const pauses: number[] = [];
  return {
    pauses,
    now: () => now,
    sleep: async (duration) => {
      pauses.push(duration);
      now += duration;
    },
  };
}

describe("requests to the API server", () => {
  let api: FakeKubeApi;
  let client: ApiClient;
  let clock: ReturnType<typeof skippingClock>;

  beforeEach(async () => {
    api = await new FakeKubeApi().start();
    clock = skippingClock();
    client = new ApiClient(api.kubeconfig, clock);
  });

  afterEach(async () => {
    client.close();
    await api.stop();
  });

  test.each([
    { fault: "reset", name: "a cut connection" },
    { fault: { status: 429 }, name: "too many requests" },
    { fault: { status: 500 }, name: "an internal error" },
    { fault: { status: 503 }, name: "an API server that starts" },
  ] as const)("$name is tried again", async ({ fault }) => {
    api.faults.push(fault, fault);
    expect(await client.send(listPods, never)).toMatchObject({ status: 200 });
    expect(clock.pauses).toEqual([100, 200]);
  });

  test.each([400, 401, 403, 404, 409, 410, 422])("an answer %d is an answer: it is not tried again", async (status) => {
    api.faults.push({ status });
    expect(await client.send(listPods, never)).toMatchObject({ status });
    expect(api.requests).toHaveLength(1);
  });

  test("an applied object that does not fit its schema is refused at once, although the server calls that 500", async () => {
    api.faults.push({
      status: 500,
      message: "failed to create typed patch object (a/b; v1): .foo: field not declared",
    });
    expect(await client.send(listPods, never)).toMatchObject({ status: 500 });
    expect(clock.pauses).toEqual([]);
  });

  test("an API server that was there is waited for, as long as a restart takes", async () => {
    await client.send(listPods, never);
    api.faults.push(...Array.from({ length: 20 }, () => "reset" as const));
    expect(await client.send(listPods, never)).toMatchObject({ status: 200 });
    expect(clock.now()).toBeGreaterThan(60_000);
  });

  test("an API server that never answered is told of within seconds, with its address and the fault", async () => {
    await api.stop();
    await expect(client.send(listPods, never)).rejects.toMatchObject({
      code: "ENV_UNREACHABLE",
      where: api.server,
      message: expect.stringMatching(
        /^ENV_UNREACHABLE: http:\/\/127\.0\.0\.1:\d+: The Kubernetes API server did not answer in 1\.5 s: connect ECONNREFUSED .*\. Check that the cluster runs/,
      ),
    });
    await api.start();
  });

  test("an API server that stays away for two minutes is told of", async () => {
    await client.send(listPods, never);
    api.faults.push(...Array.from({ length: 100 }, () => "reset" as const));
    await expect(client.send(listPods, never)).rejects.toMatchObject({ code: "ENV_UNREACHABLE" });
    expect(clock.now()).toBeLessThanOrEqual(120_000);
  });

  test("a refusal names who may not do what, and the rule that is missing", async () => {
    const message = 'deployments.apps "keye-1" is forbidden: User "ci" cannot patch resource "deployments/scale"';
    api.faults.push({ status: 403, message });
    const path = "/apis/apps/v1/namespaces/keye/deployments/keye-1/scale";
    await expect(client.call({ method: "PATCH", path, body: {} }, never)).rejects.toMatchObject({
      code: "E_API",
      message:
        `E_API: keye/deployments/keye-1: The API server answered 403 to patch deployments/scale: ${message}. ` +
        'Give the identity a Role in namespace "keye" with {apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["patch"]}; docs/rbac.md lists all of them.',
    });
  });

  test("refused credentials say so", async () => {
    api.faults.push({ status: 401, message: "Unauthorized" });
    await expect(client.call({ method: "GET", path: "/api/v1/nodes" }, never)).rejects.toMatchObject({
      code: "E_API",
      message:
        "E_API: nodes: The API server answered 401 to list nodes: Unauthorized. The credentials of this kubeconfig context were refused: log in again or renew them.",
    });
  });

  test("an abort ends a request at once with its reason", async () => {
    const stop = new AbortController();
    const reason = new Error("stopped");
    stop.abort(reason);
    await expect(client.send(listPods, stop.signal)).rejects.toBe(reason);
  });

  test("a list whose snapshot was compacted away while it was paged is read anew", async () => {
    api.put(`${pods}/a`, { metadata: { name: "a" } });
    api.faults.push({ status: 410 });
    const { items } = await listAll(client, pods, { signal: never });
    expect(items).toHaveLength(1);
    expect(api.requests.map(({ query }) => query.get("limit"))).toEqual(["500", null]);
  });
});
