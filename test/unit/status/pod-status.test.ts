import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Event, Pod } from "../../../infra/status/objects.ts";
import { podStatus } from "../../../infra/status/pod-status.ts";

interface PodFixture {
  readonly about: string;
  readonly pod: Pod;
  readonly events: readonly Event[];
  readonly log?: string;
  readonly previousLog?: string;
}

const folder = join(import.meta.dirname, "../../fixtures/status/pods");
const image = `docker.io/kwaikeye/kwai-keye-vl@sha256:${"5f".repeat(32)}`;

/** What each recorded state is read as: phase, words, and the fault's code, wait in seconds and tolerated number. */
const wanted: Readonly<
  Record<
    string,
    readonly [phase: string, detail: string, fault?: readonly [code: string, wait: number, tolerated: number]]
  >
> = {
  "just-created": ["pending", "waits for the scheduler"],
  "scheduling-gated": ["scheduling", "Scheduling is blocked due to non-empty scheduling gates"],
  unschedulable: [
    "scheduling",
    "No node takes it: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    ["E_UNSCHEDULABLE", 90, 0],
  ],
  pulling: ["pulling", "pulling the image"],
  creating: ["creating", "container is being created on h800-0"],
  "image-not-found": ["failed", `Image ${image} cannot be had (ImagePullBackOff): not found.`, ["E_IMAGE", 0, 0]],
  "image-unauthorized": [
    "failed",
    `Image ${image} cannot be had (ErrImagePull): failed to authorize: failed to fetch anonymous token: 401 Unauthorized.`,
    ["E_IMAGE", 0, 0],
  ],
  "image-registry-silent": [
    "pulling",
    `Image ${image} cannot be had (ErrImagePull): failed to do request: Head "https://registry-1.docker.io/v2/": dial tcp 54.198.86.24:443: i/o timeout.`,
    ["E_IMAGE", 60, 0],
  ],
  "image-invalid-name": [
    "failed",
    `Image ${image} cannot be had (InvalidImageName): Failed to apply default image tag "docker.io/Kwai:@x": couldn't parse image name "docker.io/Kwai:@x": invalid reference format.`,
    ["E_IMAGE", 0, 0],
  ],
  "secret-missing": [
    "creating",
    'Container engine cannot be started (CreateContainerConfigError): secret "keye-api-key" not found.',
    ["E_CONFIG", 30, 0],
  ],
  "command-missing": [
    "creating",
    'Container engine cannot be started (RunContainerError): failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "python4": executable file not found in $PATH.',
    ["E_CONFIG", 30, 0],
  ],
  "volume-missing": [
    "creating",
    'A volume cannot be mounted: MountVolume.SetUp failed for volume "probe-media" : configmap "keye-1a2b3c4d5e" not found.',
    ["E_CONFIG", 120, 0],
  ],
  loading: ["starting", "loading weights, 3 of 13 shards"],
  "capturing-graphs": ["starting", "capturing CUDA graphs, 9 of 36 batch sizes"],
  "engine-ready-pod-not": ["starting", "engine ready, waits for the readiness probe"],
  ready: ["ready", "ready"],
  flapping: ["starting", "engine ready, waits for the readiness probe"],
  "restarted-once": ["starting", "reading arguments, restarted once"],
  "crash-exit-0": [
    "failed",
    'A process of the engine died while it served. The engine ended while it should run, exit code 0. Log: "Subprocess detokenizer (pid=7) crashed with exit code -9. Triggering SIGQUIT for cleanup..."',
    ["E_CRASH", 0, 0],
  ],
  "crash-loop-silent": ["failed", "The engine ended while it should run, exit code 0 (3 restarts).", ["E_CRASH", 0, 0]],
  "restarts-silent": ["failed", "The engine ended while it should run, exit code 137 (2 restarts).", ["E_CRASH", 0, 0]],
  "oom-killed": [
    "failed",
    "The kernel killed the engine for using more memory than its limit (OOMKilled).",
    ["E_OOM", 0, 0],
  ],
  "oom-cuda-loading": [
    "failed",
    'The weights do not fit the GPU memory that is free. The engine ended while it should run, exit code 137 (1 restart). Log: "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.50 GiB. GPU 0 has a total capacity of 79.11 GiB of which 1.06 GiB is free."',
    ["E_OOM", 0, 0],
  ],
  "gpu-nccl": [
    "failed",
    'The GPUs of one replica could not talk to each other. The engine ended while it should run, exit code 137. Log: "RuntimeError: NCCL error: unhandled cuda error (run with NCCL_DEBUG=INFO for details)".',
    ["E_GPU", 0, 0],
  ],
  "gpu-xid": [
    "failed",
    'A GPU of this node reported a hardware error. Log: "NVRM: Xid (PCI:0000:4e:00): 79, pid=4711, GPU has fallen off the bus."',
    ["E_GPU", 0, 0],
  ],
  "startup-probe-kill": [
    "failed",
    "The kubelet ended it, because it was not up in the time that its start-up probe allows: Container engine failed startup probe, will be restarted.",
    ["E_SLOW_START", 0, 0],
  ],
  evicted: [
    "failed",
    "It was evicted from its node: The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 8Gi.",
    ["E_EVICTED", 0, 1],
  ],
  "node-lost": ["failed", "Its node was lost: Taint manager: deleting due to NoExecute taint.", ["E_NODE", 0, 1]],
  "node-refused": [
    "failed",
    "Its node refused it: Pod was rejected: Allocate failed due to requested number of devices unavailable for nvidia.com/gpu. Requested: 2, Available: 1, which is unexpected.",
    ["E_NODE", 0, 1],
  ],
  "terminating-137": ["terminating", "is being deleted"],
};

