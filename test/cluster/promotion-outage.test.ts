import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ClusterConnection, connect } from "../../infra/cluster/connect.ts";
import { followObjects, type ResourceObject } from "../../infra/cluster/resources.ts";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import type { Transport } from "../../infra/cluster/transport.ts";
import { revisionName } from "../../infra/core/names.ts";
import type { PromotionInputs } from "../../infra/core/promotion-inputs.ts";
import type { ClusterPort } from "../../infra/gate/ports.ts";
import { defaultNodes } from "../../infra/rehearsal/nodes.ts";
import { promoteOver } from "../../infra/rollgate/promote-over.ts";
import { type ClientLoad, startLoad } from "../../scripts/story/load.ts";
import type { LoadResult } from "../../scripts/story/load-result.ts";
import { TestCluster } from "../support/rehearsal-cluster.ts";
import {
  servedCandidate as candidate,
  createServedApp,
  servedNamespace as namespace,
  quickPods,
  servedInputs,
  servedStable as stable,
} from "../support/served-app.ts";

// An outage meets every app of a cluster at once, each where it is: so here, with an app for each phase.

const outageMs = 60_000;
const nodes = defaultNodes.map((shape) => (shape.gpu === undefined ? shape : { ...shape, count: 7 }));

const slow = { "rehearsal.keye-stack.dev/speed": "2" };

/** An app, named after the phase in which its promotion is when the API server goes away. */
interface App {
  readonly phase: string;
  /** The line, lasting or not, by which the promotion has come so far. */
  readonly after?: RegExp;
  /** The call that then waits until the API server is gone; absent for a phase that lasts by itself. */
  readonly call?: keyof ClusterPort | keyof Transport;
  /** Of the candidate's pods. @default {@link quickPods} */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deadlines?: Partial<PromotionInputs["deadlines"]>;
}

const held: readonly App[] = [
  { phase: "preflight", after: /^\[observe\] /, call: "capacity" },
  { phase: "scale", after: /^\[preflight\] /, call: "scale" },
  // Loads for 40 s: it is ready while nobody can be told.
  { phase: "ready", after: /^\[ready\] \S+: (?!waits|container|pulling)/, annotations: slow },
  { phase: "recheck", after: /^\[probe\] all 1 pods proven/, call: "saveEvidence" },
  { phase: "switch", after: /^\[recheck\] /, call: "switchTraffic" },
  { phase: "endpoints", after: /^\[switch\] /, call: "observe" },
  { phase: "traffic", after: /^\[endpoints\] /, call: "openService" },
  { phase: "soak", after: /^\[traffic\] 5 of 5/, deadlines: { soakSeconds: 75 } },
  { phase: "retire", after: /^\[soak\] /, call: "scale" },
  { phase: "evidence", after: /^\[retire\] /, call: "saveEvidence" },
];

/** Comes last and waits for nothing: the API server goes away under its questions. */
const probing: App = { phase: "probe", after: /^\[probe\] \S+: identity pass/ };

/** A candidate that is rejected; parking it meets the outage. */
const rejected: App = {
  phase: "park",
  after: /^\[ready\] 1 of 1/,
  call: "scale",
  annotations: { ...quickPods, "rehearsal.keye-stack.dev/fault": "wrong-answer" },
};

/** Begins while the API server is away. */
const late: App = { phase: "lock" };

const apps = [...held, probing, rejected, late];

interface Ended {
  /** The whole error; undefined where it promoted. */
  readonly failure: string | undefined;
  readonly endedAt: number;
}

interface Slice extends ResourceObject {
  readonly metadata: ResourceObject["metadata"] & { readonly labels?: Readonly<Record<string, string>> };
  readonly endpoints?: readonly {
    readonly conditions?: { readonly ready?: boolean };
    readonly targetRef?: { readonly name: string };
  }[];
}

let cluster: TestCluster;
/** When the API server began to come back. */
let backAt: number;
let watching: Promise<void>;
const over = new AbortController();
/** What a promotion of each app has told, of all its runs. */
const lines = new Map<string, string[]>(apps.map(({ phase }) => [phase, []]));
const endings = new Map<string, Ended>();
const loads = new Map<string, LoadResult>();
/** Pods of candidates that served before they had passed. */
const strangers: string[] = [];

