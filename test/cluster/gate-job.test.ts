import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { probe } from "../../infra/cli/probe.ts";
import type { KubernetesObject } from "../../infra/core/kubernetes-object.ts";
import { engineChart, parseManifests, renderChart } from "../../infra/process/helm.ts";
import { defaultNodes } from "../../infra/rehearsal/nodes.ts";
import { revisionOf } from "../../infra/spec/revision.ts";
import type { Pod } from "../../infra/status/objects.ts";
import { TestCluster } from "../support/rehearsal-cluster.ts";
import { probeWorld } from "../unit/cli/probe-run.ts";

const digest = `sha256:${"0f1e2d3c4b5a6978".repeat(4)}`;
const apiKey = "sk-planted-in-the-test";
const speed = { "rehearsal.keye-stack.dev/speed": "100" };

let cluster: TestCluster;

beforeAll(async () => {
  // Room for the engines of every test: none is taken away before the end.
  const nodes = defaultNodes.map((shape) => (shape.gpu === undefined ? shape : { ...shape, count: 4 }));
  cluster = await TestCluster.start({ nodes });
}, 60_000);

afterAll(() => cluster?.close());

/** Where objects of the chart's kinds are kept. */
const collections: Readonly<Record<string, string>> = {
  ConfigMap: "/api/v1/namespaces/NS/configmaps",
  Deployment: "/apis/apps/v1/namespaces/NS/deployments",
  Job: "/apis/batch/v1/namespaces/NS/jobs",
  NetworkPolicy: "/apis/networking.k8s.io/v1/namespaces/NS/networkpolicies",
  PodDisruptionBudget: "/apis/policy/v1/namespaces/NS/poddisruptionbudgets",
  Role: "/apis/rbac.authorization.k8s.io/v1/namespaces/NS/roles",
  RoleBinding: "/apis/rbac.authorization.k8s.io/v1/namespaces/NS/rolebindings",
  Service: "/api/v1/namespaces/NS/services",
  ServiceAccount: "/api/v1/namespaces/NS/serviceaccounts",
};

interface GateValues {
  readonly podAnnotations?: Readonly<Record<string, string>>;
  readonly replicas?: number;
  readonly engine?: object;
  readonly gateJob?: object;
}

/** Installs the chart with its gate Job, changed by `change`, as a tool that applies manifests would. */
async function install(
  namespace: string,
  values: GateValues,
  change: (object: KubernetesObject) => KubernetesObject = (object) => object,
): Promise<string> {
  const { podAnnotations = {}, replicas = 1, engine = {}, gateJob = {} } = values;
  const manifests = await renderChart({
    chartDir: engineChart,
    release: "keye",
    namespace,
    values: {
      image: { digest },
      replicas,
      engine,
      podAnnotations: { ...speed, ...podAnnotations },
      service: { selects: "unset" },
      gateJob: {
        enabled: true,
        image: `registry.example/keye@${digest}`,
        profile: "smoke",
        waitSeconds: 60,
        deadlineSeconds: 60,
        ...gateJob,
      },
    },
  });
  const objects = parseManifests(manifests);
  for (const object of objects) {
    const path = collections[object.kind];
    if (path === undefined) throw new Error(`no collection for ${object.kind}`);
    await cluster.create([path.replace("NS", namespace), change(object)]);
  }
  return revisionOf(objects);
}

/** The gate Job with a fault of its own pod, and little time; any other object as it is. */
function withPod(
  object: KubernetesObject,
  { activeDeadlineSeconds, fault }: { readonly activeDeadlineSeconds: number; readonly fault: string },
): KubernetesObject {
  if (object.kind !== "Job") return object;
  // The chart's own Job.
  const { template, ...spec } = (object as { readonly spec?: { readonly template: Pod } }).spec ?? {};
  const metadata = { ...template?.metadata, annotations: { "rehearsal.keye-stack.dev/fault": fault } };
  return { ...object, spec: { ...spec, activeDeadlineSeconds, template: { ...template, metadata } } };
}

