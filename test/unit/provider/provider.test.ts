import { beforeEach, describe, expect, test } from "vitest";
import { KubernetesProvider } from "../../../infra/rehearsal/provider/provider.ts";
import { failureOf, type ProviderRig, providerRig, urnOf } from "../../support/offline-provider.ts";

let rig: ProviderRig;

beforeEach(async () => {
  rig = await providerRig();
});

describe("a Job that may be replaced while it is not complete", () => {
  const metadata = { name: "j", namespace: "keye", annotations: { "pulumi.com/replaceUnready": "true" } };
  const job = { apiVersion: "batch/v1", kind: "Job", metadata };
  const diff = () =>
    rig.provider.diff({ urn: urnOf("batch/v1:Job"), oldInputs: job, oldOutputs: job, news: job, ignoreChanges: [] });

  test("is made anew", async () => {
    rig.api.put("/apis/batch/v1/namespaces/keye/jobs/j", job);
    const { changes, deleteBeforeReplace } = await diff();
    expect([...changes.keys()]).toEqual(['metadata.annotations["pulumi.com/replaceUnready"]']);
    expect(deleteBeforeReplace).toBe(true);
  });

  test("is left alone once it is", async () => {
    const status = { conditions: [{ type: "Complete", status: "True" }] };
    rig.api.put("/apis/batch/v1/namespaces/keye/jobs/j", { ...job, status });
    expect((await diff()).changes.size).toBe(0);
  });
});

describe("the provider", () => {
  test("serves no functions and says why", () => {
    expect(() => rig.provider.invoke("kubernetes:helm:template")).toThrow("run inside the official provider");
  });

  test("refuses settings that would hide a failure, from the environment too", async () => {
    const refusing = new KubernetesProvider({
      clock: rig.clock,
      log: { status: () => undefined },
      connect: async () => Promise.reject(new Error("it was let pass")),
      defaults: { deleteUnreachable: "true" },
    });
    expect((await failureOf(refusing.configure({}))).message).toBe(
      "CONFIG_INVALID: kubernetes:deleteUnreachable: deleteUnreachable is refused: it would drop the objects of an unreachable cluster from the state.",
    );
  });
});
