import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiRequest } from "../../infra/cluster/api-request.ts";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import { type RehearsalCluster, startCluster } from "../../infra/rehearsal/cluster.ts";
import type { EngineExit, EngineLaunch, EngineProcess } from "../../infra/rehearsal/engine/launch.ts";
import { defaultNodes } from "../../infra/rehearsal/nodes.ts";
import { type PulumiOperation, PulumiProgram } from "../support/pulumi-program.ts";

const never = new AbortController().signal;
const inNamespace = "/api/v1/namespaces/provider";
const deployments = "/apis/apps/v1/namespaces/provider/deployments";

interface StoredObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly replicas?: number; readonly selector?: Readonly<Record<string, string>> };
}

const settings = {
  image: "i:1",
  setting: "a",
  fixed: "a",
  port: 80,
  pool: "blue",
  isForced: false,
  hasStranded: false,
};

/** The settings after the first changes. */
const changed = { image: "i:2", setting: "b", fixed: "b", port: 81 };

/** A process that does nothing until it is ended. */
function launch({ log }: EngineLaunch): EngineProcess {
  log("started");
  const { promise: exited, resolve: exit } = Promise.withResolvers<EngineExit>();
  return { exited, kill: () => exit({ exitCode: 0 }) };
}

describe("the offline provider under the real engine and API server", () => {
  const dir = mkdtempSync(join(tmpdir(), "provider-"));
  let rehearsal: RehearsalCluster;
  let program: PulumiProgram;

  beforeAll(async () => {
    rehearsal = await startCluster({
      name: "provider",
      dir,
      nodes: defaultNodes,
      path: [resolve(import.meta.dirname, "../../.toolchain/bin"), process.env.PATH].join(delimiter),
      clock: systemClock,
      launch,
      hasServiceProxies: false,
      signal: never,
    });
    program = new PulumiProgram("provider", rehearsal.state.kubeconfig);
    await program.init();
  });

  afterAll(async () => {
    await rehearsal?.close();
    program?.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  async function call<T>(request: ApiRequest): Promise<T> {
    return rehearsal.api.call<T>(request, never);
  }

  const read = (path: string) => call<StoredObject>({ method: "GET", path });

  /** A write as another client makes it. */
  async function patch(path: string, body: unknown): Promise<void> {
    await call({
      method: "PATCH",
      path,
      body,
      contentType: "application/merge-patch+json",
      query: { fieldManager: "other" },
    });
  }

  /** Runs an operation that must succeed. */
  async function run(operation: PulumiOperation, changed: Partial<typeof settings> = {}): Promise<string> {
    const { exitCode, output } = await program.run(operation, { ...settings, ...changed });
    expect(output).not.toContain("error:");
    expect(exitCode).toBe(0);
    return output;
  }

  /** Resource versions of all that the program has in the namespace. */
  async function versions(): Promise<Readonly<Record<string, string>>> {
    const lists = [`${inNamespace}/configmaps`, `${inNamespace}/secrets`, `${inNamespace}/services`, deployments];
    const found: Record<string, string> = {};
    for (const path of lists) {
      const { items } = await call<{ items: StoredObject[] }>({ method: "GET", path });
      for (const { metadata } of items) found[`${path}/${metadata.name}`] = metadata.resourceVersion;
    }
    return found;
  }

  test("a preview on an empty cluster shows every object and writes nothing", async () => {
    const output = await run("preview");
    expect(output).toContain("+ 8 to create");
    expect(await rehearsal.api.find({ method: "GET", path: inNamespace }, never)).toBeUndefined();
    expect((await read("/api/v1/nodes/cpu-0")).metadata.labels).not.toHaveProperty("example.com/pool");
  });

  test("an update creates every object, patches the node and keeps secrets encrypted in the state", async () => {
    expect(await run("up")).toContain("+ 8 created");
    expect((await read(`${inNamespace}/secrets/token`)).data).toEqual({ token: btoa("hush-hush") });
    expect((await read("/api/v1/nodes/cpu-0")).metadata.labels).toMatchObject({ "example.com/pool": "blue" });
    const state = await program.state();
    expect(state).not.toContain("hush-hush");
    expect(state).not.toContain(btoa("hush-hush"));
    expect(state).toContain("ciphertext");
  });

  test("an update of nothing finds nothing to do and writes nothing", async () => {
    const before = await versions();
    expect(await run("up")).toContain("8 unchanged");
    expect(await run("refresh")).toContain("8 unchanged");
    expect(await versions()).toEqual(before);
  });

  test("a changed field is updated in place; its preview writes nothing", async () => {
    const before = await read(`${inNamespace}/services/live`);
    const untouched = await versions();
    expect(await run("preview", { port: 81 })).toMatch(/port\s*: 80 => 81/);
    expect(await versions()).toEqual(untouched);
    expect(await run("up", { port: 81 })).toContain("~ 1 updated");
    expect((await read(`${inNamespace}/services/live`)).metadata.uid).toBe(before.metadata.uid);
  });

  test("data under a made-up name is replaced before the old goes, under the program's own name after", async () => {
    const output = await run("up", { ...changed, image: "i:1" });
    expect(output).toContain("+-2 replaced");
    // The engine prints a step again when its status line is cleared late.
    const stepsOf = (name: string) => {
      const steps = output.matchAll(new RegExp(`ConfigMap ${name} (created replacement|deleted original)`, "g"));
      return [...new Set([...steps].map(([, step]) => step))];
    };
    expect(stepsOf("made")).toEqual(["created replacement", "deleted original"]);
    expect(stepsOf("fixed")).toEqual(["deleted original", "created replacement"]);
    expect((await read(`${inNamespace}/configmaps/fixed`)).data).toEqual({ fixed: "b" });
  });

  describe("what others write", () => {
    test("to ignored fields is neither fought over nor undone, in preview and update", async () => {
      await patch(`${deployments}/engine/scale`, { spec: { replicas: 2 } });
      await patch(`${inNamespace}/services/live`, { spec: { selector: { app: "engine" } } });
      const next = { ...changed, port: 82 };
      await run("preview", next);
      expect(await run("up", next)).toContain("~ 2 updated");
      expect((await read(`${deployments}/engine`)).spec?.replicas).toBe(2);
      expect((await read(`${inNamespace}/services/live`)).spec?.selector).toEqual({ app: "engine" });
      await run("refresh", changed);
      expect(await run("up", next)).toContain("8 unchanged");
    });

    test("to other fields shows after a refresh, is a conflict by name, and is set back by force", async () => {
      const containers = [{ name: "main", image: "i:9", command: ["main"] }];
      await patch(`${deployments}/engine`, { spec: { template: { spec: { containers } } } });
      const next = { ...changed, port: 82 };
      expect(await run("up", next)).toContain("8 unchanged");
      await run("refresh", next);
      const { exitCode, output } = await program.run("preview", { ...settings, ...next });
      expect(output).toContain("E_CONFLICT: apps/v1/Deployment provider/engine: Other field managers own fields");
      expect(output).toContain('.spec.template.spec.containers[name="main"].image: conflict with "other"');
      expect(exitCode).not.toBe(0);
      expect(await run("preview", { ...next, isForced: true })).toMatch(/image\s*: "i:9" => "i:2"/);
      expect(await run("up", { ...next, isForced: true })).toContain("~ 1 updated");
    });

    test("as a deletion shows after a refresh and is made good", async () => {
      const next = { ...changed, port: 82, isForced: true };
      await call({ method: "DELETE", path: `${inNamespace}/secrets/token` });
      await run("refresh", next);
      expect(await run("up", next)).toContain("+ 1 created");
      expect((await read(`${inNamespace}/secrets/token`)).data).toEqual({ token: btoa("hush-hush") });
    });
  });

  test("what does not get ready stays in the state, and the next update goes on waiting for the same object", async () => {
    const next = { ...changed, port: 82, isForced: true, hasStranded: true };
    const { exitCode, output } = await program.run("up", { ...settings, ...next });
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(/apps\/v1\/Deployment provider\/stranded is not ready after 2 s: \d of 1 pods are/);
    const { uid } = (await read(`${deployments}/stranded`)).metadata;
    await patch("/api/v1/nodes/cpu-0", { metadata: { labels: { "example.com/rescue": "here" } } });
    expect(await run("up", next)).toContain("~ 1 updated");
    expect((await read(`${deployments}/stranded`)).metadata.uid).toBe(uid);
    expect(await run("up", next)).toContain("9 unchanged");
  });

  test("a destroy takes the patch back and returns when objects and pods are gone", async () => {
    await run("destroy");
    expect(await rehearsal.api.find({ method: "GET", path: inNamespace }, never)).toBeUndefined();
    expect((await call<{ items: unknown[] }>({ method: "GET", path: "/api/v1/pods" })).items).toEqual([]);
    expect((await read("/api/v1/nodes/cpu-0")).metadata.labels).not.toHaveProperty("example.com/pool");
  });
});
