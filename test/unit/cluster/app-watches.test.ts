import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ApiClient } from "../../../infra/cluster/api-client.ts";
import { AppWatches } from "../../../infra/cluster/app-watches.ts";
import type { Clock } from "../../../infra/core/clock.ts";
import { FakeKubeApi } from "../../support/fake-kube-api.ts";
import { until } from "../../support/until.ts";

const never = new AbortController().signal;
const ref = { namespace: "keye", app: "keye", service: "keye" };
const pods = "/api/v1/namespaces/keye/pods";
const labels = { "app.kubernetes.io/instance": "keye" };

/** Pauses pass within one turn of the event loop; waits of a minute and more never end, unless aborted. */
const impatient: Clock = {
  now: () => 0,
  sleep: (duration, signal) =>
    duration < 60_000
      ? new Promise((resolve) => setImmediate(resolve))
      : new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason), { once: true })),
};

describe("waiting for a change", () => {
  let api: FakeKubeApi;
  let client: ApiClient;
  let watches: AppWatches;

  beforeEach(async () => {
    api = await new FakeKubeApi().start();
    client = new ApiClient(api.kubeconfig, impatient);
    watches = new AppWatches(client, impatient);
  });

  afterEach(async () => {
    watches.close();
    client.close();
    await api.stop();
  });

  /** Waits until all four watches listen and everything so far has been told. */
  async function settled() {
    while (api.openWatches < 4) await watches.waitForChange(ref, 0, never);
    await watches.waitForChange(ref, 0, never);
  }

  /** Whether a wait that lasts an hour ends. */
  const change = () => watches.waitForChange(ref, 3_600_000, never);

  test("a pod of the app ends it", async () => {
    await settled();
    const waiting = change();
    api.put(`${pods}/p1`, { metadata: { name: "p1", labels } });
    await waiting;
  });

  test("nothing in the given time ends it too", async () => {
    await settled();
    await watches.waitForChange(ref, 1, never);
  });

  test("a change that came between two waits ends the second at once", async () => {
    await settled();
    const other = new AppWatches(client, impatient);
    api.put(`${pods}/p1`, { metadata: { name: "p1", labels } });
    await change();
    other.close();
  });

  test("events of another app end nothing, those of the app do", async () => {
    await settled();
    let ended = false;
    const waiting = change().then(() => {
      ended = true;
    });
    const event = (name: string, about: string) =>
      api.put(`/api/v1/namespaces/keye/events/${name}`, { metadata: { name }, involvedObject: { name: about } });
    event("e1", "other-1");
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(false);
    event("e2", "keye-1");
    await waiting;
  });

  test("a watch that the server ends is resumed where it ended", async () => {
    await settled();
    const last = api.put(`${pods}/p1`, { metadata: { name: "p1", labels } }).metadata.resourceVersion;
    await change();
    api.requests.length = 0;
    api.endWatches();
    const resumed = () => api.requests.find(({ path, query }) => path === pods && query.has("watch"));
    await until(() => resumed() !== undefined);
    expect(resumed()?.query.get("resourceVersion")).toBe(last);
  });

  test("a place that the server has forgotten is listed anew, and told as a change", async () => {
    await settled();
    const waiting = change();
    api.tell(pods, { type: "ERROR", object: { code: 410, message: "too old resource version" } });
    await waiting;
    expect(api.requests.filter(({ path, query }) => path === pods && !query.has("watch"))).toHaveLength(2);
  });

  test("an API server that restarts ends no wait with an error", async () => {
    await settled();
    const waiting = change();
    await api.stop();
    await api.start();
    api.put(`${pods}/p1`, { metadata: { name: "p1", labels } });
    await waiting;
  });

  test("a watch that is refused is an error of whoever waits", async () => {
    api.faults.push(undefined, undefined, undefined, undefined, { status: 403, message: "no" });
    await expect(
      (async () => {
        for (;;) await change();
      })(),
    ).rejects.toMatchObject({ code: "E_API" });
  });

  test("an abort ends it with its reason", async () => {
    await settled();
    const stop = new AbortController();
    const waiting = watches.waitForChange(ref, 3_600_000, stop.signal);
    const reason = new Error("stopped");
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });
});