interface Job {
  readonly status?: {
    readonly failed?: number;
    readonly succeeded?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
  };
}

/** The Job's end, and that of its only pod's container. */
async function verdictOf(namespace: string, revision: string) {
  const path = `/apis/batch/v1/namespaces/${namespace}/jobs/keye-${revision}-gate`;
  const condition = await cluster.until(
    "the gate's verdict",
    async () => {
      const { status } = await cluster.call<Job>({ method: "GET", path });
      return status?.conditions?.find(
        ({ type, status: value }) => value === "True" && (type === "Complete" || type === "Failed"),
      );
    },
    90,
  );
  const pods = await gatePods(namespace);
  const ended = pods[0]?.status?.containerStatuses?.[0]?.state?.terminated;
  const log = await cluster.log(namespace, pods[0]?.metadata.name ?? "").catch(String);
  const said = ended?.message === undefined ? {} : JSON.parse(ended.message);
  return { condition, pods: pods.length, exitCode: ended?.exitCode, said, log };
}

async function gatePods(namespace: string): Promise<readonly Pod[]> {
  return (await cluster.pods(namespace)).filter(
    ({ metadata }) => metadata.labels?.["app.kubernetes.io/component"] === "gate",
  );
}

test("an honest revision: every pod is asked, with the engine's key; the Job is complete and says pass", async () => {
  const namespace = "honest";
  await cluster.createNamespace(namespace);
  await cluster.create([
    `/api/v1/namespaces/${namespace}/secrets`,
    { metadata: { name: "keye-api" }, stringData: { key: apiKey } },
  ]);
  const apiKeySecret = { name: "keye-api", key: "key" };
  const revision = await install(namespace, { replicas: 2, engine: { apiKeySecret }, gateJob: { profile: "gate" } });
  const { condition, exitCode, said, log } = await verdictOf(namespace, revision);
  expect(log).not.toContain(apiKey);
  expect({ exitCode, type: condition.type, verdict: said.verdict, reason: said.reason }).toEqual({
    exitCode: 0,
    type: "Complete",
    verdict: "pass",
    reason: "all 2 ready pods pass",
  });
}, 150_000);

test("the same pods pass when they are asked from outside, by port-forward", async () => {
  const { world, err } = probeWorld({ KEYE_API_KEY: apiKey }, AbortSignal.timeout(60_000));
  const args = ["--service=keye-candidate", "--namespace=honest", "--kubeconfig", cluster.rehearsal.state.kubeconfig];
  expect(await probe.run([...args, "--pods=2"], world), err()).toBe(0);
  expect(err()).toMatch(/^pass: honest\/keye-candidate after .*: all 2 ready pods pass$/m);
});

test("one bad replica of several: the Job has failed, and names the replica", async () => {
  await cluster.createNamespace("replicas");
  const podAnnotations = { "rehearsal.keye-stack.dev/fault": "bad-replica:2" };
  const revision = await install("replicas", { podAnnotations, replicas: 4 });
  const { exitCode, said } = await verdictOf("replicas", revision);
  const engines = (await cluster.pods("replicas")).filter(
    ({ metadata }) => metadata.labels?.["app.kubernetes.io/component"] === "engine",
  );
  const bad = engines.filter(({ status }) => Number(status?.podIP?.split(".").at(-1)) % 2 === 0);
  expect(exitCode).toBe(1);
  expect(said.reason).toContain(`${bad.length} of 4 pods unfit`);
  const named: readonly { readonly pod: string }[] = said.failed;
  expect(new Set(named.map(({ pod }) => pod))).toEqual(new Set(bad.map(({ metadata }) => metadata.name)));
}, 150_000);

