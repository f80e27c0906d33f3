import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ClusterConnection, connect } from "../../infra/cluster/connect.ts";
import { watchdogJob } from "../../infra/cluster/watchdog-job.ts";
import type { KubernetesObject } from "../../infra/core/kubernetes-object.ts";
import { appLabel, revisionLabel } from "../../infra/core/names.ts";
import { engineChart, parseManifests, renderChart } from "../../infra/process/helm.ts";
import { onRealNode } from "../../infra/rehearsal/real-node/node-object.ts";
import { makeToolsImage } from "../support/base-image.ts";
import { RealNodeCluster, whyNoRealPods } from "../support/real-node-cluster.ts";

// The watchdog as its Job has it: the image's own command, in a container, under the account that the chart makes.

const reason = whyNoRealPods();
const namespace = "keye";
const ref = { namespace, app: "keye", service: "keye" };
const [stable, candidate] = ["aaaaaaaaaa", "bbbbbbbbbb"];
const image = "localhost/keye:1";
const staleSeconds = 20;
const leasePath = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;

let real: RealNodeCluster;
let connection: ClusterConnection;

beforeAll(async () => {
  if (reason !== undefined) return;
  real = await RealNodeCluster.start();
  connection = connect({ kubeconfig: real.cluster.rehearsal.state.kubeconfig });
  await real.cluster.createNamespace(namespace);
  await real.node.importImage(await makeToolsImage({ dir: real.dir, name: image }));
  for (const object of await accessObjects()) {
    const plural = `${object.kind.toLowerCase()}s`;
    const group = object.kind === "ServiceAccount" ? "/api/v1" : "/apis/rbac.authorization.k8s.io/v1";
    await real.cluster.create([`${group}/namespaces/${namespace}/${plural}`, object]);
  }
  const selector = { [appLabel]: "keye", [revisionLabel]: stable };
  const service = { metadata: { name: "keye" }, spec: { selector, ports: [{ port: 8000 }] } };
  await real.cluster.create([`/api/v1/namespaces/${namespace}/services`, service]);
  for (const revision of [stable, candidate]) {
    await real.cluster.create([`/apis/apps/v1/namespaces/${namespace}/deployments`, deployment(revision)]);
  }
}, 300_000);
afterAll(async () => {
  connection?.close();
  await real?.close();
});
beforeEach(({ skip }) => skip(reason !== undefined, reason));

/** What the chart gives a watchdog. */
async function accessObjects(): Promise<readonly KubernetesObject[]> {
  const values = { image: { digest: `sha256:${"a".repeat(64)}` }, watchdog: { enabled: true } };
  const objects = parseManifests(await renderChart({ chartDir: engineChart, release: "keye", namespace, values }));
  return objects.filter(({ metadata }) => metadata.name === "keye-watchdog");
}

/** A revision in the middle of a promotion by recreate; its pods ask for a node that is not there. */
function deployment(revision: string): object {
  const labels = { [appLabel]: "keye", [revisionLabel]: revision };
  const containers = [{ name: "engine", image }];
  const spec = { nodeSelector: { none: "such" }, containers };
  return {
    metadata: { name: `keye-${revision}`, labels },
    spec: {
      replicas: revision === stable ? 0 : 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec },
    },
  };
}

/** The Job, on the real node; there the API is reached by its own address, for no proxy serves the cluster's. */
async function startWatchdog(): Promise<string> {
  const plan = { image, stable, candidate, replicas: 2, staleSeconds, lifeSeconds: 600 };
  const job = watchdogJob(ref, plan);
  // The Job's own shape.
  const { template, ...spec } = job.spec as {
    readonly template: { readonly metadata: object; readonly spec: { readonly containers: readonly object[] } };
  };
  const { hostname, port } = new URL(connection.server);
  const env = [
    { name: "KUBERNETES_SERVICE_HOST", value: hostname },
    { name: "KUBERNETES_SERVICE_PORT", value: port },
  ];
  const pod = {
    ...template.spec,
    ...onRealNode,
    hostNetwork: true,
    containers: template.spec.containers.map((container) => ({ ...container, env })),
  };
  const path = `/apis/batch/v1/namespaces/${namespace}/jobs`;
  const body = { ...job, spec: { ...spec, template: { ...template, spec: pod } } };
  const made = await real.cluster.call<{ metadata: { name: string } }>({ method: "POST", path, body });
  return await real.cluster.until("the watchdog's pod to run", async () => {
    const pods = await real.cluster.pods(namespace);
    const own = pods.find(({ metadata }) => metadata.name.startsWith(made.metadata.name));
    return own?.status?.containerStatuses?.[0]?.state?.running !== undefined && own.metadata.name;
  });
}

async function replicas(): Promise<readonly number[]> {
  const { deployments } = await connection.cluster.observe(ref, real.cluster.signal);
  const of = (revision: string) =>
    deployments.find(({ metadata }) => metadata.name === `keye-${revision}`)?.spec.replicas ?? Number.NaN;
  return [of(stable), of(candidate)];
}

test("a true pod leaves a promotion alone that renews its Lease, and brings the old revision back once it has died", async () => {
  const spec = (second: number) => ({
    holderIdentity: "ci/1",
    leaseDurationSeconds: 30,
    renewTime: `2026-01-01T00:00:${String(second).padStart(2, "0")}.000000Z`,
    leaseTransitions: 1,
  });
  const metadata = { name: "rollgate-keye", namespace };
  await real.cluster.create([leasePath, { metadata, spec: spec(0) }]);
  const pod = await startWatchdog();
  // The holder lives for longer than the Lease may stand still.
  for (let second = 5; second <= 2 * staleSeconds; second += 5) {
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const contentType = "application/merge-patch+json";
    const path = `${leasePath}/rollgate-keye`;
    await real.cluster.call({ method: "PATCH", path, contentType, body: { spec: spec(second) } });
  }
  expect(await replicas()).toEqual([0, 2]);
  expect(await real.cluster.log(namespace, pod)).toMatch(/^watching Lease keye\/rollgate-keye: .*\n$/);
  const begun = performance.now();
  const { status } = await real.ended(namespace, pod, 120);
  const seconds = (performance.now() - begun) / 1000;
  const log = await real.cluster.log(namespace, pod);
  expect(status?.phase, log).toBe("Succeeded");
  expect(await replicas()).toEqual([2, 0]);
  expect(seconds).toBeGreaterThan(staleSeconds - 5);
  expect(log).toContain(`keye-${stable}: scaled back to 2`);
  const lease = await connection.leaseView(ref, real.cluster.signal);
  expect(lease?.holder).toBe("");
}, 240_000);
