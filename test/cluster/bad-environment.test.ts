import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CommandResult, runCommand } from "../../infra/process/command.ts";
import { layoutOf } from "../../infra/rehearsal/control-plane/layout.ts";
import { findProgram } from "../../infra/rehearsal/control-plane/tools.ts";
import { rehearsalDir, toolPath } from "../../infra/rehearsal/environment.ts";
import { markOf, writeState } from "../../infra/rehearsal/state.ts";
import { type Setting, writeStackFile } from "../../scripts/story/stack-file.ts";

// No test here starts a cluster: each command has to end before it would need one.

const root = resolve(import.meta.dirname, "../..");
const dir = mkdtempSync(join(tmpdir(), "bad-environment-"));
const tools = toolPath(process.env.PATH);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

/** A PATH with all that `pulumi` and `keye` need but helm. */
function pathWithoutHelm(): string {
  const bin = join(dir, "bin");
  mkdirSync(bin, { recursive: true });
  for (const name of ["node", "pulumi", "pulumi-language-nodejs", "bash", "dirname"]) {
    // A script, no link: pulumi looks for its language hosts beside itself, where helm is too.
    const script = join(bin, name);
    writeFileSync(script, `#!/bin/sh\nexec ${findProgram(name, tools)} "$@"\n`);
    chmodSync(script, 0o755);
  }
  return bin;
}

const unreachable = JSON.stringify({
  clusters: [{ name: "gone", cluster: { server: "https://127.0.0.1:9" } }],
  users: [{ name: "me", user: {} }],
  contexts: [{ name: "gone", context: { cluster: "gone", user: "me" } }],
  "current-context": "gone",
});

