import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { appLabel, revisionLabel } from "../../infra/core/names.ts";
import { type CommandResult, runCommand } from "../../infra/process/command.ts";
import { rehearsalEnvironment } from "../../infra/rehearsal/environment.ts";
import { defaultNodes } from "../../infra/rehearsal/nodes.ts";
import { TestCluster } from "../support/rehearsal-cluster.ts";

// The stack as it is handed out, two replicas of two GPUs, on three nodes of eight GPUs.

const root = resolve(import.meta.dirname, "../..");
const dir = mkdtempSync(join(tmpdir(), "headroom-"));
const stackFile = "Pulumi.example-h800.yaml";
const stable = "aaaaaaaaaa";

let cluster: TestCluster;
beforeAll(async () => {
  const nodes = defaultNodes.map((shape) => (shape.name === "h800" ? { ...shape, count: 3 } : shape));
  cluster = await TestCluster.start({ nodes });
  await cluster.createNamespace("keye");
  await cluster.createNamespace("team-a");
  const spec = { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "10Gi" } } };
  await cluster.create([
    "/api/v1/namespaces/keye/persistentvolumeclaims",
    { metadata: { name: "keye-kernels" }, spec },
  ]);
  // Made in a folder of its own: the example gets a salt with the stack, and is handed out without one.
  for (const name of ["Pulumi.yaml", stackFile]) copyFileSync(join(root, name), join(dir, name));
  const { exitCode, output } = await pulumi(["stack", "init", "example-h800"], dir);
  if (exitCode !== 0) throw new Error(output);
});
afterAll(async () => {
  await cluster.close();
  rmSync(dir, { recursive: true, force: true });
});

function pulumi(args: readonly string[], cwd = root): Promise<CommandResult> {
  const env = { ...rehearsalEnvironment(cluster.rehearsal.state, process.env), PULUMI_HOME: join(dir, "home") };
  return runCommand("pulumi", [...args, "--non-interactive", "--color=never"], { cwd, env, timeout: 120_000 });
}

/** A preview of the stack, with what the one who hands it out cannot know filled in. */
async function previewed(strategy: string): Promise<CommandResult> {
  const file = join(dir, stackFile);
  const document = parseDocument(readFileSync(file, "utf8"));
  const set = (path: readonly string[], value: unknown) =>
    document.setIn(["config", "keye-stack:stack", ...path], value);
  document.deleteIn(["config", "keye-stack:stack", "context"]);
  set(["image", "digest"], `sha256:${"a".repeat(64)}`);
  set(["model", "revision"], "b".repeat(40));
  set(["rollout", "strategy"], strategy);
  writeFileSync(file, document.toString());
  return pulumi(["preview", "--stack", "example-h800", "--config-file", file]);
}

/** What a preview says of the room: everything from the ledger to the end of what the program said. */
async function told(strategy: string): Promise<string> {
  const { exitCode, output } = await previewed(strategy);
  const [, said = ""] = /\nDiagnostics:[\s\S]*?\n {4}(The candidate needs[\s\S]*?)(?=\n\s*\n|$)/.exec(output) ?? [];
  const lines = said
    .split("\n")
    .map((line) => line.trim().replace(new RegExp(`keye-(?!${stable})[0-9a-f]{10}\\b`), "keye-<revision>"))
    // Which provider plugin serves is this machine's matter.
    .filter((line) => !line.startsWith("warning: using pulumi-resource-kubernetes"));
  return `$ pulumi preview (rollout.strategy: ${strategy}), exit code ${exitCode}\n${lines.join("\n")}\n`;
}

/** A pod that holds GPUs of a node. */
async function hold(
  name: string,
  on: string,
  gpus: number,
  labels: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (gpus === 0) return;
  const resources = { limits: { "nvidia.com/gpu": String(gpus) } };
  const containers = [{ name: "main", image: "registry.example.com/train:1", resources }];
  const spec = { nodeName: on, terminationGracePeriodSeconds: 0, tolerations: [{ operator: "Exists" }], containers };
  const namespace = labels[appLabel] ?? "team-a";
  await cluster.create([`/api/v1/namespaces/${namespace}/pods`, { metadata: { name, labels }, spec }]);
}

async function release(namespace: string): Promise<void> {
  await cluster.call({ method: "DELETE", path: `/api/v1/namespaces/${namespace}/pods` });
  await cluster.until("the pods to be gone", async () => (await cluster.pods(namespace)).length === 0);
}

/** Two replicas of two GPUs on the first node, and the live Service that selects them. */
async function serve(revision: string): Promise<void> {
  const labels = { [appLabel]: "keye", [revisionLabel]: revision };
  const spec = { selector: labels, ports: [{ port: 8000 }] };
  await cluster.create(["/api/v1/namespaces/keye/services", { metadata: { name: "keye" }, spec }]);
  for (const index of [0, 1]) await hold(`keye-${revision}-${index}`, "h800-0", 2, labels);
}

async function serveNothing(): Promise<void> {
  await cluster.call({ method: "DELETE", path: "/api/v1/namespaces/keye/services/keye" });
  await release("keye");
}

test("a revision that serves already is not refused on a full cluster", async () => {
  const [, revision = ""] = /keye-([0-9a-f]{10}) create/.exec((await previewed("blueGreen")).output) ?? [];
  await serve(revision);
  for (const [index, gpus] of [4, 8, 8].entries()) await hold(`train-${index}`, `h800-${index}`, gpus);
  const { exitCode, output } = await previewed("auto");
  await Promise.all([release("team-a"), serveNothing()]);
  expect(output).toContain("All 2 replicas have a node; 0 GPUs are free.");
  expect(exitCode).toBe(0);
});

describe("beside an old revision that serves with two replicas", () => {
  beforeAll(() => serve(stable));
  afterAll(serveNothing);

  test.each([
    { free: 0, held: [4, 8, 8] },
    { free: 1, held: [4, 8, 7] },
    { free: 2, held: [4, 8, 6] },
    { free: 16, held: [4, 0, 0] },
  ])("$free GPUs free", async ({ free, held }) => {
    for (const [index, gpus] of held.entries()) await hold(`train-${index}`, `h800-${index}`, gpus);
    const said = `${await told("blueGreen")}\n${await told("auto")}\n${await told("recreate")}`;
    await release("team-a");
    await expect(said).toMatchFileSnapshot(`../golden/headroom/serving-${free}-free.txt`);
  });
});

describe("for the first deploy", () => {
  test.each([
    { free: 0, held: [8, 8, 8] },
    { free: 16, held: [8, 0, 0] },
  ])("$free GPUs free", async ({ free, held }) => {
    for (const [index, gpus] of held.entries()) await hold(`train-${index}`, `h800-${index}`, gpus);
    const said = await told("auto");
    await release("team-a");
    await expect(said).toMatchFileSnapshot(`../golden/headroom/first-${free}-free.txt`);
  });
});
