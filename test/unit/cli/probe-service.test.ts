import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exitCodeOf } from "../../../infra/cli/exit-code-of.ts";
import { probe } from "../../../infra/cli/probe.ts";
import { FakeKubeApi } from "../../support/fake-kube-api.ts";
import { chatThat, type Handler, rightChat, ScriptedEngine } from "../../support/scripted-engine.ts";
import { probeWorld } from "./probe-run.ts";

const pods = "/api/v1/namespaces/keye/pods";
const slices = "/apis/discovery.k8s.io/v1/namespaces/keye/endpointslices";
const service = "/api/v1/namespaces/keye/services/keye-candidate";
const wrongChat = chatThat(() => "7");

let api: FakeKubeApi;
let kubeconfig: string;
let folder: string;
const engines: ScriptedEngine[] = [];

beforeEach(async () => {
  api = await new FakeKubeApi().start();
  folder = mkdtempSync(join(tmpdir(), "keye-service-"));
  kubeconfig = join(folder, "kubeconfig");
  writeFileSync(kubeconfig, api.kubeconfigText);
  api.put(service, {
    metadata: { name: "keye-candidate", namespace: "keye" },
    spec: { selector: { revision: "r2" }, ports: [{ name: "http", port: 8000 }] },
  });
});

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
  await api.stop();
});

/** Puts a pod with an engine behind it; the test's own machine is the cluster's network. */
async function putPod(name: string, chat: Handler, { revision = "r2", ready = true } = {}): Promise<ScriptedEngine> {
  const engine = new ScriptedEngine({ "/v1/chat/completions": chat });
  engines.push(engine);
  const { port } = new URL(await engine.listen());
  const uid = `uid-${name}`;
  api.put(`${pods}/${name}`, { metadata: { name, namespace: "keye", uid, labels: { revision } } });
  api.put(`${slices}/${name}`, {
    metadata: { name, namespace: "keye", labels: { "kubernetes.io/service-name": "keye-candidate" } },
    ports: [{ name: "http", port: Number(port) }],
    endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready }, targetRef: { kind: "Pod", name, uid } }],
  });
  return engine;
}

async function runService(args: readonly string[] = [], signal?: AbortSignal, service = "keye-candidate") {
  const { world, out, err } = probeWorld({ KUBECONFIG: kubeconfig }, signal);
  const base = [`--service=${service}`, "--namespace=keye", "--transport=in-cluster"];
  const exitCode = await probe.run([...base, ...args], world).catch((error: unknown) => {
    world.err(String(error));
    return exitCodeOf(error);
  });
  return { exitCode, out: out(), err: err() };
}

test("every pod is asked for itself, and all must pass", async () => {
  const asked = [await putPod("keye-a", rightChat), await putPod("keye-b", rightChat)];
  const { exitCode, err } = await runService();
  expect(exitCode).toBe(0);
  expect(asked.every(({ requests }) => requests.length > 0)).toBe(true);
  expect(err).toMatch(/^keye-a: pass {3}text/m);
  expect(err).toMatch(/^pass: keye\/keye-candidate after \d\.\d s: all 2 ready pods pass$/m);
});

test("one bad replica of three fails the run, and is named in the reason and in every report", async () => {
  await putPod("keye-a", rightChat);
  await putPod("keye-b", wrongChat);
  await putPod("keye-c", rightChat);
  const files = { json: join(folder, "r.json"), junit: join(folder, "r.xml"), termination: join(folder, "t") };
  const reports = Object.entries(files).map(([format, file]) => `--report=${format}=${file}`);
  const { exitCode, err } = await runService(reports);
  expect(exitCode).toBe(1);
  expect(err).toMatch(/^fail: keye\/keye-candidate after .*: 1 of 3 pods unfit: keye-b: text: Question 1 of 1/m);
  const report = JSON.parse(readFileSync(files.json, "utf8"));
  expect(report.targets.map(({ name, verdict }: { name: string; verdict: string }) => `${name} ${verdict}`)).toEqual([
    "keye-a pass",
    "keye-b fail",
    "keye-c pass",
  ]);
  expect(readFileSync(files.junit, "utf8")).toContain('<testsuite name="keye probe smoke keye-b"');
  expect(JSON.parse(readFileSync(files.termination, "utf8")).failed[0]).toMatchObject({ pod: "keye-b" });
});

