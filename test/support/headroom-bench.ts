import { namespaceLimits } from "../../infra/cluster/inspect-limits.ts";
import { listAll } from "../../infra/cluster/list.ts";
import { followObjects } from "../../infra/cluster/resources.ts";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import { Headroom } from "../../infra/status/headroom/headroom.ts";
import type { Condition, Node, ObjectMeta, Pod } from "../../infra/status/objects.ts";
import { caseLabel, type HeadroomCase } from "./random-headroom.ts";
import type { TestCluster } from "./rehearsal-cluster.ts";

/** What the planner foretold of a case, and what the scheduler did. */
export interface Comparison {
  readonly name: string;
  readonly planned: number;
  readonly bound: number;
  /** Nodes that got more pods than the planner gave them. */
  readonly overfilled: readonly string[];
}

interface ReplicaSet {
  readonly metadata: ObjectMeta;
  readonly status?: { readonly conditions?: readonly Condition[] };
}

const appOfCase = "headroom-candidate";
const lanes = 24;

/**
 * Makes every case on the cluster, each on nodes of its own, plans it from what the API then says, lets the real scheduler
 * place the pods, and removes all of it.
 */
export async function compareCases(
  cluster: TestCluster,
  cases: readonly HeadroomCase[],
): Promise<readonly Comparison[]> {
  await inLanes(cases, (one) => prepare(cluster, one));
  await cluster.until("nodes and quotas", () => isPrepared(cluster, cases), 60);
  const plans = await planned(cluster, cases);
  const stop = new AbortController();
  const placed = new Placed(cases);
  const query = { labelSelector: appOfCase };
  const follow = { query, clock: systemClock, signal: stop.signal };
  const watches = [
    followObjects<Pod>(cluster.rehearsal.api, { ...follow, path: "/api/v1/pods" }, (change) => {
      if (change.kind === "set") placed.seePod(change.object);
    }),
    followObjects<ReplicaSet>(cluster.rehearsal.api, { ...follow, path: "/apis/apps/v1/replicasets" }, (change) => {
      if (change.kind === "set") placed.seeReplicaSet(change.object);
    }),
  ];
  try {
    await inLanes(cases, (one) =>
      cluster.create([`/apis/apps/v1/namespaces/${one.name}/deployments`, deployment(one)]),
    );
    await Promise.race([placed.whenAll, refuseAfter(60_000, () => `not decided: ${placed.undecided.join(", ")}`)]);
    return cases.map((one) => compare(one, plans, placed));
  } finally {
    stop.abort();
    await Promise.all(watches);
    await inLanes(cases, (one) => remove(cluster, one));
  }
}

function compare({ name }: HeadroomCase, plans: ReadonlyMap<string, Plan>, placed: Placed): Comparison {
  const plan = plans.get(name);
  const on = placed.nodesOf(name);
  const counts = Map.groupBy(on, (node) => node);
  const overfilled = [...counts]
    .filter(([node, pods]) => pods.length > (plan?.rooms.get(node) ?? 0))
    .map(([node]) => node);
  return { name, planned: plan?.fits ?? 0, bound: on.length, overfilled };
}

interface Plan {
  readonly fits: number;
  /** By node. */
  readonly rooms: ReadonlyMap<string, number>;
}

async function planned(cluster: TestCluster, cases: readonly HeadroomCase[]): Promise<ReadonlyMap<string, Plan>> {
  const { rehearsal, signal } = cluster;
  const nodes = (await listAll<Node>(rehearsal.api, "/api/v1/nodes", { signal })).items;
  const bound = { fieldSelector: "spec.nodeName!=" };
  const pods = (await listAll<Pod>(rehearsal.api, "/api/v1/pods", { query: bound, signal })).items;
  const plans = await inLanes(cases, async ({ name, candidate, replicas }) => {
    const limits = await namespaceLimits(rehearsal.api, name, signal);
    const headroom = new Headroom({ nodes, pods, limits, candidate, replicas, roleOf: () => "other" });
    const { fits, rooms } = headroom.fitWithout([]);
    return [name, { fits, rooms: new Map(rooms.map((room) => [room.node, room.fits])) }] as const;
  });
  return new Map(plans);
}

