import { describe, expect, test } from "vitest";
import { amountOf, amountText, podLimits, podRequests } from "../../../../infra/status/headroom/amounts.ts";
import type { Container } from "../../../../infra/status/objects.ts";

function asking(cpu: string, change: Partial<Container> = {}): Container {
  return { name: "c", resources: { requests: { cpu } }, ...change };
}

describe("what a pod is counted with", () => {
  test.each([
    { what: "its containers together", spec: { containers: [asking("1"), asking("500m")] }, cpu: 1500 },
    { what: "a larger init container", spec: { containers: [asking("1")], initContainers: [asking("4")] }, cpu: 4000 },
    { what: "not a smaller one", spec: { containers: [asking("1")], initContainers: [asking("200m")] }, cpu: 1000 },
    {
      what: "a sidecar beside its containers",
      spec: { containers: [asking("1")], initContainers: [asking("2", { restartPolicy: "Always" })] },
      cpu: 3000,
    },
    {
      what: "an init container beside the sidecars before it alone",
      spec: {
        containers: [asking("1")],
        initContainers: [
          asking("2", { restartPolicy: "Always" }),
          asking("5"),
          asking("1", { restartPolicy: "Always" }),
        ],
      },
      cpu: 7000,
    },
    { what: "the overhead of its runtime", spec: { containers: [asking("1")], overhead: { cpu: "250m" } }, cpu: 1250 },
    {
      what: "what it asks for as a whole",
      spec: { containers: [asking("1")], resources: { requests: { cpu: "6" } } },
      cpu: 6000,
    },
    {
      what: "a limit where nothing is asked for",
      spec: { containers: [{ name: "c", resources: { limits: { cpu: "3" } } }] },
      cpu: 3000,
    },
  ])("$what", ({ spec, cpu }) => {
    expect(podRequests(spec).get("cpu")).toBe(cpu);
  });

  test("limits are those that are said", () => {
    const limited = { name: "c", resources: { requests: { cpu: "1" }, limits: { memory: "1Gi" } } };
    expect([...podLimits({ containers: [limited, limited] })]).toEqual([["memory", 2 * 2 ** 30]]);
  });
});

test.each([
  { resource: "cpu", text: "1.001", amount: 1001 },
  { resource: "requests.cpu", text: "100u", amount: 1 },
  { resource: "memory", text: "1.5Gi", amount: 1.5 * 2 ** 30 },
  { resource: "nvidia.com/gpu", text: "8", amount: 8 },
])("$text of $resource are $amount of the scheduler's units", ({ resource, text, amount }) => {
  expect(amountOf(resource, text)).toBe(amount);
});

test.each([
  { resource: "limits.cpu", amount: 1500, text: "1.5" },
  { resource: "memory", amount: 192 * 2 ** 30, text: "192Gi" },
  { resource: "requests.memory", amount: 1000, text: "1000" },
  { resource: "pods", amount: 4096, text: "4096" },
])("$amount of $resource read $text", ({ resource, amount, text }) => {
  expect(amountText(resource, amount)).toBe(text);
});
