import { describe, expect, test } from "vitest";
import { freeGpus, gpuLedger, gpusOf, ledgerLines } from "../../../infra/status/gpu-ledger.ts";
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
    { name: "cordoned", change: { cordoned: true } },
    { name: "not ready", change: { ready: "Unknown" } },
  ])("counts nothing as free on a node that is $name", ({ name, change }) => {
    const ledger = gpuLedger({ nodes: [node("h800-0", change)], pods: [], nodeSelector: selector });
    expect(freeGpus(ledger)).toBe(0);
    expect(ledgerLines(ledger).at(-1)).toContain(name);
  });

  test("does not count pods that have ended", () => {
    const pods = [pod("done", "h800-0", "4", "Succeeded"), pod("kept", "h800-0", "1")];
    const ledger = gpuLedger({ nodes: [node("h800-0")], pods, nodeSelector: selector });
    expect(freeGpus(ledger)).toBe(7);
  });

  test("shows the first of very many nodes, and what the rest comes to", () => {
    const nodes = Array.from({ length: 60 }, (_, index) => node(`h800-${index}`));
    const lines = ledgerLines(gpuLedger({ nodes, pods: [], nodeSelector: selector }));
    expect(lines.slice(-2)).toEqual(["h800-39     8     0     8", "and 20 more nodes, with 160 GPUs free"]);
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
