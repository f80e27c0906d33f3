import { expect, test } from "vitest";
import type { KubernetesObject } from "../../../infra/core/kubernetes-object.ts";
import { revisionOf } from "../../../infra/spec/revision.ts";

function deployment(labels: Readonly<Record<string, string>>): KubernetesObject {
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "keye", labels } };
}

const service: KubernetesObject = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "keye", labels: { "keye-stack.dev/revision": "ffffffffff" } },
};

test("the revision is the one that the Deployment carries", () => {
  expect(revisionOf([service, deployment({ "keye-stack.dev/revision": "1a2b3c4d5e" })])).toBe("1a2b3c4d5e");
});

test.each([
  { what: "no Deployment", objects: [service], text: "The chart rendered no Deployment;" },
  {
    what: "a Deployment without a revision",
    objects: [deployment({})],
    text: "The chart rendered a Deployment with keye-stack.dev/revision=;",
  },
  {
    what: "a revision of another form",
    objects: [deployment({ "keye-stack.dev/revision": "none" })],
    text: "The chart rendered a Deployment with keye-stack.dev/revision=none;",
  },
])("$what is a broken chart, and refused", ({ objects, text }) => {
  expect(() => revisionOf(objects)).toThrow(
    expect.objectContaining({ code: "ENV_HELM", message: expect.stringContaining(text) }),
  );
});
