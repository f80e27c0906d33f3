import { expect, test } from "vitest";
import { describeRehearsal } from "../../../infra/cli/rehearse-text.ts";
import type { RehearsalState } from "../../../infra/rehearsal/state.ts";

const mark = (name: string, pid: number) => ({ name, pid, startTicks: "1" });
const state: RehearsalState = {
  version: 1,
  name: "default",
  dir: "/r",
  startedAt: "2026-05-01T10:00:00.000Z",
  octet: 64,
  server: "https://127.64.0.1:6443",
  kubeconfig: "/r/kubeconfig",
  pulumi: "/r/pulumi",
  supervisor: mark("supervisor", 10),
  children: [mark("etcd", 11)],
  proxies: [{ namespace: "keye", service: "keye", port: 8000, url: "http://127.64.255.1:8000" }],
};
const env = { PATH: "", HOME: "/nowhere" };

test("a rehearsal without the controller of groups says so, and what builds it", () => {
  expect(describeRehearsal(state, env)).toMatchInlineSnapshot(`
    "Rehearsal "default" at https://127.64.0.1:6443, since 2026-05-01T10:00:00.000Z
      kubeconfig  /r/kubeconfig
      provider    kubernetes: offline
      groups      none: lws-controller was missing at the start; ./scripts/toolchain --groups builds it
      processes   supervisor 10, etcd 11
    Services:
      keye/keye:8000  http://127.64.255.1:8000"
  `);
});

test("one with it says that groups of pods are kept", () => {
  const withGroups = { ...state, children: [...state.children, mark("lws-controller", 12)] };
  expect(describeRehearsal(withGroups, env)).toContain("  groups      LeaderWorkerSets, kept by lws-controller\n");
});
