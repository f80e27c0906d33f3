import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { doctor } from "../../infra/cli/doctor.ts";
import { exitCodeOf } from "../../infra/cli/exit-code-of.ts";
import { writeLockFile } from "../../infra/cli/lock-file.ts";
import type { DoctorReport } from "../../infra/spec/doctor/report.ts";
import { emptyLock, imageKey, lockFile, withEntries } from "../../infra/spec/lock/lock.ts";
import { h800Labels } from "../support/pool-node.ts";
import { TestCluster } from "../support/rehearsal-cluster.ts";
import { testDigest } from "../support/stack-config.ts";
import { hydrated } from "../support/weights-settings.ts";

const tag = imageKey("kwaikeye/kwai-keye-vl", "keye_vl_v2_30b_a3b");

/** What is wrong with a cluster, and the settings that meet it. */
interface Broken {
  readonly what: string;
  /** Over those of a node that has all. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly allocatable?: Readonly<Record<string, string>>;
  readonly namespaceLabels?: Readonly<Record<string, string>>;
  /** Objects of the namespace, by the end of their collection's path. */
  readonly objects?: readonly (readonly [collection: string, object: object])[];
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Errors, by name and place. */
  readonly errors: readonly string[];
}

const volume = { kind: "pvc", claim: "keye-weights", mountPath: "/models" };

const cases: readonly Broken[] = [
  {
    what: "the device plugin is missing",
    allocatable: { "nvidia.com/gpu": "0" },
    errors: ["pool-mismatch pool gpus", "device-plugin-missing node NODE"],
  },
  {
    what: "the GPUs are no Hopper",
    labels: {
      "nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB",
      "nvidia.com/gpu.family": "ampere",
      "nvidia.com/gpu.compute.major": "8",
    },
    errors: ["pool-mismatch pool gpus", "gpu-not-hopper node NODE"],
  },
  {
    what: "the GPUs are cut by MIG",
    labels: { "nvidia.com/mig.strategy": "mixed", "nvidia.com/mig-3g.40gb.count": "2" },
    errors: ["gpu-mig node NODE"],
  },
  {
    what: "the driver is too old for the image's CUDA",
    labels: { "nvidia.com/cuda.driver.major": "515" },
    errors: ["gpu-driver node NODE"],
  },
  {
    what: "the GPUs hold too little",
    labels: { "nvidia.com/gpu.memory": "32768" },
    errors: ["gpu-memory pool gpus"],
  },
  {
    what: "the nodes' disk is too small",
    // The weights alone would fit: 57 GiB, and three times the 14 GiB of the image.
    allocatable: { "ephemeral-storage": "80Gi" },
    errors: ["node-storage node NODE"],
  },
  {
    what: "no StorageClass makes the claim",
    settings: hydrated({ volume: { ...volume, create: { storageClass: "shared" } } }),
    errors: ["storage-class-missing StorageClass shared"],
  },
  {
    what: "a Secret lacks its key",
    settings: { engine: { apiKeySecret: { name: "api", key: "key" } } },
    objects: [["secrets", { metadata: { name: "api" }, stringData: { token: "do-not-print-me" } }]],
    errors: ["secret-key-missing secret api"],
  },
  {
    what: "the namespace lets in restricted pods alone",
    namespaceLabels: { "pod-security.kubernetes.io/enforce": "restricted" },
    errors: ["pod-security namespace NAMESPACE"],
  },
  {
    what: "the quota of GPUs is too small",
    objects: [["resourcequotas", { metadata: { name: "gpus" }, spec: { hard: { "requests.nvidia.com/gpu": "2" } } }]],
    errors: ["quota quota gpus"],
  },
];

let cluster: TestCluster;
let dir: string;
const kubeconfig = process.env.KUBECONFIG;