/** A connection of one run's own: it has yet to reach the API server. */
function connected(): ClusterConnection {
  return connect({ kubeconfig: cluster.rehearsal.state.kubeconfig });
}

function inputsOf({ phase, deadlines }: App): PromotionInputs {
  return servedInputs(phase, {
    readySeconds: 300,
    probeSeconds: 120,
    // The controllers themselves need a minute until they notice that the API server is back.
    verifySeconds: 180,
    soakSeconds: 1,
    drainSeconds: 1,
    drainLimitSeconds: 30,
    totalSeconds: 900,
    ...deadlines,
  });
}

/** The port, of which one call waits first. */
function waiting<T extends object>(port: T, call: string | undefined, wait: () => Promise<void>): T {
  return new Proxy(port, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name, target);
      if (typeof found !== "function") return found;
      return name === call ? (...args: unknown[]) => wait().then(() => found.apply(target, args)) : found.bind(target);
    },
  });
}

interface Run {
  /** Resolves when the promotion is where the outage shall find it. */
  readonly isThere: Promise<void>;
  readonly ended: Promise<Ended>;
}

function begin(app: App, isAway: Promise<void> = Promise.resolve()): Run {
  const { phase, after, call } = app;
  const there = Promise.withResolvers<void>();
  // Nobody asks where one is that is not held.
  there.promise.catch(() => undefined);
  let isDue = false;
  const status = (line: string) => {
    isDue ||= after?.test(line) === true;
    if (isDue && call === undefined) there.resolve();
  };
  const line = (text: string) => {
    lines.get(phase)?.push(text);
    status(text);
  };
  const wait = async () => {
    if (!isDue) return;
    there.resolve();
    await isAway;
  };
  const connection = connected();
  const stopped: ClusterConnection = {
    ...connection,
    cluster: waiting(connection.cluster, call, wait),
    transport: (kind) => waiting(connection.transport(kind), call, wait),
  };
  const ended = promoteOver(stopped, { inputs: inputsOf(app), progress: { line, status }, signal: cluster.signal })
    .then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    .then((failure) => {
      connection.close();
      there.reject(new Error(`${phase} ended before the outage: ${failure}`));
      return { failure, endedAt: Date.now() };
    });
  return { isThere: there.promise, ended };
}

async function watchEndpoints(): Promise<void> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  await followObjects<Slice>(cluster.rehearsal.api, { path, clock: systemClock, signal: over.signal }, (change) => {
    if (change.kind !== "set") return;
    const app = change.object.metadata.labels?.["kubernetes.io/service-name"] ?? "";
    for (const { conditions, targetRef } of change.object.endpoints ?? []) {
      const pod = targetRef?.name ?? "";
      if (conditions?.ready === false || !pod.startsWith(revisionName(app, candidate))) continue;
      if (lines.get(app)?.some((line) => line.startsWith(`[probe] ${pod} proven`)) !== true) strangers.push(pod);
    }
  });
}

/** Makes an app and lets clients ask it. */
async function deploy({ phase, annotations }: App): Promise<ClientLoad> {
  await createServedApp(cluster, phase, annotations);
  const proxy = await cluster.rehearsal.startServiceProxy({ namespace, service: phase });
  await cluster.until(`${phase} to serve`, async () => proxy.endpoints.length > 0, 60);
  return startLoad({ baseUrl: proxy.url, model: "", lanes: 1 });
}

/** How an app stands, and what its clients saw. */
async function outcomeOf({ phase }: App) {
  const ref = { namespace, app: phase, service: phase };
  const connection = connected();
  try {
    const { deployments, traffic } = await connection.cluster.observe(ref, cluster.signal);
    const asked = deployments.map(({ metadata, spec }) => [metadata.name.replace(`${phase}-`, ""), spec.replicas]);
    const { failed, outageSeconds, byRevision = {} } = loads.get(phase) ?? {};
    const answeredBy = Object.keys(byRevision).toSorted();
    return { traffic, replicas: Object.fromEntries(asked), clients: { failed, outageSeconds, answeredBy } };
  } finally {
    connection.close();
  }
}

