import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../infra/rehearsal/provider/json.ts";
import { withIgnoredFields } from "../../../infra/rehearsal/provider/managed-fields.ts";

const ours = "pulumi-kubernetes-1";

function owned(manager: string, fieldsV1: JsonObject, subresource?: string): JsonObject {
  return { manager, fieldsV1, ...(subresource === undefined ? {} : { subresource }) };
}

const replicas = { "f:spec": { "f:replicas": {} } };
const label = { "f:metadata": { "f:labels": { "f:a": {} } } };

function sent(managedFields: readonly JsonObject[], ignoreChanges: readonly string[]): JsonObject {
  const news = { metadata: { labels: { a: "old" } }, spec: { replicas: 0, paused: true, selector: { r: "old" } } };
  const live = { metadata: { managedFields, labels: { a: "live" } }, spec: { replicas: 2, selector: { r: "live" } } };
  return withIgnoredFields(news, live, { ignoreChanges, manager: ours });
}

const cases: readonly {
  name: string;
  managedFields: readonly JsonObject[];
  ignoreChanges: readonly string[];
  spec?: JsonObject;
  labels?: JsonObject;
}[] = [
  {
    name: "is left out where only another manager owns it",
    managedFields: [owned("kube-controller-manager", replicas, "scale")],
    ignoreChanges: ["spec.replicas"],
    spec: { paused: true, selector: { r: "old" } },
  },
  {
    name: "is left out where our name owns it through a subresource only",
    managedFields: [owned(ours, replicas, "scale")],
    ignoreChanges: ["spec.replicas"],
    spec: { paused: true, selector: { r: "old" } },
  },
  {
    name: "is sent with its live value where it is ours, or leaving it out would unset it",
    managedFields: [owned(ours, replicas)],
    ignoreChanges: ["spec.replicas"],
    spec: { replicas: 2, paused: true, selector: { r: "old" } },
  },
  {
    name: "is sent with its live value where we share it",
    managedFields: [owned(ours, replicas), owned("other", replicas)],
    ignoreChanges: ["spec.replicas"],
    spec: { replicas: 2, paused: true, selector: { r: "old" } },
  },
  {
    name: "is left out where another manager owns it as one atomic whole",
    managedFields: [owned("rollgate", { "f:spec": { "f:selector": {} } })],
    ignoreChanges: ["spec.selector.r"],
    spec: { replicas: 0, paused: true, selector: {} },
  },
  {
    name: "that the object does not have is sent as the state has it",
    managedFields: [],
    ignoreChanges: ["spec.paused"],
    spec: { replicas: 0, paused: true, selector: { r: "old" } },
  },
  {
    name: "in metadata follows the same rule",
    managedFields: [owned("other", label)],
    ignoreChanges: ['metadata.labels["a"]'],
    labels: {},
  },
];

describe("an ignored field", () => {
  test.each(cases)("$name", ({ managedFields, ignoreChanges, spec, labels }) => {
    const object = sent(managedFields, ignoreChanges);
    if (spec !== undefined) expect(object.spec).toEqual(spec);
    if (labels !== undefined) expect(object.metadata).toEqual({ labels });
  });

  test("with a star is not resolved, and the rest is sent as it is", () => {
    expect(sent([owned("other", replicas)], ["spec[*]"]).spec).toEqual({
      replicas: 0,
      paused: true,
      selector: { r: "old" },
    });
  });
});
