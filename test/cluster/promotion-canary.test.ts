import { afterAll, beforeAll, expect, test } from "vitest";
import { type ClusterConnection, connect } from "../../infra/cluster/connect.ts";
import { followObjects, type ResourceObject } from "../../infra/cluster/resources.ts";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import { revisionLabel, revisionName } from "../../infra/core/names.ts";
import type { PromotionInputs } from "../../infra/core/promotion-inputs.ts";
import { defaultNodes } from "../../infra/rehearsal/nodes.ts";
import { promoteOver } from "../../infra/rollgate/promote-over.ts";
import { startLoad } from "../../scripts/story/load.ts";
import type { LoadResult } from "../../scripts/story/load-result.ts";
import { TestCluster } from "../support/rehearsal-cluster.ts";
import { createRevisions, keyeApp, tpSize } from "../support/revision-objects.ts";

// A cluster with exactly the GPUs of one revision: what the new one needs, the old one has.

const ref = keyeApp;
const { namespace } = ref;
const model = "Kwai-Keye/Keye-VL-2.0-30B-A3B";
const digest = `sha256:${"a".repeat(64)}`;
const [first, failing, second] = ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"] as const;
const replicas = 3;
const nodes = defaultNodes.map((shape) =>
  shape.gpu === undefined ? shape : { ...shape, count: 1, gpu: { ...shape.gpu, count: replicas * tpSize } },
);

interface Slice extends ResourceObject {
  readonly endpoints?: readonly {
    readonly conditions?: { readonly ready?: boolean };
    readonly targetRef?: { readonly name: string };
  }[];
}

/** What a promotion did, as its clients and the watch on the Service's endpoints saw it. */
interface Watched {
  readonly lines: readonly string[];
  readonly failure: string | undefined;
  readonly load: LoadResult;
  /** Pods that served though they neither were of the old revision nor had passed by then. */
  readonly strangers: readonly string[];
  /** How few pods served at the least. */
  readonly fewest: number;
}

let cluster: TestCluster;
let connection: ClusterConnection;
let serviceUrl: string;

function inputsOf(revision: string): PromotionInputs {
  return {
    ...ref,
    revision,
    workload: revisionName("keye", revision),
    replicas,
    gpusPerReplica: tpSize,
    nodeSelector: {},
    port: 8000,
    strategy: "canary",
    probe: { profile: "smoke", expectation: { weightVersion: revision } },
    probeHash: "0123456789",
    imageDigest: digest,
    deadlines: {
      readySeconds: 120,
      probeSeconds: 60,
      verifySeconds: 60,
      soakSeconds: 1,
      drainSeconds: 1,
      drainLimitSeconds: 30,
      totalSeconds: 600,
    },
    cooldownSeconds: 0,
  };
}

