import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { snapshot, versions } from "../support/keye-objects.ts";
import { PromotionStack } from "../support/promotion-stack.ts";
import { quick, quickRevision } from "../support/quick-promotion.ts";

const destroy = ["destroy", "--yes", "--skip-preview"];

interface Stored {
  readonly deployment: { readonly resources: readonly { readonly urn: string; readonly protect?: boolean }[] };
}

describe("what may be deleted of a stack that serves", () => {
  let stack: PromotionStack;
  let a: string;

  beforeAll(async () => {
    stack = await PromotionStack.start();
    const { exitCode, output } = await stack.up(quick);
    if (exitCode !== 0) throw new Error(output);
    a = String((await stack.outputs()).activeRevision);
  });

  afterAll(() => stack?.close());

  async function protectedUrns(): Promise<readonly string[]> {
    const { deployment }: Stored = JSON.parse((await stack.pulumi(["stack", "export"])).output);
    return deployment.resources.filter(({ protect }) => protect === true).map(({ urn }) => urn);
  }

  test("the retired revision is deleted by the update that retires it, and may come back before its pods have ended", async () => {
    expect((await stack.up(quickRevision(64))).exitCode).toBe(0);
    expect(Object.keys((await stack.standing()).replicas)).not.toContain(a);
    const { exitCode, output } = await stack.up(quick);
    expect(output).not.toContain("error:");
    expect(exitCode).toBe(0);
    await stack.becomes({ live: a, replicas: { [a]: 2 } });
  });

  test("destroy is refused while a revision serves, also after an update that failed, and leaves all that serves as it is", async () => {
    const fault = {
      path: ["engine", "podAnnotations", "rehearsal.keye-stack.dev/fault"],
      value: "crash-while-loading",
    };
    expect((await stack.up([...quick, fault])).output).toContain("code=E_CRASH");
    const { [a]: ofStable, ...others } = (await stack.standing()).replicas;
    expect([ofStable, ...Object.values(others)]).toEqual([2, 0]);
    const before = await serving();
    const { exitCode, output } = await stack.pulumi(destroy);
    expect(exitCode).not.toBe(0);
    expect(output).toContain("cannot be deleted");
    expect(output).toContain("because it is protected");
    expect(await serving()).toEqual(before);
    await stack.becomes({ live: a, replicas: { [a]: 2 } });
    expect((await stack.up(quick)).output).toMatch(/\d+ unchanged/);
  });

  /** The versions of what serves: the Service, the revision and its pods, and what these need. */
  async function serving() {
    const all = Object.entries(versions(await snapshot(stack.cluster)));
    const isServing = ([key]: readonly [string, unknown]) =>
      [`/keye-${a}`, "/services/keye", "/serviceaccounts/keye", "/networkpolicies/keye"].some((part) =>
        key.includes(part),
      );
    return Object.fromEntries(all.filter(isServing));
  }

  test("once what is protected is unprotected, destroy removes all but the namespace with the evidence in it", async () => {
    const urns = await protectedUrns();
    expect(urns.map((urn) => urn.replace(/^.*[$:]([^$:]+)::/, "$1 ")).sort()).toEqual([
      "Promotion keye",
      "Service keye",
    ]);
    expect((await stack.pulumi(["state", "unprotect", "--all", "--yes"])).exitCode).toBe(0);
    const { exitCode, output } = await stack.pulumi(destroy);
    expect(output).not.toContain("error:");
    expect(exitCode).toBe(0);
    await stack.becomes({ live: undefined, replicas: {} });
    const left = [...(await snapshot(stack.cluster)).keys()].filter((key) => key.includes("rollgate-"));
    expect(left.some((key) => key.includes(`/configmaps/rollgate-keye-${a}-`))).toBe(true);
  });
});