async function prepare(cluster: TestCluster, one: HeadroomCase): Promise<void> {
  await cluster.createNamespace(one.name);
  for (const { metadata, spec, status } of one.nodes) {
    await cluster.create(["/api/v1/nodes", { metadata, spec }]);
    const body = {
      status: {
        allocatable: status?.allocatable,
        capacity: status?.allocatable,
        conditions: [
          { type: "Ready", status: "True", reason: "KubeletReady", lastHeartbeatTime: new Date().toISOString() },
        ],
      },
    };
    const path = `/api/v1/nodes/${metadata.name}/status`;
    await cluster.call({ method: "PATCH", path, contentType: "application/merge-patch+json", body });
  }
  for (const [index, { spec, isOwn, hasEnded }] of one.holders.entries()) {
    const path = `/api/v1/namespaces/${isOwn ? one.name : "default"}/pods`;
    const name = `${one.name}-holder-${index}`;
    await cluster.create([path, { metadata: { name, labels: { [caseLabel]: one.name } }, spec }]);
    if (!hasEnded) continue;
    const contentType = "application/merge-patch+json";
    await cluster.call({
      method: "PATCH",
      path: `${path}/${name}/status`,
      contentType,
      body: { status: { phase: "Succeeded" } },
    });
  }
  const inNamespace = `/api/v1/namespaces/${one.name}`;
  if (one.quota) await cluster.create([`${inNamespace}/resourcequotas`, { metadata: { name: "q" }, spec: one.quota }]);
  if (one.range) await cluster.create([`${inNamespace}/limitranges`, { metadata: { name: "r" }, spec: one.range }]);
}

/** Nodes are open to the scheduler as far as the case wants it, and quotas have been counted. */
async function isPrepared(cluster: TestCluster, cases: readonly HeadroomCase[]): Promise<boolean> {
  const query = { labelSelector: caseLabel };
  const nodes = await cluster.call<{ items: Node[] }>({ method: "GET", path: "/api/v1/nodes", query });
  const isOpen = nodes.items.every(
    ({ spec }) => !spec?.taints?.some(({ key }) => key === "node.kubernetes.io/not-ready"),
  );
  const quotas = await cluster.call<{ items: { status?: { used?: object } }[] }>({
    method: "GET",
    path: "/api/v1/resourcequotas",
  });
  const wanted = cases.filter(({ quota }) => quota !== undefined).length;
  return isOpen && quotas.items.filter(({ status }) => status?.used !== undefined).length >= wanted;
}

function deployment({ name, candidate, replicas }: HeadroomCase): object {
  const labels = { [appOfCase]: name };
  const template = { metadata: { labels }, spec: candidate };
  return { metadata: { name, labels }, spec: { replicas, selector: { matchLabels: labels }, template } };
}

async function remove(cluster: TestCluster, { name, nodes }: HeadroomCase): Promise<void> {
  await cluster.call({ method: "DELETE", path: `/apis/apps/v1/namespaces/${name}/deployments/${name}` });
  await cluster.call({ method: "DELETE", path: `/api/v1/namespaces/${name}` });
  const query = { labelSelector: `${caseLabel}=${name}` };
  await cluster.call({ method: "DELETE", path: "/api/v1/namespaces/default/pods", query });
  for (const node of nodes) await cluster.call({ method: "DELETE", path: `/api/v1/nodes/${node.metadata.name}` });
}

/** What the scheduler has decided so far. */
class Placed {
  /** Resolves once nothing more is to be decided. */
  readonly whenAll: Promise<void>;
  readonly #replicas: ReadonlyMap<string, number>;
  readonly #pods = new Map<string, Map<string, string | "unschedulable" | "undecided">>();
  readonly #refused = new Set<string>();
  readonly #done: () => void;

  constructor(cases: readonly HeadroomCase[]) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.whenAll = promise;
    this.#done = resolve;
    this.#replicas = new Map(cases.map(({ name, replicas }) => [name, replicas]));
  }

  seePod({ metadata, spec, status }: Pod): void {
    const name = metadata.namespace ?? "";
    const pods = this.#pods.get(name) ?? new Map();
    const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
    const isRefused = scheduled?.reason === "Unschedulable";
    pods.set(metadata.name, spec?.nodeName ?? (isRefused ? "unschedulable" : "undecided"));
    this.#pods.set(name, pods);
    this.#check();
  }

  seeReplicaSet({ metadata, status }: ReplicaSet): void {
    const isRefused = status?.conditions?.some((one) => one.type === "ReplicaFailure" && one.status === "True");
    if (isRefused) this.#refused.add(metadata.namespace ?? "");
    this.#check();
  }

  get undecided(): readonly string[] {
    return [...this.#replicas.keys()].filter((name) => !this.#isDecided(name));
  }

  /** The node of each pod of a case that has one. */
  nodesOf(name: string): readonly string[] {
    return [...(this.#pods.get(name)?.values() ?? [])].filter((on) => on !== "unschedulable" && on !== "undecided");
  }

  #isDecided(name: string): boolean {
    const pods = [...(this.#pods.get(name)?.values() ?? [])];
    const isComplete = this.#refused.has(name) || pods.length === this.#replicas.get(name);
    return isComplete && !pods.includes("undecided");
  }

  #check(): void {
    if (this.undecided.length === 0) this.#done();
  }
}

async function inLanes<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = items.entries();
  const lane = async () => {
    for (const [index, item] of left) results[index] = await act(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

async function refuseAfter(milliseconds: number, text: () => string): Promise<never> {
  await systemClock.sleep(milliseconds);
  throw new Error(text());
}
