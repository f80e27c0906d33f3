import { describe, expect, test } from "vitest";
import { afterRun, goDuration, longer, restartBackoff } from "../../../infra/rehearsal/kubelet/backoff.ts";
import { scriptOf, simulated } from "../../../infra/rehearsal/kubelet/faults.ts";
import { sleepSeconds } from "../../../infra/rehearsal/kubelet/hook.ts";
import { accessObjects, portsOf } from "../../../infra/rehearsal/kubelet/node-access.ts";
import type { KubePod } from "../../../infra/rehearsal/kubelet/pod-types.ts";
import { isEngine, isPidOne } from "../../../infra/rehearsal/kubelet/process.ts";
import { quantityValue } from "../../../infra/rehearsal/kubelet/quantity.ts";
import { mountProblems, shmBytes } from "../../../infra/rehearsal/kubelet/volumes.ts";
import { loopbackOf, PodAddresses } from "../../../infra/rehearsal/pod-address.ts";
import { wantsProxy } from "../../../infra/rehearsal/service-proxies.ts";
import { type EndpointSlice, usableEndpoints } from "../../../infra/rehearsal/service-proxy.ts";

function pod(annotations: Record<string, string>, spec: Partial<KubePod["spec"]> = {}): KubePod {
  return { metadata: { name: "p", namespace: "n", uid: "u", annotations }, spec: { containers: [], ...spec } };
}

describe("restarts", () => {
  test("come at once, then after 10 s, doubling to five minutes", () => {
    const waits: number[] = [];
    let backoff = restartBackoff;
    for (let restart = 0; restart < 8; restart++) {
      waits.push(backoff.seconds);
      backoff = longer(backoff);
    }
    expect(waits).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
  });

  test("start anew after a run of more than ten minutes", () => {
    const long = { seconds: 160 };
    expect(afterRun(long, 0, 600_000)).toEqual(long);
    expect(afterRun(long, 0, 600_001)).toEqual(restartBackoff);
  });

  test.each([
    [10, "10s"],
    [80, "1m20s"],
    [300, "5m0s"],
  ])("%d seconds are printed as %s", (seconds, text) => {
    expect(goDuration(seconds)).toBe(text);
  });
});

describe("a pod's script", () => {
  test.each([
    ["nothing", {}, { speed: 1, pullSeconds: 2, compileSeconds: 0 }],
    ["speed and pull time", { speed: "60", "pull-seconds": "30" }, { speed: 60, pullSeconds: 30, compileSeconds: 0 }],
    ["a speed that is none", { speed: "fast" }, { speed: 1, pullSeconds: 2, compileSeconds: 0 }],
    [
      "a fault of the kubelet's",
      { fault: "evicted:20" },
      { speed: 1, pullSeconds: 2, compileSeconds: 0, kubeletFault: { name: "evicted", afterSeconds: 20 } },
    ],
    [
      "a fault of the engine's, as written",
      { fault: "crash-while-loading:1" },
      { speed: 1, pullSeconds: 2, compileSeconds: 0, engineFault: "crash-while-loading:1" },
    ],
  ])("may say %s", (_, annotations, script) => {
    const prefixed = Object.entries(annotations).map(([key, value]) => [`rehearsal.keye-stack.dev/${key}`, value]);
    expect(scriptOf(pod(Object.fromEntries(prefixed)))).toEqual(script);
  });

  test("makes a simulated minute last a second at speed 60", () => {
    expect(simulated({ speed: 60, pullSeconds: 2, compileSeconds: 0 }, 60)).toBe(1_000);
  });
});

describe("the engine's process", () => {
  test.each([
    ["the plain command", {}, ["python3", "-m", "sglang.launch_server"], true],
    ["an init before it", {}, ["/usr/bin/tini", "--", "python3"], false],
    ["a shared process namespace", { shareProcessNamespace: true }, ["python3"], false],
  ])("with %s is PID 1: %j", (_, spec, argv, expected) => {
    expect(isPidOne(pod({}, spec), argv)).toBe(expected);
  });

  test("is known by its command line, also inside a shell's", () => {
    expect(isEngine({ name: "a", command: ["sh", "-c", "exec python3 -m sglang.launch_server"] })).toBe(true);
    expect(isEngine({ name: "a", args: ["python3", "-m", "http.server"] })).toBe(false);
  });

  test("gets the size of the memory volume at /dev/shm, or the runtime's 64 MiB", () => {
    const container = { name: "a", volumeMounts: [{ name: "shm", mountPath: "/dev/shm" }] };
    expect(shmBytes(container, [{ name: "shm", emptyDir: { medium: "Memory", sizeLimit: "32Gi" } }])).toBe(
      32 * 2 ** 30,
    );
    expect(shmBytes({ name: "a" }, [])).toBe(64 * 2 ** 20);
  });
});

test.each([
  [["sleep", "5"], 5],
  [["/bin/sleep", "0.5"], 0.5],
  [["sh", "-c", "sleep 10"], 10],
  [["sh", "-c", "sleep 10 && curl x"], undefined],
  [["python3", "drain.py"], undefined],
])("the hook %j sleeps %s seconds", (command, seconds) => {
  expect(sleepSeconds(command)).toBe(seconds);
});