describe("pulumi", () => {
  function pulumi(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
    const provider = join(root, "infra/rehearsal/provider");
    return runCommand("pulumi", args, {
      cwd: root,
      env: {
        PATH: [provider, tools].join(delimiter),
        KUBECONFIG: file("unreachable", unreachable),
        PULUMI_HOME: join(dir, "home"),
        PULUMI_BACKEND_URL: `file://${dir}`,
        PULUMI_CONFIG_PASSPHRASE: "",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        ...env,
      },
      timeout: 60_000,
    });
  }

  function run(operation: readonly string[], env: Readonly<Record<string, string>>, changes: readonly Setting[] = []) {
    const settings = ["--config-file", writeStackFile(root, dir, changes)];
    const args = [...operation, "--stack", "rehearsal", "--non-interactive", "--color=never", ...settings];
    return pulumi(args, env);
  }

  beforeAll(async () => {
    const { exitCode, output } = await pulumi(["stack", "init", "rehearsal", "--non-interactive"]);
    if (exitCode !== 0) throw new Error(output);
  });

  const preview = ["preview"];
  const up = ["up", "--yes", "--skip-preview"];
  const absent = join(dir, "absent");

  test.each<{
    readonly name: string;
    readonly operation: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    readonly changes?: readonly Setting[];
    readonly error: RegExp;
  }>([
    {
      name: "a KUBECONFIG that points nowhere",
      operation: up,
      env: { KUBECONFIG: absent },
      error: new RegExp(`^ENV_KUBECONFIG: ${absent}: Cannot read the kubeconfig: ENOENT: .*\\. Correct the file, or`),
    },
    {
      name: "a kubeconfig that is no YAML",
      operation: preview,
      env: { KUBECONFIG: file("garbled", "a: [b\n: {") },
      error:
        /^ENV_KUBECONFIG: \S+garbled: Cannot read the kubeconfig: deficient indentation \(2:1\)\. Correct the file, or/,
    },
    {
      name: "a context that does not exist",
      operation: preview,
      changes: [{ path: ["context"], value: "production" }],
      error:
        /^ENV_KUBECONFIG: context "production": The kubeconfig has no context "production"; it has: gone\. Name one of them/,
    },
    {
      name: "a cluster that does not answer",
      operation: up,
      error:
        /^ENV_UNREACHABLE: https:\/\/127\.0\.0\.1:9: The Kubernetes API server did not answer in \d\.\d s: connect ECONNREFUSED 127\.0\.0\.1:9\. Check that/,
    },
    {
      name: "an absent helm",
      operation: up,
      env: { PATH: [join(root, "infra/rehearsal/provider"), pathWithoutHelm()].join(delimiter) },
      error: /^ENV_HELM: helm: helm is not on PATH; wanted version 4\. Run \.\/scripts\/toolchain/,
    },
    {
      name: "variables under which a rollout is not safe",
      operation: up,
      env: {
        PULUMI_CONTINUE_ON_ERROR: "true",
        PULUMI_K8S_SKIP_UPDATE_UNREACHABLE: "true",
        PULUMI_K8S_DELETE_UNREACHABLE: "1",
      },
      error:
        /^ENV_FORBIDDEN_VARIABLE: PULUMI_CONTINUE_ON_ERROR, PULUMI_K8S_SKIP_UPDATE_UNREACHABLE, PULUMI_K8S_DELETE_UNREACHABLE: .* Run: unset PULUMI_CONTINUE_ON_ERROR PULUMI_K8S_SKIP_UPDATE_UNREACHABLE PULUMI_K8S_DELETE_UNREACHABLE$/,
    },
    {
      name: "several wrong settings",
      operation: up,
      changes: [
        { path: ["namespace"], value: "Keye" },
        { path: ["engine", "tpSze"], value: 2 },
        { path: ["image", "digest"], value: "latest" },
      ],
      error:
        /^CONFIG_INVALID: Pulumi\.rehearsal\.yaml: 3 problems in the settings; docs\/settings\.md describes each\.\n +1\. namespace: .*\n +2\. image\.digest: got text "latest", .*\n +3\. engine\.tpSze: no such setting\. Did you mean tpSize\?$/,
    },
    {
      name: "a tag that the lock does not know",
      operation: preview,
      changes: [
        { path: ["image", "digest"], value: undefined },
        { path: ["image", "tag"], value: "never-locked" },
      ],
      error:
        /^CONFIG_LOCK: Pulumi\.rehearsal\.yaml: image\.tag: kwaikeye\/kwai-keye-vl:never-locked is not in keye\.lock\.yaml\. Run keye lock --stack-file Pulumi\.rehearsal\.yaml, and commit keye\.lock\.yaml\.$/,
    },
    {
      name: "a stack file without settings",
      operation: preview,
      changes: [{ path: [], value: undefined }],
      error:
        /^CONFIG_INVALID: Pulumi\.rehearsal\.yaml: 1 problem in the settings; .*\n +1\. keye-stack:stack: there are no settings\. Put them under/,
    },
  ])("$name is one error without a stack trace, and ends with 1", async ({ operation, env = {}, changes, error }) => {
    const { exitCode, output } = await run(operation, env, changes);
    const told = output.slice(output.indexOf("Diagnostics:"), output.indexOf("\n\n", output.indexOf("Diagnostics:")));
    const errors = told.split(/^ {4}error: /m).slice(1);
    expect(errors, output).toEqual([expect.stringMatching(error)]);
    expect(output).not.toMatch(/^\s+at |node:internal/m);
    expect(exitCode).toBe(1);
  });

  test("of all these no object got into the state", async () => {
    const { output } = await pulumi(["stack", "export", "--stack", "rehearsal"]);
    const { deployment } = JSON.parse(output);
    const types = (deployment.resources ?? []).map((resource: { readonly type: string }) => resource.type);
    // The engine's own two: the stack, and the plugin that was asked.
    expect(types).toEqual(["pulumi:pulumi:Stack", "pulumi:providers:rollgate"]);
    expect(deployment.pending_operations ?? []).toEqual([]);
  });
});

