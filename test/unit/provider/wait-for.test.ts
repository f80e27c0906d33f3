import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../infra/rehearsal/provider/json.ts";
import { isMet, textOfWait, waitForOf, waitForProblem } from "../../../infra/rehearsal/provider/wait-for.ts";

function object(waitFor: string): JsonObject {
  return { metadata: { annotations: { "pulumi.com/waitFor": waitFor } } };
}

const live = {
  metadata: { labels: { "a.b": "c" } },
  status: {
    phase: "Running",
    count: 3,
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Stalled", status: "False" },
    ],
    list: ["x", "y"],
  },
};

describe("the waitFor annotation", () => {
  test.each([
    { text: "condition=Ready", met: true },
    { text: "condition=Stalled", met: false },
    { text: "condition=Stalled=False", met: true },
    { text: "condition=Absent", met: false },
    { text: "jsonpath={.status.phase}=Running", met: true },
    { text: "jsonpath={.status.phase}=Pending", met: false },
    { text: "jsonpath={.status.phase}", met: true },
    { text: "jsonpath={.status.absent}", met: false },
    { text: "jsonpath=.status.count=3", met: true },
    { text: "jsonpath={.metadata.labels.a\\.b}=c", met: true },
    { text: "jsonpath={.metadata.labels['a.b']}=c", met: true },
    { text: "jsonpath={.status.list[-1]}=y", met: true },
    { text: "jsonpath={.status.list[*]}=x", met: false },
    { text: 'jsonpath={.status.conditions[?(@.type=="Ready")].status}=True', met: true },
  ])("$text is met: $met", ({ text, met }) => {
    const [wait] = waitForOf(object(text)) ?? [];
    expect(wait !== undefined && isMet(wait, live)).toBe(met);
  });

  test("may list several, and names each as it was written", () => {
    const waits = waitForOf(object('["condition=Ready", "jsonpath={.status.phase}=Running"]')) ?? [];
    expect(waits.map(textOfWait)).toEqual(["condition=Ready=True", "jsonpath={.status.phase}=Running"]);
  });

  test.each([
    { text: "Ready", reason: '"Ready" is neither condition=TYPE[=STATUS] nor jsonpath=PATH[=VALUE]' },
    { text: "[]", reason: '"[]" is no JSON array of conditions' },
    { text: "jsonpath={}", reason: 'JSONPath "{}" is empty' },
    { text: "jsonpath={.a[?(@.b>1)]}", reason: 'JSONPath "{.a[?(@.b>1)]}" is not understood from "[?(@.b>1)]" on' },
  ])("$text is refused", ({ text, reason }) => {
    expect(waitForProblem(object(text))?.reason).toBe(reason);
  });

  test("that is not set asks for nothing", () => {
    expect(waitForOf({})).toBeUndefined();
  });
});