function fixture(name: string): PodFixture {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
}

function statusOf({ pod, events, log = "", previousLog = "" }: PodFixture) {
  return podStatus({ pod, events, log, previousLog });
}

describe("a pod", () => {
  test.each(Object.entries(wanted))("%s is read as wanted", (name, [phase, detail, fault]) => {
    const status = statusOf(fixture(name));
    expect({ phase: status.phase, detail: status.detail }).toEqual({ phase, detail });
    const found = status.fault && [status.fault.code, status.fault.verdictAfterSeconds, status.fault.tolerated];
    expect(found).toEqual(fault);
  });

  test("has a wanted reading for each recorded state", () => {
    const recorded = readdirSync(folder).map((file) => file.replace(/\.json$/, ""));
    expect(recorded.toSorted()).toEqual(Object.keys(wanted).toSorted());
  });

  test("that ended with 137 and logs nothing is not taken for out of memory", () => {
    const { pod, events } = fixture("restarts-silent");
    expect(podStatus({ pod, events, log: "", previousLog: "" }).fault?.code).toBe("E_CRASH");
  });

  test("that began another life while its log was read is known by the log of the one before", () => {
    const { pod, events } = fixture("crash-loop-silent");
    const logs = {
      log: "server_args=ServerArgs(model_path='x')\n",
      previousLog: "No module named 'effective_kernels'\n",
    };
    expect(podStatus({ pod, events, ...logs }).fault?.code).toBe("E_CONFIG");
  });

  test("is not blamed for the events of another pod of the same name", () => {
    const { pod, events } = fixture("volume-missing");
    const reborn = { ...pod, metadata: { ...pod.metadata, uid: "another" } };
    expect(podStatus({ pod: reborn, events, log: "", previousLog: "" }).fault).toBeUndefined();
  });

  test("whose log quotes an API key is reported without it", () => {
    const { pod, events } = fixture("crash-loop-silent");
    const log = "error: argument --api-key: bad value, api_key='s3cr3t-value'\n";
    const reason = podStatus({ pod, events, log, previousLog: "" }).fault?.reason;
    expect(reason).toContain("api_key=[hidden]");
    expect(reason).not.toContain("s3cr3t");
  });
});