beforeAll(async () => {
  cluster = await TestCluster.start({ nodes: [] });
  dir = mkdtempSync(join(tmpdir(), "keye-doctor-"));
  const image = { digest: testDigest, bytes: 15e9, resolvedAt: "2026-01-31T12:00:00Z" };
  writeLockFile(join(dir, lockFile), withEntries(emptyLock, { images: { [tag]: image } }));
  process.env.KUBECONFIG = cluster.rehearsal.state.kubeconfig;
});

afterAll(async () => {
  if (kubeconfig === undefined) delete process.env.KUBECONFIG;
  else process.env.KUBECONFIG = kubeconfig;
  rmSync(dir, { recursive: true, force: true });
  await cluster.close();
});

/** A cluster within the cluster: a namespace and a node that only its pool's selector finds. */
async function build(
  id: string,
  { labels, allocatable, namespaceLabels, objects = [] }: Partial<Broken>,
): Promise<void> {
  const status = {
    allocatable: { cpu: "192", memory: "2000Gi", "ephemeral-storage": "3500Gi", "nvidia.com/gpu": "8", ...allocatable },
    conditions: [{ type: "Ready", status: "True" }],
    nodeInfo: { kubeletVersion: "v1.36.3" },
  };
  const own = { ...h800Labels, "nvidia.com/cuda.driver.major": "575", "example.com/case": id, ...labels };
  await cluster.create(
    ["/api/v1/nodes", { metadata: { name: `node-${id}`, labels: own }, status }],
    ["/api/v1/namespaces", { metadata: { name: id, labels: namespaceLabels ?? {} } }],
    ...objects.map(([kind, object]) => [`/api/v1/namespaces/${id}/${kind}`, object] as const),
  );
}

function settingsFile(id: string, settings: Readonly<Record<string, unknown>> = {}): string {
  const file = join(dir, `Pulumi.${id}.yaml`);
  const nodePools = [{ name: "gpus", selector: { "example.com/case": id } }];
  const stack = { namespace: id, nodePools, image: { digest: testDigest }, ...settings };
  writeFileSync(file, stringify({ config: { "keye-stack:stack": stack } }));
  return file;
}

interface Visit {
  readonly code: number;
  readonly report: DoctorReport;
  readonly text: string;
}

async function visit(...args: readonly string[]): Promise<Visit> {
  const lines: string[] = [];
  const world = { out: (line: string) => lines.push(line), err: () => undefined, env: {}, signal: cluster.signal };
  const code = await doctor.run([...args, "--json"], world);
  const text = lines.join("\n");
  return { code, text, report: JSON.parse(text) };
}

function errorsIn({ report }: Visit): readonly string[] {
  return report.findings.filter(({ severity }) => severity === "error").map(({ id, where }) => `${id} ${where}`);
}

test("on a cluster that has all there is no error and no warning", async () => {
  await build("healthy", {});
  const seen = await visit("--stack-file", settingsFile("healthy"));
  expect(seen.report.findings.filter(({ severity }) => severity !== "note")).toEqual([]);
  expect(seen.code).toBe(0);
});

describe("each broken cluster has its finding", () => {
  test.each(cases.map((one, place) => ({ ...one, id: `broken-${place}` })))("$what", async ({ id, ...broken }) => {
    await build(id, broken);
    const seen = await visit("--stack-file", settingsFile(id, broken.settings));
    const expected = broken.errors.map((line) => line.replace("NODE", `node-${id}`).replace("NAMESPACE", id));
    expect([...new Set(errorsIn(seen))]).toEqual(expected);
    expect(seen.code).toBe(1);
    expect(seen.text).not.toContain("do-not-print-me");
  });
});

