import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { realNodeLayout } from "../../infra/rehearsal/real-node/layout.ts";
import { onRealNode } from "../../infra/rehearsal/real-node/node-object.ts";
import { makeBaseImage, makeBuildkitImage } from "../support/base-image.ts";
import { serveGitRepositories } from "../support/git-repositories.ts";
import { programPath, RealNodeCluster, whyNoRealPods } from "../support/real-node-cluster.ts";

const reason = whyNoRealPods();
const namespace = "real";
const pods = `/api/v1/namespaces/${namespace}/pods`;
const image = "localhost/base:1";
let real: RealNodeCluster;
let base: string;

beforeAll(async () => {
  if (reason !== undefined) return;
  real = await RealNodeCluster.start();
  await real.cluster.createNamespace(namespace);
  base = await makeBaseImage({ dir: real.dir, name: image });
  await real.node.importImage(base);
});
afterAll(() => real?.close());
beforeEach(({ skip }) => skip(reason !== undefined, reason));

function pod(name: string, command: readonly string[], spec: object = {}): object {
  const containers = [{ name: "main", image, command }];
  return { metadata: { name }, spec: { ...onRealNode, restartPolicy: "Never", containers, ...spec } };
}

test("a pod ends with its process's exit code, and its output is its log", async () => {
  await real.cluster.create([pods, pod("exit", ["sh", "-c", "echo said; exit 3"])]);
  const { status } = await real.ended(namespace, "exit");
  expect(status).toMatchObject({ phase: "Failed", containerStatuses: [{ state: { terminated: { exitCode: 3 } } }] });
  expect(await real.cluster.log(namespace, "exit")).toBe("said\n");
});

test("a process that takes more memory than its container's limit is killed for it", async () => {
  const command = ["python3", "-c", "bytearray(256 << 20)"];
  const containers = [{ name: "main", image, command, resources: { limits: { memory: "64Mi" } } }];
  await real.cluster.create([pods, pod("greedy", command, { containers })]);
  const { status } = await real.ended(namespace, "greedy");
  expect(status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 137, reason: "OOMKilled" });
});

test("a pod that does not select the node is not put there", async () => {
  await real.cluster.create([pods, { metadata: { name: "other" }, spec: { containers: [{ name: "main", image }] } }]);
  const path = `${pods}/other`;
  const node = await real.cluster.until("its node", async () => {
    const { spec } = await real.cluster.call<{ spec: { nodeName?: string } }>({ method: "GET", path });
    return spec.nodeName;
  });
  expect(node).not.toBe(real.node.name);
});

describe("SIGTERM", () => {
  /** A program that leaves SIGTERM to the kernel, as the engine does while it loads. It says which process it is; `$$$$` is `$$` to Kubernetes. */
  const careless = ["sh", "-c", "echo $$$$; exec sleep infinity"];
  const careful = ["bash", "-c", "trap 'exit 7' TERM; echo $$$$; sleep infinity & wait"];

  test.each([
    { what: "without a handler is lost on PID 1", command: careless, isShared: false, exitCode: 137 },
    {
      what: "ends the same program where the pod shares its processes",
      command: careless,
      isShared: true,
      exitCode: 143,
    },
    { what: "with a handler reaches PID 1", command: careful, isShared: false, exitCode: 7 },
  ])("$what", async ({ command, isShared, exitCode }) => {
    const name = `term-${exitCode}`;
    // With a finalizer the pod's last state can still be read.
    const { spec } = pod(name, command, { shareProcessNamespace: isShared, terminationGracePeriodSeconds: 2 }) as {
      spec: object;
    };
    await real.cluster.create([pods, { metadata: { name, finalizers: ["keye-stack.dev/look"] }, spec }]);
    const said = await real.cluster.until("its first line", async () => {
      const log = await real.cluster.log(namespace, name).catch(() => "");
      return log.endsWith("\n") && log;
    });
    expect(said === "1\n").toBe(!isShared);
    const path = `${pods}/${name}`;
    await real.cluster.call({ method: "DELETE", path });
    const { status } = await real.ended(namespace, name);
    expect(status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(exitCode);
    const body = { metadata: { finalizers: null } };
    await real.cluster.call({ method: "PATCH", path, body, contentType: "application/merge-patch+json" });
  });
});

test("when the program that started a node is killed, every process, mount and control group goes with it", async () => {
  const program = join(import.meta.dirname, "../fixtures/programs/real-node/main.ts");
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    // The program prints one line.
    const [dir] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    const state = join(dir, "node", "state");
    const containers = readdirSync(realNodeLayout(join(dir, "node")).tasks);
    const family = descendants(child.pid ?? 0);
    expect([...family.values()]).toEqual(
      expect.arrayContaining(["kubelet", "containerd", "containerd-shim", "busybox"]),
    );
    // The pod that sleeps, and its sandbox.
    expect(containers).toHaveLength(2);
    expect(groupsOf(containers)).not.toEqual([]);
    child.kill("SIGKILL");
    await real.cluster.until("all to be gone", async () => {
      const left = [...family].filter(([pid, name]) => nameOf(pid) === name);
      return left.length === 0 && groupsOf(containers).length === 0 && !existsSync(state);
    });
    rmSync(dir, { recursive: true });
  } finally {
    child.kill("SIGKILL");
  }
});