describe("keye", () => {
  function keye(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
    return runCommand(process.execPath, ["infra/cli/main.ts", ...args], {
      cwd: root,
      env: { PATH: tools, ...env },
      timeout: 30_000,
    });
  }

  const rendered = join(dir, "rendered");
  const state = rehearsalDir(`bad-${process.pid}`);
  let taken: Server;
  let port = "";
  beforeAll(async () => {
    taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    port = typeof address === "object" ? String(address?.port) : "";
  });
  afterAll(() => {
    taken.close();
    rmSync(state, { force: true, recursive: true });
    rmSync(`${state}.log`, { force: true });
  });

  test("render without helm ends with 4 and writes nothing", async () => {
    const { exitCode, output } = await keye(["render", "--to", rendered], { PATH: pathWithoutHelm() });
    expect(output).toMatch(/^ENV_HELM: helm: helm is not on PATH; wanted version 4\. .*$/);
    expect(exitCode).toBe(4);
    expect(existsSync(rendered)).toBe(false);
  });

  // Nobody makes a folder there, the superuser included, for whom permissions do not count.
  test.runIf(existsSync("/sys/kernel"))("render to a folder that cannot be written ends with 4", async () => {
    const { exitCode, output } = await keye(["render", "--to", "/sys/keye"]);
    expect(output).toMatch(
      /^ENV_READ_ONLY: \/sys\/keye: The folder could not be made: E\w+: .*mkdir '\/sys\/keye'\. .*$/,
    );
    expect(exitCode).toBe(4);
  });

  test("render of a stack without a file ends with 2 and writes nothing", async () => {
    const { exitCode, output } = await keye(["render", "--to", rendered, "--stack-file", "Pulumi.nope.yaml"]);
    expect(output).toMatch(
      /^CONFIG_FILE: Pulumi\.nope\.yaml: The settings of the stack could not be read: .*name a stack that has a file there\.$/,
    );
    expect(exitCode).toBe(2);
    expect(existsSync(rendered)).toBe(false);
  });

  test("probe with a report that cannot be written ends with 4 before it asks", async () => {
    const args = ["probe", "--base-url", `http://127.0.0.1:${port}`, "--report", `json=${dir}/no/report.json`];
    const { exitCode, output } = await keye(args);
    expect(output).toMatch(/^ENV_READ_ONLY: .*\/no\/report\.json: The report cannot be written: ENOENT.*$/);
    expect(exitCode).toBe(4);
  });

  test.each([{ how: [] }, { how: ["--detach"] }])("rehearse up $how on a taken port ends with 4", async ({ how }) => {
    const name = `bad-${process.pid}`;
    const { exitCode, output } = await keye(["rehearse", "up", ...how, "--name", name, "--port", port]);
    expect(output).toBe(
      `ENV_PORT_TAKEN: 127.0.0.1:${port}: Another program listens on this port already. Choose another one with --port, or leave --port out for a free one.`,
    );
    expect(exitCode).toBe(4);
    expect([existsSync(state), existsSync(`${state}.log`)]).toEqual([false, false]);
  });

  test("rehearse up where its folder cannot be made ends with 4", async () => {
    mkdirSync(rehearsalDir("."), { recursive: true });
    writeFileSync(state, "a file, no folder");
    const { exitCode, output } = await keye(["rehearse", "up", "--name", `bad-${process.pid}`]);
    expect(output).toMatch(/^ENV_READ_ONLY: \S+: The rehearsal's state folder cannot be written\. .*$/);
    expect(exitCode).toBe(4);
    expect(readFileSync(state, "utf8")).toBe("a file, no folder");
    rmSync(state);
  });
});

describe("./scripts/rehearse", () => {
  const name = `taken-${process.pid}`;
  const folder = rehearsalDir(name);
  afterAll(() => {
    rmSync(folder, { force: true, recursive: true });
    rmSync(`${folder}.log`, { force: true });
  });

  test("words that it does not know end with 2 before anything is brought", async () => {
    const { exitCode, output } = await runCommand("./scripts/rehearse", ["--kep"], { cwd: root, timeout: 10_000 });
    expect(output).toBe('CONFIG_USAGE: rehearse: There is no "--kep". See ./scripts/rehearse --help.');
    expect(exitCode).toBe(2);
  });

  test("where one of the name runs it ends with 4, and that one runs on", async () => {
    mkdirSync(folder, { recursive: true });
    // The running one is this process: were it ended, so would the test be.
    writeState(layoutOf(folder), {
      version: 1,
      name,
      dir: folder,
      startedAt: "2026-01-01T00:00:00.000Z",
      octet: 64,
      server: "https://127.64.0.1:6443",
      kubeconfig: join(folder, "kubeconfig"),
      pulumi: join(folder, "pulumi"),
      supervisor: markOf("supervisor", process.pid),
      children: [],
      proxies: [],
    });
    const { exitCode, output } = await runCommand("./scripts/rehearse", ["--name", name], {
      cwd: root,
      timeout: 60_000,
    });
    expect(output).toMatch(
      new RegExp(`\\n\\nE_LOCKED: ${folder}: The rehearsal "${name}" runs there already, since [^\\n]*$`),
    );
    expect(output.match(/E_LOCKED|ENV_/g)).toHaveLength(1);
    expect(exitCode).toBe(4);
    expect(readdirSync(folder)).toEqual(["state.json"]);
  });
});
