import { mkdtempSync, readFileSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { EngineExit, EngineLaunch } from "../../../infra/rehearsal/engine/launch.ts";
import type { CommandLaunch } from "../../../infra/rehearsal/kubelet/command-process.ts";
import { newView } from "../../../infra/rehearsal/kubelet/container-view.ts";
import { ContainerWorker } from "../../../infra/rehearsal/kubelet/container-worker.ts";
import type { KubeletContext } from "../../../infra/rehearsal/kubelet/context.ts";
import { scriptOf } from "../../../infra/rehearsal/kubelet/faults.ts";
import type { ContainerSpec, KubePod, VolumeSpec } from "../../../infra/rehearsal/kubelet/pod-types.ts";
import { VolumeDirs } from "../../../infra/rehearsal/kubelet/volume-dirs.ts";
import { PodAddresses } from "../../../infra/rehearsal/pod-address.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const command = ["python3", "-m", "sglang.launch_server"];

interface Setup {
  readonly spec?: Partial<ContainerSpec>;
  readonly fault?: string;
  readonly annotations?: Record<string, string>;
  readonly volumes?: readonly VolumeSpec[];
  /** Whether the pod's containers run once. */
  readonly isOnce?: boolean;
  /** Secrets of the namespace. */
  readonly secrets?: Record<string, Record<string, string>>;
  /** What the process makes of SIGTERM. @default it ends with 0 */
  readonly onSigterm?: (end: (exit: EngineExit) => void) => void;
}

/** A container on a node without images, with a hand on its clock and its process. */
function setUp({ spec, fault, secrets = {}, onSigterm = (end) => end({ exitCode: 0 }), ...more }: Setup = {}) {
  const clock = new ManualClock();
  const container: ContainerSpec = { name: "engine", image: "keye:v1", command, ...spec };
  const annotations = {
    ...more.annotations,
    ...(fault === undefined ? {} : { "rehearsal.keye-stack.dev/fault": fault }),
  };
  const pod: KubePod = {
    metadata: { name: "keye-0", namespace: "keye", uid: "u", annotations },
    spec: {
      nodeName: "h800-0",
      containers: [container],
      volumes: more.volumes ?? [],
      ...(more.isOnce === true ? { restartPolicy: "Never" } : {}),
    },
  };
  const events: string[] = [];
  const signals: string[] = [];
  const launches: EngineLaunch[] = [];
  let end: (exit: EngineExit) => void = () => undefined;
  const references = {
    configMap: async () => undefined,
    secret: async (_: string, name: string) => secrets[name],
    hasClaim: async () => false,
    token: async () => "",
  };
  const commands: CommandLaunch[] = [];
  const volumes = mkdtempSync(join(tmpdir(), "keye-volumes-"));
  const context: KubeletContext = {
    clock,
    references,
    volumes: new VolumeDirs(volumes, references),
    server: "https://127.64.0.1:6443",
    runCommand(launch) {
      const { promise, resolve } = Promise.withResolvers<EngineExit>();
      commands.push(launch);
      end = resolve;
      return { exited: promise, kill: () => resolve({ exitCode: 143, signal: 15 }), message: () => "said at the end" };
    },
    addresses: new PodAddresses(64),
    launch(launch) {
      const { promise, resolve } = Promise.withResolvers<EngineExit>();
      launches.push(launch);
      launch.log(`start ${launches.length}`);
      end = resolve;
      const kill = (signal: "SIGTERM" | "SIGKILL") => {
        signals.push(`${signal} at ${(clock.now() - Date.UTC(2026, 0, 1)) / 1000}`);
        if (signal === "SIGKILL") resolve({ exitCode: 137, signal: 9 });
        else onSigterm(resolve);
      };
      return { exited: promise, kill };
    },
    events: (_, { reason, message }) => events.push(`${reason}: ${message}`),
    podLogs: "",
    hostIP: "127.64.0.1",
    addressOf: () => undefined,
    gpusOf: () => ({ product: "NVIDIA-H800", memoryMiB: 81_559 }),
    images: { has: (_, image) => images.has(image), add: async (_, image) => void images.add(image) },
  };
  const images = new Set<string>();
  const view = newView(container, false, "ContainerCreating");
  const stopping = new AbortController();
  const hurry = new AbortController();
  const logs = mkdtempSync(join(tmpdir(), "keye-container-"));
  const worker = new ContainerWorker({
    pod,
    podIP: "10.64.1.1",
    view,
    script: scriptOf(pod),
    isFaulty: true,
    context,
    logs,
    onChange: () => undefined,
    stopping: stopping.signal,
    hurry: hurry.signal,
  });
  const done = worker.run();
  const stop = (graceSeconds: number) => {
    stopping.abort();
    return worker.stop(graceSeconds);
  };
  return {
    clock,
    view,
    events,
    signals,
    launches,
    commands,
    images,
    logs,
    done,
    stop,
    hurry,
    exit: (exit: EngineExit) => end(exit),
  };
}

test("a container pulls its image, starts, and is ready where nothing is probed", async () => {
  const it = setUp();
  expect(it.view.state).toEqual({ waiting: { reason: "ContainerCreating" } });
  await it.clock.advance(2_000);
  expect(it.view).toMatchObject({ state: { running: {} }, isStarted: true, isReady: true, restartCount: 0 });
  expect(it.events).toEqual([
    'Pulling: Pulling image "keye:v1"',
    'Pulled: Successfully pulled image "keye:v1" in 2s (2s including waiting). Image size: 14495514624 bytes.',
    "Created: Container created",
    "Started: Container started",
  ]);
  expect(it.launches[0]).toMatchObject({ argv: command, address: "127.64.1.1", isPidOne: true, speed: 1 });
});

test("crashes are answered by a restart at once, then after 10 and 20 seconds, with the last end in lastState", async () => {
  const it = setUp({ spec: { terminationMessagePolicy: "FallbackToLogsOnError" } });
  await it.clock.advance(2_000);
  it.exit({ exitCode: 1 });
  await it.clock.advance(0);
  expect(it.launches).toHaveLength(2);
  expect(it.view.lastState).toMatchObject({ exitCode: 1, reason: "Error", message: "start 1\n" });
  it.exit({ exitCode: 137, signal: 9 });
  await it.clock.advance(9_999);
  expect(it.view).toMatchObject({
    state: {
      waiting: {
        reason: "CrashLoopBackOff",
        message: "back-off 10s restarting failed container=engine pod=keye-0_keye(u)",
      },
    },
    lastState: { exitCode: 137 },
    restartCount: 1,
  });
  expect(readlinkSync(join(it.logs, "previous.log"))).toBe("1.log");
  await it.clock.advance(1);
  expect(it.view.restartCount).toBe(2);
  it.exit({ exitCode: 0 });
  await it.clock.advance(0);
  expect(it.view.state.waiting?.message).toContain("back-off 20s");
  expect(it.view.lastState?.reason).toBe("Completed");
});

test("a missing Secret is told, looked for again, and found", async () => {
  const secrets: Record<string, Record<string, string>> = {};
  const env = [{ name: "HF_TOKEN", valueFrom: { secretKeyRef: { name: "hub", key: "token" } } }];
  const it = setUp({ secrets, spec: { env } });
  await it.clock.advance(2_000);
  expect(it.view.state).toEqual({
    waiting: { reason: "CreateContainerConfigError", message: 'secret "hub" not found' },
  });
  secrets.hub = { token: "t" };
  await it.clock.advance(10_000);
  expect(it.launches[0]?.env).toEqual({ HF_TOKEN: "t" });
});

test.each([
  ["image-not-found", "code = NotFound"],
  ["image-unauthorized", "authorization failed"],
])("%s is retried for ever, also where the node has the image", async (fault, text) => {
  const it = setUp({ fault });
  it.images.add("keye:v1");
  await it.clock.advance(1_000);
  expect(it.view.state.waiting).toMatchObject({ reason: "ErrImagePull", message: expect.stringContaining(text) });
  await it.clock.advance(1_000);
  expect(it.view.state.waiting?.reason).toBe("ImagePullBackOff");
  await it.clock.advance(60_000);
  expect(it.events.filter((event) => event.startsWith("Pulling"))).toHaveLength(3);
  expect(it.launches).toEqual([]);
});

test("an image that may not be pulled and a name that is none are told apart", async () => {
  const never = setUp({ spec: { imagePullPolicy: "Never" } });
  await never.clock.advance(0);
  expect(never.view.state.waiting?.reason).toBe("ErrImageNeverPull");
  const malformed = setUp({ spec: { image: "Keye:" } });
  await malformed.clock.advance(0);
  expect(malformed.view.state.waiting?.reason).toBe("InvalidImageName");
});

test("a container that is out of memory is killed, and says so", async () => {
  const it = setUp({ fault: "oom-killed:30" });
  await it.clock.advance(31_999);
  expect(it.view.state.running).toBeDefined();
  await it.clock.advance(1);
  expect(it.view.lastState).toMatchObject({ exitCode: 137, reason: "OOMKilled" });
});

test("stopping runs the hook, then SIGTERM, and SIGKILL when the grace period is over", async () => {
  const it = setUp({ spec: { lifecycle: { preStop: { sleep: { seconds: 5 } } } }, onSigterm: () => undefined });
  await it.clock.advance(2_000);
  const stopped = it.stop(20);
  await it.clock.advance(30_000);
  await stopped;
  await it.done;
  expect(it.signals).toEqual(["SIGTERM at 7", "SIGKILL at 22"]);
  expect(it.view.state.terminated).toMatchObject({ exitCode: 137, reason: "Error" });
  expect(it.events.at(-1)).toBe("Killing: Stopping container engine");
});

test("a hook that uses up the grace period leaves two seconds", async () => {
  const it = setUp({ spec: { lifecycle: { preStop: { sleep: { seconds: 60 } } } }, onSigterm: () => undefined });
  await it.clock.advance(2_000);
  const stopped = it.stop(10);
  await it.clock.advance(30_000);
  await stopped;
  expect(it.signals).toEqual(["SIGTERM at 12", "SIGKILL at 14"]);
});

test("a stop that is hurried kills at once", async () => {
  const it = setUp({ onSigterm: () => undefined });
  await it.clock.advance(2_000);
  const stopped = it.stop(600);
  await it.clock.advance(1_000);
  it.hurry.abort();
  await stopped;
  expect(it.signals).toEqual(["SIGTERM at 2", "SIGKILL at 3"]);
});

test("a container that is stopped while it waits never starts", async () => {
  const it = setUp({ fault: "image-not-found" });
  await it.clock.advance(5_000);
  await it.stop(30);
  await it.done;
  expect(it.launches).toEqual([]);
});

test("a container of another kind stands idle until it is stopped, and says so in its log", async () => {
  const it = setUp({ spec: { command: ["nginx"] } });
  await it.clock.advance(60_000);
  expect(it.view.state.running).toBeDefined();
  expect(readFileSync(join(it.logs, "current.log"), "utf8")).toMatch(
    /^\S+ stdout F rehearsal: stands in for: nginx\n$/,
  );
  await it.stop(30);
  await it.done;
  expect(it.view.state.terminated).toMatchObject({ exitCode: 0, reason: "Completed" });
});

test("a container that runs true ends well at once", async () => {
  const it = setUp({ spec: { command: ["true"] }, isOnce: true });
  await it.clock.advance(2_000);
  await it.done;
  expect(it.view.state.terminated).toMatchObject({ exitCode: 0, reason: "Completed" });
});

test("a pull takes as long as the pod says, but for the small image with the keye command", async () => {
  const annotations = { "rehearsal.keye-stack.dev/pull-seconds": "300" };
  const large = setUp({ annotations });
  const small = setUp({ annotations, spec: { command: ["keye", "hydrate"] } });
  await large.clock.advance(299_999);
  await small.clock.advance(2_000);
  expect([large.launches.length, small.commands.length]).toEqual([0, 1]);
  await large.clock.advance(1);
  expect(large.launches).toHaveLength(1);
});

test("an engine finds its volumes, and is told how long compiling takes", async () => {
  const it = setUp({
    spec: { volumeMounts: [{ name: "cache", mountPath: "/var/cache/keye" }] },
    annotations: { "rehearsal.keye-stack.dev/compile-seconds": "600" },
    volumes: [{ name: "cache", hostPath: { path: "/data/cache" } }],
  });
  await it.clock.advance(2_000);
  const [launch] = it.launches;
  expect(launch?.compileSeconds).toBe(600);
  expect(launch?.onDisk?.("/var/cache/keye/deep_gemm")).toMatch(/\/nodes\/h800-0\/data\/cache\/deep_gemm$/);
  expect(launch?.onDisk?.("/models/keye")).toBeUndefined();
});

test("a container that runs keye gets the real program, and its last word becomes the termination message", async () => {
  const command = ["/usr/bin/tini", "--", "keye"];
  const it = setUp({
    spec: { command, args: ["probe", "--spec=/probe/probe.json"], env: [{ name: "A", value: "b" }] },
  });
  await it.clock.advance(2_000);
  expect(it.commands[0]).toMatchObject({
    args: ["probe", "--spec=/probe/probe.json"],
    env: { A: "b" },
    podIP: "10.64.1.1",
    messagePath: "/dev/termination-log",
  });
  it.exit({ exitCode: 3 });
  await it.clock.advance(0);
  expect(it.view.lastState).toMatchObject({ exitCode: 3, reason: "Error", message: "said at the end" });
});
