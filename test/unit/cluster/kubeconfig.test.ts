import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { loadKubeconfig } from "../../../infra/cluster/kubeconfig.ts";

const folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const two = file("two", {
  clusters: [
    { name: "c", cluster: { server: "https://10.0.0.1:6443" } },
    { name: "nowhere", cluster: { server: "10.0.0.1" } },
  ],
  users: [{ name: "u", user: {} }],
  contexts: [
    { name: "staging", context: { cluster: "c", user: "u" } },
    { name: "production", context: { cluster: "c", user: "u" } },
    { name: "dangling", context: { cluster: "lost", user: "u" } },
    { name: "astray", context: { cluster: "nowhere", user: "u" } },
  ],
  "current-context": "staging",
});

describe("the kubeconfig", () => {
  test("the current context is taken where none is asked for", () => {
    expect(loadKubeconfig({ kubeconfig: two }).getCurrentContext()).toBe("staging");
  });

  test("the context that is asked for is taken", () => {
    expect(loadKubeconfig({ kubeconfig: two, context: "production" }).getCurrentContext()).toBe("production");
  });

  test("KUBECONFIG is read where no file is given", () => {
    vi.stubEnv("KUBECONFIG", two);
    expect(loadKubeconfig({}).getCurrentCluster()?.server).toBe("https://10.0.0.1:6443");
  });

  test("no kubeconfig anywhere: the message says where was looked", () => {
    vi.stubEnv("KUBECONFIG", "");
    vi.stubEnv("HOME", folder);
    expect(() => loadKubeconfig({})).toThrow(
      `ENV_KUBECONFIG: ${folder}/.kube/config: No kubeconfig: the environment variable KUBECONFIG is not set, ${folder}/.kube/config does not exist, and this is no pod (/var/run/secrets/kubernetes.io/serviceaccount/token does not exist). Set KUBECONFIG`,
    );
  });

  const absent = join(folder, "absent");
  const empty = file("empty", { contexts: [], clusters: [], users: [] });
  const garbled = file("garbled", "{{{");
  const prose = file("prose", "this is a letter\nto a friend\n");
  test.each([
    {
      name: "a file that is not there",
      options: { kubeconfig: absent },
      message: `ENV_KUBECONFIG: ${absent}: Cannot read the kubeconfig: ENOENT: no such file or directory, open '${absent}'.`,
    },
    {
      name: "a file that is no YAML",
      options: { kubeconfig: garbled },
      message: `ENV_KUBECONFIG: ${garbled}: Cannot read the kubeconfig: `,
    },
    {
      name: "a context that does not exist",
      options: { kubeconfig: two, context: "prod" },
      message:
        'ENV_KUBECONFIG: context "prod": The kubeconfig has no context "prod"; it has: staging, production, dangling, astray. Name one of them',
    },
    {
      name: "a context whose cluster is missing",
      options: { kubeconfig: two, context: "dangling" },
      message:
        'ENV_KUBECONFIG: context "dangling": It names the cluster "lost", which the kubeconfig does not describe.',
    },
    {
      name: "a server that is no URL",
      options: { kubeconfig: two, context: "astray" },
      message: 'ENV_KUBECONFIG: context "astray": Its server "10.0.0.1" is no URL, such as https://10.0.0.1:6443.',
    },
    {
      name: "a file that is some other text",
      options: { kubeconfig: prose },
      message: `ENV_KUBECONFIG: ${prose}: It holds no contexts, so it names no cluster.`,
    },
    {
      name: "a kubeconfig without any context",
      options: { kubeconfig: empty },
      message: `ENV_KUBECONFIG: ${empty}: It holds no contexts, so it names no cluster.`,
    },
  ])("$name is told", ({ options, message }) => {
    expect(() => loadKubeconfig(options)).toThrow(message);
  });
});
