import { describe, expect, test } from "vitest";
import { freeGpus, gpuLedger, gpusOf, ledgerLines, replicasThatFit } from "../../../infra/status/gpu-ledger.ts";
import type { Node, Pod } from "../../../infra/status/objects.ts";

const selector = { "keye-stack.dev/pool": "h800" };

function node(name: string, change: { gpus?: string; ready?: string; cordoned?: boolean; pool?: string } = {}): Node {
  return {
    metadata: { name, labels: { "keye-stack.dev/pool": change.pool ?? "h800" } },
    spec: { unschedulable: change.cordoned ?? false },
    status: {
      allocatable: { "nvidia.com/gpu": change.gpus ?? "8" },
      conditions: [{ type: "Ready", status: change.ready ?? "True" }],
    },
  };
}

function pod(name: string, on: string, gpus: string, phase = "Running"): Pod {
  const resources = { limits: { "nvidia.com/gpu": gpus } };
  return {
    metadata: { name, namespace: "keye" },
    spec: { nodeName: on, containers: [{ name: "engine", resources }] },
    status: { phase },
  };
}

describe("the GPU ledger", () => {
  test("shows per node what is there, held, free and by whom", () => {
    const ledger = gpuLedger({
      nodes: [node("h800-1"), node("h800-0"), node("l40s-0", { pool: "l40s" }), node("cpu-0", { gpus: "0" })],
      pods: [pod("a", "h800-0", "4"), pod("b", "h800-0", "2"), pod("c", "h800-1", "8"), pod("web", "h800-1", "0")],
      nodeSelector: selector,
    });
    expect(`\n${ledgerLines(ledger).join("\n")}`).toMatchInlineSnapshot(`
      "
      node    GPUs  held  free  by
      h800-0     8     6     2  keye/a 4, keye/b 2
      h800-1     8     8     0  keye/c 8"
    `);
    expect(freeGpus(ledger)).toBe(2);
  });

  test.each([
    { free: ["8", "8"], perReplica: 2, fit: 8 },
    { free: ["3", "3"], perReplica: 2, fit: 2 },
    { free: ["1", "1"], perReplica: 2, fit: 0 },
  ])("fits $fit replicas of $perReplica GPUs where $free are free: one replica never spans nodes", (row) => {
    const nodes = row.free.map((gpus, index) => node(`n-${index}`, { gpus }));
    expect(replicasThatFit(gpuLedger({ nodes, pods: [], nodeSelector: selector }), row.perReplica)).toBe(row.fit);
  });

  test.each([
    { name: "cordoned", change: { cordoned: true } },
    { name: "not ready", change: { ready: "Unknown" } },
  ])("counts nothing as free on a node that is $name", ({ name, change }) => {
    const ledger = gpuLedger({ nodes: [node("h800-0", change)], pods: [], nodeSelector: selector });
    expect(freeGpus(ledger)).toBe(0);
    expect(ledgerLines(ledger).at(-1)).toContain(name);
  });

  test("does not count pods that have ended, nor those it is told to leave out", () => {
    const pods = [pod("done", "h800-0", "4", "Succeeded"), pod("parked", "h800-0", "4"), pod("kept", "h800-0", "1")];
    const without = ({ metadata }: Pod) => metadata.name === "parked";
    const ledger = gpuLedger({ nodes: [node("h800-0")], pods, nodeSelector: selector, without });
    expect(freeGpus(ledger)).toBe(7);
  });

  test("says so where no node carries the labels", () => {
    expect(ledgerLines(gpuLedger({ nodes: [], pods: [], nodeSelector: selector }))).toEqual([
      "no node with GPUs carries the labels that the engine asks for",
    ]);
  });

  test("takes the largest init container where that asks for more", () => {
    const big = { name: "check", resources: { limits: { "nvidia.com/gpu": "8" } } };
    const base = pod("a", "h800-0", "4");
    expect(gpusOf({ ...base, spec: { containers: base.spec?.containers ?? [], initContainers: [big] } })).toBe(8);
  });
});