test("a Job builds an image from a Git repository without privileges, and the node runs what it pushed", async () => {
  const repositories = await serveGitRepositories(real.host, real.dir);
  try {
    const builder = "localhost/buildkit:v0.34.2-rootless";
    await real.node.importImage(await makeBuildkitImage({ dir: real.dir, name: builder }, programPath));
    const from = await real.registry.push(base, "base", "1");
    const { sglang } = repositories;
    const target = `${real.registry.address}/spike`;
    const dockerfile = `FROM ${from}
RUN --mount=type=cache,target=/root/.cache/pip git clone --branch ${sglang.branch} ${sglang.url} /src && pip install -e "/src/python[all]"
`;
    const script = `set -eu
buildctl-daemonless.sh build --progress=plain --frontend=dockerfile.v0 --local=context=/files --local=dockerfile=/files \\
  --output=type=image,name=${target},push=true,push-by-digest=true --metadata-file=/tmp/metadata.json
sed -n 's/.*"containerimage.digest": *"\\(sha256:[0-9a-f]*\\)".*/\\1/p' /tmp/metadata.json | tr -d '\\n' > /dev/termination-log
`;
    await real.cluster.create(
      [
        `/api/v1/namespaces/${namespace}/configmaps`,
        { metadata: { name: "build" }, data: { Dockerfile: dockerfile, script } },
      ],
      [
        `/apis/batch/v1/namespaces/${namespace}/jobs`,
        {
          metadata: { name: "build" },
          spec: {
            backoffLimit: 0,
            template: {
              metadata: { labels: { app: "build" } },
              spec: {
                ...onRealNode,
                restartPolicy: "Never",
                containers: [
                  {
                    name: "build",
                    image: builder,
                    command: ["sh", "/files/script"],
                    env: [
                      { name: "BUILDKITD_FLAGS", value: "--oci-worker-no-process-sandbox" },
                      { name: "BUILDCTL_CONNECT_RETRIES_MAX", value: "100" },
                    ],
                    securityContext: {
                      runAsUser: 1000,
                      runAsGroup: 1000,
                      seccompProfile: { type: "Unconfined" },
                      appArmorProfile: { type: "Unconfined" },
                    },
                    volumeMounts: [
                      { name: "files", mountPath: "/files" },
                      { name: "state", mountPath: "/home/user/.local/share/buildkit" },
                    ],
                  },
                ],
                volumes: [
                  { name: "files", configMap: { name: "build" } },
                  { name: "state", emptyDir: {} },
                ],
              },
            },
          },
        },
      ],
    );
    const name = await real.cluster.until("the Job's pod", async () => {
      const found = await real.cluster.pods(namespace);
      return found.find(({ metadata }) => metadata.name.startsWith("build-"))?.metadata.name;
    });
    const { status } = await real.ended(namespace, name, 180);
    const terminated = status?.containerStatuses?.[0]?.state?.terminated;
    expect(terminated?.exitCode, await real.cluster.log(namespace, name)).toBe(0);
    const digest = terminated?.message ?? "";
    expect(await real.registry.manifest("spike", digest)).toEqual({ digest });

    const command = ["python3", "-c", "import sglang, cv2; print(sglang.__file__)"];
    await real.cluster.create([
      pods,
      pod("built", command, { containers: [{ name: "main", image: `${target}@${digest}`, command }] }),
    ]);
    await real.ended(namespace, "built");
    expect(await real.cluster.log(namespace, "built")).toBe("/src/python/sglang/__init__.py\n");
  } finally {
    await repositories.close();
  }
});

/** Number and name of every process below one. */
function descendants(pid: number): Map<number, string> {
  const found = new Map<number, string>();
  for (const child of textOf(`/proc/${pid}/task/${pid}/children`).trim().split(" ").filter(Boolean).map(Number)) {
    found.set(child, nameOf(child));
    for (const [below, name] of descendants(child)) found.set(below, name);
  }
  return found;
}

/** What the kernel calls a process: the first 15 letters of its program's name; empty where there is none. */
function nameOf(pid: number): string {
  return textOf(`/proc/${pid}/comm`).trim();
}

/** Control groups of containers, in every hierarchy. */
function groupsOf(containers: readonly string[]): readonly string[] {
  const hierarchies = ["", ...readdirSync("/sys/fs/cgroup")].map((name) => join("/sys/fs/cgroup", name, "k8s.io"));
  return hierarchies.flatMap((place) => containers.map((id) => join(place, id))).filter((place) => existsSync(place));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