/** An account of the namespace, bound to roles, and a kubeconfig that speaks with its token. */
async function identity(namespace: string, name: string, roles: readonly Role[]): Promise<string> {
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  const subjects = [{ kind: "ServiceAccount", name, namespace }];
  await cluster.create([`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } }]);
  for (const { kind, metadata, rules } of roles) {
    const place = kind === "Role" ? `${rbac}/namespaces/${namespace}` : rbac;
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind, name: metadata.name };
    const plural = kind === "Role" ? "role" : "clusterrole";
    await cluster.create(
      [`${place}/${plural}s`, { metadata: { name: metadata.name }, rules }],
      [`${place}/${plural}bindings`, { metadata: { name: metadata.name }, roleRef, subjects }],
    );
  }
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const { status } = await cluster.call<{ status: { token: string } }>({ method: "POST", path, body: { spec: {} } });
  return kubeconfigWith(/token: \S+/, `token: ${status.token}`);
}

interface Role {
  readonly kind: "Role" | "ClusterRole";
  readonly metadata: { readonly name: string };
  readonly rules: readonly object[];
}

/** The roles that a page of the documentation asks for. */
function rolesIn(page: string): readonly Role[] {
  const text = readFileSync(resolve(import.meta.dirname, "../../docs", page), "utf8");
  const yaml = /```yaml\n(apiVersion: rbac[\s\S]*?)```/.exec(text)?.[1] ?? "";
  // The block holds Roles and ClusterRoles alone.
  return parseAllDocuments(yaml).map((document) => document.toJS() as Role);
}

test("an identity with too few rights is told which, and what could not be looked at is a note", async () => {
  const id = "few-rights";
  await build(id, {});
  const rules = [{ apiGroups: ["apps"], resources: ["deployments"], verbs: ["get"] }];
  const reader = await identity(id, "reader", [{ kind: "Role", metadata: { name: "reader" }, rules }]);
  const seen = await as(reader, () => visit("--stack-file", settingsFile(id)));
  const { findings } = seen.report;
  const missing = findings.filter((one) => one.id === "right-missing");
  expect(missing.map(({ where }) => where)).toEqual(
    expect.arrayContaining([`deployments in namespace ${id}`, "nodes in the whole cluster"]),
  );
  expect(missing.find(({ where }) => where === `deployments in namespace ${id}`)?.cure).toContain(
    'resources: ["deployments"], verbs: ["list", "watch", "create", "patch", "delete"]}',
  );
  expect(findings.filter((one) => one.id === "not-looked-at").map(({ where }) => where)).toEqual(
    expect.arrayContaining(["nodes", `${id}/resourcequotas`, "storageclasses"]),
  );
  expect(errorsIn(seen).every((line) => line.startsWith("right-missing"))).toBe(true);
  expect(seen.code).toBe(1);
});

test("with the rights of docs/rbac.md and docs/doctor.md nothing is missing, and all is looked at", async () => {
  const id = "documented";
  await build(id, {
    objects: [["secrets", { metadata: { name: "keye-api" }, stringData: { key: "do-not-print-me" } }]],
  });
  const deployer = await identity(id, "deployer", [...rolesIn("rbac.md"), ...rolesIn("doctor.md")]);
  const engine = { apiKeySecret: { name: "keye-api", key: "key" } };
  const seen = await as(deployer, () => visit("--stack-file", settingsFile(id, { engine })));
  expect(
    seen.report.findings.filter(({ severity, id: name }) => severity !== "note" || name === "not-looked-at"),
  ).toEqual([]);
});

/** The admin's kubeconfig with one line changed. */
function kubeconfigWith(line: RegExp, change: string): string {
  const file = join(mkdtempSync(join(dir, "identity-")), "kubeconfig");
  writeFileSync(file, readFileSync(cluster.rehearsal.state.kubeconfig, "utf8").replace(line, change));
  return file;
}

/** Does something with another kubeconfig. */
async function as<T>(file: string, act: () => Promise<T>): Promise<T> {
  const admin = process.env.KUBECONFIG;
  process.env.KUBECONFIG = file;
  try {
    return await act();
  } finally {
    process.env.KUBECONFIG = admin;
  }
}

test("a cluster that cannot be reached is an error of the surroundings", async () => {
  // Nothing listens on port 1.
  const gone = kubeconfigWith(/server: \S+/, "server: https://127.0.0.1:1");
  const failure = await as(gone, () => visit("--stack-file", settingsFile("gone"))).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "ENV_UNREACHABLE" });
  expect(exitCodeOf(failure)).toBe(4);
});
