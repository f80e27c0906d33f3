import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PromotionStack } from "../support/promotion-stack.ts";
import { quick } from "../support/quick-promotion.ts";

interface FieldsOf {
  readonly manager: string;
  readonly subresource?: string;
  readonly fieldsV1: { readonly "f:spec"?: object };
}

interface Managed {
  readonly metadata: { readonly managedFields: readonly FieldsOf[] };
  readonly spec: { readonly replicas: number; readonly progressDeadlineSeconds: number };
}

const chart = "charts/keye-sglang/templates/deployment.yaml";

describe("replicas that an autoscaler or a person has set", () => {
  let stack: PromotionStack;
  let stable: string;
  let deployment: string;

  beforeAll(async () => {
    stack = await PromotionStack.start();
    const { exitCode, output } = await stack.up(quick);
    if (exitCode !== 0) throw new Error(output);
    stable = String((await stack.outputs()).activeRevision);
    deployment = `/apis/apps/v1/namespaces/keye/deployments/keye-${stable}`;
    // As the horizontal autoscaler does: over the scale subresource, under its own name.
    await stack.cluster.call({
      method: "PATCH",
      path: `${deployment}/scale`,
      query: { fieldManager: "kube-controller-manager" },
      contentType: "application/merge-patch+json",
      body: { spec: { replicas: 3 } },
    });
  });

  afterAll(() => stack?.close());

  async function live(): Promise<Managed> {
    return stack.cluster.call<Managed>({ method: "GET", path: deployment });
  }

  test("are theirs: neither a preview nor an update that changes nothing wants them back", async () => {
    const preview = await stack.preview(quick);
    expect(preview.output).toMatch(/\d+ unchanged/);
    expect(preview.output).not.toContain("to update");
    const { exitCode, output } = await stack.up(quick);
    expect(output).toMatch(/\d+ unchanged/);
    expect(exitCode).toBe(0);
    expect((await live()).spec.replicas).toBe(3);
  });

  test("are theirs also where a later version of the chart changes the same Deployment: no conflict, no reset", async () => {
    const before = (await live()).spec.progressDeadlineSeconds;
    const program = stack.programWith({ file: chart, edit: (text) => text.replace(" 1800 }}", " 1801 }}") });
    const preview = await stack.run(stack.previewArguments(quick), { program });
    expect(preview.exitCode).toBe(0);
    // That one field and no other.
    expect(preview.output).toMatch(/~ spec: \{\s+~ progressDeadlineSeconds: \d+ => \d+\s+\}/);
    expect(preview.output).toContain("1 to update");
    const { exitCode, output } = await stack.run(stack.upArguments(quick), { program });
    expect(output).not.toMatch(/error:|onflict/);
    expect(exitCode).toBe(0);
    const { spec, metadata } = await live();
    expect(spec).toMatchObject({ replicas: 3, progressDeadlineSeconds: before + 1 });
    const scaled = metadata.managedFields.filter(({ fieldsV1 }) => "f:replicas" in (fieldsV1["f:spec"] ?? {}));
    expect(scaled.map(({ manager, subresource }) => ({ manager, subresource }))).toEqual([
      { manager: "kube-controller-manager", subresource: "scale" },
    ]);
  });
});