test("a revision that answers wrongly: the Job has failed at once, and its last word says where and why", async () => {
  await cluster.createNamespace("wrong");
  const revision = await install("wrong", { podAnnotations: { "rehearsal.keye-stack.dev/fault": "wrong-answer" } });
  const { condition, pods, exitCode, said } = await verdictOf("wrong", revision);
  expect({ exitCode, type: condition.type, pods }).toEqual({ exitCode: 1, type: "Failed", pods: 1 });
  expect(said).toMatchObject({ verdict: "fail", target: "wrong/keye-candidate", profile: "smoke" });
  expect(said.failed[0]).toMatchObject({ pod: expect.stringContaining(`keye-${revision}-`), outcome: "fail" });
}, 150_000);

test("a revision that never answers: the Job is inconclusive, not passed", async () => {
  await cluster.createNamespace("silent");
  const revision = await install("silent", {
    podAnnotations: { "rehearsal.keye-stack.dev/fault": "image-not-found" },
    gateJob: { waitSeconds: 3 },
  });
  const { condition, exitCode, said } = await verdictOf("silent", revision);
  expect({ exitCode, type: condition.type, verdict: said.verdict }).toEqual({
    exitCode: 3,
    type: "Failed",
    verdict: "inconclusive",
  });
  expect(said.reason).toMatch(/^0 of at least 1 pods are ready; not ready: keye-\S+ after 3 s; nothing was asked\.$/);
}, 150_000);

test("an image of the gate that cannot be pulled is seen at its pod, and ends at the Job's deadline", async () => {
  await cluster.createNamespace("no-image");
  const revision = await install("no-image", {}, (object) =>
    withPod(object, { activeDeadlineSeconds: 5, fault: "image-not-found" }),
  );
  const waiting = await cluster.until("the pull to fail", async () => {
    const [pod] = await gatePods("no-image");
    const { waiting: state } = pod?.status?.containerStatuses?.[0]?.state ?? {};
    return state?.reason === "ImagePullBackOff" && state;
  });
  expect(waiting.message).toContain(`registry.example/keye@${digest}: not found`);
  expect((await verdictOf("no-image", revision)).condition).toMatchObject({
    type: "Failed",
    reason: "DeadlineExceeded",
  });
}, 150_000);

test("a node that is lost takes the verdict with it: the Job is not passed, though the engine is honest", async () => {
  await cluster.createNamespace("lost");
  const revision = await install("lost", {}, (object) =>
    withPod(object, { activeDeadlineSeconds: 15, fault: "kubelet-gone:1" }),
  );
  const path = `/apis/batch/v1/namespaces/lost/jobs/keye-${revision}-gate`;
  const status = await cluster.until("the Job to be given up", async () => {
    const job = await cluster.call<Job>({ method: "GET", path });
    return (job.status?.conditions ?? []).length > 0 && job.status;
  });
  // It is called Failed once its pod is gone, and no kubelet is left to say so.
  expect(status?.conditions).toMatchObject([{ type: "FailureTarget", status: "True", reason: "DeadlineExceeded" }]);
  expect(status?.succeeded).toBeUndefined();
}, 150_000);

describe("what the gate's account may do", () => {
  test.each([
    { verb: "list", resource: "pods", allowed: true },
    { verb: "get", resource: "services", name: "keye-candidate", allowed: true },
    { verb: "get", resource: "services", name: "keye", allowed: false },
    { verb: "list", group: "discovery.k8s.io", resource: "endpointslices", allowed: true },
    { verb: "get", resource: "secrets", allowed: false },
    { verb: "create", resource: "pods/portforward", allowed: false },
    { verb: "patch", resource: "services", name: "keye", allowed: false },
    { verb: "list", resource: "configmaps", allowed: false },
  ])("$verb $resource $name: $allowed", async ({ verb, resource, group = "", name, allowed }) => {
    const [plural, subresource = ""] = resource.split("/");
    const user = "system:serviceaccount:honest:keye-gate";
    const resourceAttributes = { namespace: "honest", verb, group, resource: plural, subresource, name: name ?? "" };
    const body = { spec: { user, resourceAttributes } };
    const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    const { status } = await cluster.call<{ status: { allowed: boolean } }>({ method: "POST", path, body });
    expect(status.allowed).toBe(allowed);
  });
});