test("pods that are not ready are not asked, and the verdict says so", async () => {
  await putPod("keye-a", rightChat);
  const unready = await putPod("keye-b", rightChat, { ready: false });
  const { exitCode, err } = await runService();
  expect(exitCode).toBe(0);
  expect(err).toContain("the one ready pod passes; not ready, so not asked: keye-b");
  expect(unready.requests).toEqual([]);
});

test("a slice that still names a pod of the revision before is not believed", async () => {
  await putPod("keye-old", wrongChat, { revision: "r1" });
  await putPod("keye-new", rightChat);
  expect(await runService()).toMatchObject({ exitCode: 0, err: expect.not.stringContaining("keye-old") });
});

test("pods become ready while they are waited for", async () => {
  await putPod("keye-a", rightChat, { ready: false });
  const run = runService(["--wait=60"]);
  await putPod("keye-a", rightChat);
  expect(await run).toMatchObject({ exitCode: 0 });
});

describe("nothing to ask", () => {
  test("no ready pod is inconclusive, and the reports say why", async () => {
    await putPod("keye-a", rightChat, { ready: false });
    const { exitCode, err, out } = await runService(["--json"]);
    const reason = "0 of at least 1 pods are ready; not ready: keye-a; nothing was asked.";
    expect([exitCode, err]).toEqual([3, expect.stringContaining(reason)]);
    expect(JSON.parse(out)).toMatchObject({ verdict: "inconclusive", reason, targets: [], checks: [] });
  });

  test("fewer pods than there must be is inconclusive, though all of them might pass", async () => {
    const engine = await putPod("keye-a", rightChat);
    const { exitCode, err } = await runService(["--pods=2"]);
    expect([exitCode, err]).toEqual([
      3,
      expect.stringContaining("1 of at least 2 pods are ready; no other pod is there; nothing was asked."),
    ]);
    expect(engine.requests).toEqual([]);
  });

  test("a Service that is not there is told with the command that lists those that are", async () => {
    const { exitCode, err } = await runService([], undefined, "keye-candidat");
    const said = "E_API: keye/services/keye-candidat: There is no such Service. Read: kubectl -n keye get services";
    expect([exitCode, err]).toEqual([4, expect.stringContaining(said)]);
  });

  test("a Service without a selector leads to no pods", async () => {
    api.put(service, { metadata: { name: "keye-candidate", namespace: "keye" }, spec: { ports: [{ port: 80 }] } });
    expect(await runService()).toMatchObject({ exitCode: 4, err: expect.stringContaining("it has no selector") });
  });

  test("a kubeconfig that is not there is told", async () => {
    const args = ["--kubeconfig", join(folder, "nowhere")];
    expect(await runService(args)).toMatchObject({ exitCode: 4, err: expect.stringContaining("ENV_KUBECONFIG") });
  });

  test("waiting is cancelled at once", async () => {
    const stop = new AbortController();
    const run = runService(["--wait=600"], stop.signal);
    stop.abort(new Error("cancelled"));
    expect((await run).err).toContain("cancelled");
  });
});

test("the namespace is that of the kubeconfig's context where none is given", async () => {
  await putPod("keye-a", rightChat);
  const config = JSON.parse(api.kubeconfigText);
  config.contexts[0].context.namespace = "keye";
  writeFileSync(kubeconfig, JSON.stringify(config));
  const { world, err } = probeWorld({ KUBECONFIG: kubeconfig });
  expect(await probe.run(["--service=keye-candidate", "--transport=in-cluster"], world)).toBe(0);
  expect(err()).toContain("pass: keye/keye-candidate");
});