/** For whoever reads a failed expectation. */
function story({ phase }: App): string {
  return [...(lines.get(phase) ?? []), endings.get(phase)?.failure].join("\n");
}

const moved = {
  traffic: { kind: "revision", revision: candidate },
  replicas: { [stable]: 0, [candidate]: 1 },
  clients: { failed: 0, outageSeconds: 0, answeredBy: [stable, candidate] },
};

const unmoved = {
  traffic: { kind: "revision", revision: stable },
  replicas: { [stable]: 1, [candidate]: 0 },
  clients: { failed: 0, outageSeconds: 0, answeredBy: [stable] },
};

beforeAll(async () => {
  cluster = await TestCluster.start({ nodes });
  await cluster.createNamespace(namespace);
  watching = watchEndpoints();
  const clients: [string, ClientLoad][] = [];
  for (const app of apps) clients.push([app.phase, await deploy(app)]);
  const away = Promise.withResolvers<void>();
  const runs: [string, Run][] = [...held, rejected].map((app) => [app.phase, begin(app, away.promise)]);
  await Promise.all(runs.map(([, { isThere }]) => isThere));
  const last = begin(probing);
  await last.isThere;
  await cluster.rehearsal.pauseApiserver();
  away.resolve();
  runs.push([probing.phase, last], [late.phase, begin(late)]);
  await pause(outageMs);
  backAt = Date.now();
  await cluster.rehearsal.resumeApiserver();
  for (const [phase, { ended }] of runs) endings.set(phase, await ended);
  for (const [phase, load] of clients) loads.set(phase, await load.stop());
}, 400_000);

afterAll(async () => {
  over.abort();
  await watching;
  await cluster?.close();
});

describe("an API server that goes away for a minute", () => {
  test.each([...held, probing])(
    "in phase $phase: the promotion goes on where it was, no client notices",
    async (app) => {
      const { failure, endedAt = 0 } = endings.get(app.phase) ?? {};
      expect(failure, story(app)).toBeUndefined();
      expect(endedAt).toBeGreaterThan(backAt);
      expect(await outcomeOf(app), story(app)).toEqual(moved);
    },
  );

  test("while a rejected candidate is parked: it is parked once it is back, with the verdict that it had", async () => {
    const { failure, endedAt = 0 } = endings.get(rejected.phase) ?? {};
    expect(failure).toMatch(/^GATE_FAILED phase=probe code=E_PROBE: /);
    expect(endedAt).toBeGreaterThan(backAt);
    expect(await outcomeOf(rejected), story(rejected)).toEqual(unmoved);
  });

  test("when a promotion begins: it ends at once, says who does not answer, and has touched nothing", async () => {
    const { failure, endedAt = 0 } = endings.get(late.phase) ?? {};
    const { server } = cluster.rehearsal.state;
    expect(failure).toContain(`GATE_INCONCLUSIVE phase=lock code=ENV_UNREACHABLE: ${server}: `);
    expect(endedAt).toBeLessThan(backAt - outageMs / 2);
    expect(await outcomeOf(late), story(late)).toEqual(unmoved);
  });

  test("lets nobody serve who was not proven", () => expect(strangers).toEqual([]));

  test("leaves nothing to the next update but what was not begun", async () => {
    const again = [...held, probing, late];
    const ended = await Promise.all(again.map((app) => begin({ phase: app.phase }).ended));
    expect(ended.map(({ failure }) => failure)).toEqual(again.map(() => undefined));
    for (const app of again.slice(0, -1)) {
      expect(lines.get(app.phase)?.at(-1)).toBe(`[observe] ${candidate} serves and is proven by these probes`);
    }
    const { traffic, replicas } = await outcomeOf(late);
    expect({ traffic, replicas }, story(late)).toEqual({ traffic: moved.traffic, replicas: moved.replicas });
  });
});