test.each([
  ["64Mi", 67_108_864],
  ["500m", 0.5],
  ["1e3", 1_000],
  ["2", 2],
  ["many", 0],
])("the quantity %s is %d", (text, value) => {
  expect(quantityValue(text)).toBe(value);
});

test("missing volumes are named in the kubelet's words", async () => {
  const none = {
    configMap: async () => undefined,
    secret: async () => undefined,
    hasClaim: async () => false,
    token: async () => "",
  };
  const volumes = [
    { name: "weights", persistentVolumeClaim: { claimName: "keye" } },
    { name: "config", configMap: { name: "engine" } },
    { name: "key", secret: { secretName: "api" } },
    { name: "extra", secret: { secretName: "api", optional: true } },
    { name: "token", projected: { sources: [{ configMap: { name: "kube-root-ca.crt" } }] } },
    { name: "shm", emptyDir: {} },
  ];
  expect(await mountProblems(pod({}, { volumes }), none)).toEqual([
    'MountVolume.SetUp failed for volume "weights" : persistentvolumeclaim "keye" not found',
    'MountVolume.SetUp failed for volume "config" : configmap "engine" not found',
    'MountVolume.SetUp failed for volume "key" : secret "api" not found',
    'MountVolume.SetUp failed for volume "token" : configmap "kube-root-ca.crt" not found',
  ]);
});

describe("pod addresses", () => {
  test("are private to the API, loopback on the machine, and not used twice", () => {
    const addresses = new PodAddresses(64);
    const taken = Array.from({ length: 300 }, () => addresses.take());
    expect(taken.slice(0, 2)).toEqual(["10.64.1.1", "10.64.1.2"]);
    expect(taken[254]).toBe("10.64.2.1");
    expect(new Set(taken).size).toBe(300);
    expect(loopbackOf("10.64.2.1")).toBe("127.64.2.1");
  });

  test("come again only after all others, once released", () => {
    const addresses = new PodAddresses(64);
    const first = addresses.take();
    addresses.release(first);
    const others = Array.from({ length: 254 * 254 - 1 }, () => addresses.take());
    expect(others).not.toContain(first);
    expect(addresses.take()).toBe(first);
    expect(() => addresses.take()).toThrow("all 64516 pod addresses are taken");
  });
});

test("a pod's ports are those declared, probed or given on the command line", () => {
  const container = {
    name: "engine",
    command: ["python3", "-m", "sglang.launch_server", "--port", "8000"],
    args: ["--port=8001"],
    ports: [{ name: "metrics", containerPort: 9000 }],
    readinessProbe: { httpGet: { port: "metrics" } },
    livenessProbe: { tcpSocket: { port: 9001 } },
  };
  expect(new Set(portsOf(container))).toEqual(new Set([8000, 8001, 9000, 9001]));
  const links = () => ({ current: "c", previous: "p" });
  const objects = accessObjects(pod({}, { containers: [container] }), "10.64.1.1", links);
  expect(objects.portforwards.forwards[0]).toEqual({ ports: [8000], target: { address: "127.64.1.1", port: 8000 } });
  expect(objects.logs.logs).toEqual([{ containers: ["engine"], logsFile: "c", previousLogsFile: "p", follow: true }]);
});

test("a proxy takes ready endpoints of its port only, each once; terminating ones only where no other is left", () => {
  const leaving = { addresses: ["10.64.1.3"], conditions: { ready: false, serving: true, terminating: true } };
  const slice = (name: string, endpoints: NonNullable<EndpointSlice["endpoints"]>) => ({
    metadata: { name },
    ports: [{ name: "http", port: 8000 }],
    endpoints,
  });
  const slices = [
    slice("a", [
      { addresses: ["10.64.1.2"] },
      { addresses: ["10.64.1.1"], conditions: { ready: true } },
      { addresses: ["10.64.1.4"], conditions: { ready: false, serving: false } },
      leaving,
    ]),
    slice("b", [{ addresses: ["10.64.1.1"], conditions: { ready: true } }]),
  ];
  expect(usableEndpoints(slices, "http")).toEqual(["10.64.1.1:8000", "10.64.1.2:8000"]);
  expect(usableEndpoints(slices, "metrics")).toEqual([]);
  expect(usableEndpoints([slice("c", [leaving])], "http")).toEqual(["10.64.1.3:8000"]);
});

test.each([
  ["a ClusterIP Service with a selector", "keye", { selector: { app: "keye" }, clusterIP: "10.0.0.1" }, true],
  ["a Service without a selector", "default", { clusterIP: "10.0.0.1" }, false],
  ["a headless Service", "keye", { selector: { app: "keye" }, clusterIP: "None" }, false],
  ["a Service of the cluster itself", "kube-system", { selector: { app: "dns" } }, false],
  ["a NodePort Service", "keye", { selector: { app: "keye" }, type: "NodePort" }, false],
])("%s in %s gets a proxy: %#", (_, namespace, spec, expected) => {
  expect(wantsProxy({ metadata: { name: "s", namespace, uid: "u" }, spec })).toBe(expected);
});