/** Promotes a revision under load; `at` acts at the first line that matches. */
async function watched(
  revision: string,
  at?: { readonly line: RegExp; readonly act: () => Promise<void>; readonly over?: AbortController },
): Promise<Watched> {
  const lines: string[] = [];
  const strangers: string[] = [];
  const stop = new AbortController();
  let fewest = Number.POSITIVE_INFINITY;
  let acting: Promise<void> | undefined;
  const onLine = (line: string) => {
    lines.push(line);
    if (at?.line.test(line) && acting === undefined) acting = at.act();
  };
  const hasPassed = (pod: string) => lines.some((line) => line.startsWith(`[probe] ${pod} proven`));
  const query = { labelSelector: "kubernetes.io/service-name=keye" };
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const options = { path, query, clock: systemClock, signal: stop.signal };
  const watching = followObjects<Slice>(cluster.rehearsal.api, options, (change) => {
    if (change.kind !== "set") return;
    const ready = (change.object.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
    const pods = ready.map(({ targetRef }) => targetRef?.name ?? "");
    fewest = Math.min(fewest, pods.length);
    strangers.push(...pods.filter((pod) => pod.startsWith(revisionName("keye", revision)) && !hasPassed(pod)));
  });
  const clients = startLoad({ baseUrl: serviceUrl, model });
  const progress = { line: onLine, status: () => undefined };
  const failure = await promoteOver(connection, { inputs: inputsOf(revision), progress, signal: cluster.signal }).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  at?.over?.abort();
  const load = await clients.stop();
  await acting;
  stop.abort();
  await watching;
  return { lines, failure, load, strangers, fewest };
}

async function podsOf(revision: string): Promise<readonly string[]> {
  const pods = await cluster.pods(namespace);
  return pods
    .filter(({ metadata }) => metadata.labels?.[revisionLabel] === revision)
    .map(({ metadata }) => metadata.name);
}

/** `spec.replicas` of each revision. */
async function asked(): Promise<Readonly<Record<string, number>>> {
  const { deployments } = await connection.cluster.observe(ref, cluster.signal);
  return Object.fromEntries(deployments.map(({ metadata, spec }) => [metadata.labels?.[revisionLabel], spec.replicas]));
}

beforeAll(async () => {
  cluster = await TestCluster.start({ nodes });
  connection = connect({ kubeconfig: cluster.rehearsal.state.kubeconfig });
  await createRevisions(cluster, { [first]: {}, [failing]: {}, [second]: {} });
  const progress = { line: () => undefined, status: () => undefined };
  await promoteOver(connection, { inputs: inputsOf(first), progress, signal: cluster.signal });
  ({ url: serviceUrl } = await cluster.rehearsal.startServiceProxy({ namespace, service: "keye" }));
}, 90_000);

afterAll(async () => {
  connection?.close();
  await cluster?.close();
});

test("a canary whose second new pod fails gives the old revision all its replicas back, and no client notices", async () => {
  // Every pod after the first, as soon as it appears, until the update has had enough of it.
  const over = new AbortController();
  const deleteNewcomers = async () => {
    const [firstPod] = await podsOf(failing);
    while (!over.signal.aborted) {
      for (const pod of (await podsOf(failing)).filter((name) => name !== firstPod)) {
        await cluster.rehearsal.api.send(
          { method: "DELETE", path: `/api/v1/namespaces/${namespace}/pods/${pod}` },
          cluster.signal,
        );
      }
      await systemClock.sleep(200);
    }
  };
  const run = await watched(failing, { line: /^\[ramp\] 1 of 3 replaced/, act: deleteNewcomers, over });
  const shown = [...run.lines, run.failure].join("\n");
  expect(run.failure, shown).toMatch(
    /^GATE_FAILED phase=ready code=E_EVICTED: rolled back in [\d.]+ s, restored aaaaaaaaaa to 3 in [\d.]+ s: /,
  );
  expect(run.load, shown).toMatchObject({ failed: 0, outageSeconds: 0 });
  expect(Object.keys(run.load.byRevision).toSorted()).toEqual([first, failing]);
  expect({ strangers: run.strangers, fewest: run.fewest }).toEqual({ strangers: [], fewest: replicas - 1 });
  expect(await connection.liveTraffic(ref, cluster.signal)).toEqual({ kind: "revision", revision: first });
  expect(await asked()).toEqual({ [first]: replicas, [failing]: 0, [second]: 0 });
});

test("a canary goes on where an old pod is evicted in the middle, and no client notices", async () => {
  const evict = async () => {
    const [pod = ""] = await podsOf(first);
    const path = `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`;
    const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: pod, namespace } };
    await cluster.call({ method: "POST", path, body });
  };
  const run = await watched(second, { line: /^\[ready\] 1 of 1/, act: evict });
  const shown = [...run.lines, run.failure].join("\n");
  expect(run.failure, shown).toBeUndefined();
  expect(run.load, shown).toMatchObject({ failed: 0, outageSeconds: 0 });
  expect(Object.keys(run.load.byRevision).toSorted()).toEqual([first, second]);
  expect(run.strangers).toEqual([]);
  // One was taken out, one was evicted.
  expect(run.fewest).toBeGreaterThanOrEqual(replicas - 2);
  expect(await connection.liveTraffic(ref, cluster.signal)).toEqual({ kind: "revision", revision: second });
  expect(await asked()).toEqual({ [first]: 0, [failing]: 0, [second]: replicas });
});
