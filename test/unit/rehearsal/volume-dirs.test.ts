import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cliArguments } from "../../../infra/rehearsal/kubelet/command-process.ts";
import type { KubePod, VolumeSpec } from "../../../infra/rehearsal/kubelet/pod-types.ts";
import { onHost, VolumeDirs } from "../../../infra/rehearsal/kubelet/volume-dirs.ts";

const root = mkdtempSync(join(tmpdir(), "keye-volumes-"));
const dirs = new VolumeDirs(root, {
  configMap: async (_, name) => (name === "probe" ? { "probe.json": "{}", "notes.txt": "n" } : undefined),
  secret: async () => ({ key: "s3cret" }),
  hasClaim: async () => true,
  token: async ({ metadata }, { audience }) => `token of ${metadata.name} for ${audience ?? "the API"}`,
});

/** The real path behind the one volume of a pod, mounted at /v. */
async function mounted(volume: Omit<VolumeSpec, "name">, at: { pod?: string; node?: string; subPath?: string } = {}) {
  const { pod: name = "a", node = "h800-0", subPath } = at;
  const mount = { name: "v", mountPath: "/v", ...(subPath === undefined ? {} : { subPath }) };
  const container = { name: "main", volumeMounts: [mount] };
  const pod: KubePod = {
    metadata: { name, namespace: "keye", uid: `uid-${name}`, labels: { app: "keye" } },
    spec: { nodeName: node, containers: [container], volumes: [{ name: "v", ...volume }] },
  };
  const mounts = await dirs.mountsOf(container, { pod, podIP: "10.64.1.1", hostIP: "127.64.0.1" });
  return { path: mounts[0]?.path ?? "", pod };
}

/** Names and texts of the files in a folder. */
function filesOf(path: string): Readonly<Record<string, string>> {
  return Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name), "utf8")]));
}

const api = { sources: [{ serviceAccountToken: { path: "token" } }, { configMap: { name: "probe", items: [] } }] };
const items = [{ key: "probe.json", path: "spec.json" }];

test.each<[what: string, volume: Omit<VolumeSpec, "name">, files: Record<string, string>]>([
  ["an emptyDir is empty", { emptyDir: {} }, {}],
  ["a ConfigMap is a file a key", { configMap: { name: "probe" } }, { "notes.txt": "n", "probe.json": "{}" }],
  ["chosen keys go under their paths", { configMap: { name: "probe", items } }, { "spec.json": "{}" }],
  ["an optional ConfigMap that is missing is empty", { configMap: { name: "other", optional: true } }, {}],
  ["a Secret is decoded", { secret: { secretName: "hub" } }, { key: "s3cret" }],
  ["an account's token is the pod's own", { projected: api }, { token: "token of a for the API" }],
  [
    "the pod's own fields are files",
    { downwardAPI: { items: [{ path: "app", fieldRef: { fieldPath: "metadata.labels['app']" } }] } },
    { app: "keye" },
  ],
])("%s", async (_, volume, files) => {
  const { path, pod } = await mounted(volume);
  expect(filesOf(path)).toEqual(files);
  dirs.release(pod);
  expect(existsSync(path)).toBe(false);
});

test("a claim is one folder for pods of every node, a hostPath for those of one, an emptyDir for one pod", async () => {
  const claim = { persistentVolumeClaim: { claimName: "weights" } };
  const host = { hostPath: { path: "/models" } };
  const there = { pod: "b", node: "h800-1" };
  expect((await mounted(claim)).path).toBe((await mounted(claim, there)).path);
  expect((await mounted(host)).path).toBe((await mounted(host, { pod: "b" })).path);
  expect((await mounted(host)).path).not.toBe((await mounted(host, there)).path);
  expect((await mounted({ emptyDir: {} })).path).not.toBe((await mounted({ emptyDir: {} }, { pod: "b" })).path);
});

test("what a pod wrote to a claim is there after the pod", async () => {
  const claim = { persistentVolumeClaim: { claimName: "weights" } };
  const { path, pod } = await mounted(claim);
  writeFileSync(join(path, "model.safetensors"), "w");
  dirs.release(pod);
  expect(filesOf((await mounted(claim, { pod: "b" })).path)).toEqual({ "model.safetensors": "w" });
});

test("a subPath is a path within the volume", async () => {
  const whole = await mounted({ configMap: { name: "probe" } });
  const { path } = await mounted({ configMap: { name: "probe" } }, { subPath: "probe.json" });
  expect(path).toBe(join(whole.path, "probe.json"));
});

test.each([
  ["/probe/probe.json", "/real/p/probe.json"],
  ["--spec=/probe/probe.json", "--spec=/real/p/probe.json"],
  ["termination=/dev/termination-log", "termination=/real/t"],
  ["/probe:/probe/media", "/real/p:/real/m"],
  ["file:///probe/x", "file:///real/p/x"],
  ["http://host/probe", "http://host/probe"],
  ["/probes/x", "/probes/x"],
  ["/a/probe", "/a/probe"],
])("the container's %s is %s on this machine", (text, wanted) => {
  const mounts = [
    { mountPath: "/probe/", path: "/real/p" },
    { mountPath: "/probe/media", path: "/real/m" },
    { mountPath: "/dev/termination-log", path: "/real/t" },
  ];
  expect(onHost(text, mounts)).toBe(wanted);
});

test.each([
  [
    ["keye", "probe", "--json"],
    ["probe", "--json"],
  ],
  [["/usr/local/bin/keye"], []],
  [["tini", "--", "keye", "probe"], ["probe"]],
  [["nginx", "keye"], undefined],
  [[], undefined],
])("of %j the CLI gets %j", (argv, args) => {
  expect(cliArguments(argv)).toEqual(args);
});
