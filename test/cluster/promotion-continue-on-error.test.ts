import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { snapshot, versions } from "../support/keye-objects.ts";
import { PromotionStack } from "../support/promotion-stack.ts";
import { quick, quickRevision } from "../support/quick-promotion.ts";

const goOn = "--continue-on-error";
const unreachable = { PULUMI_K8S_SKIP_UPDATE_UNREACHABLE: "true", PULUMI_K8S_DELETE_UNREACHABLE: "true" };
const crash = { path: ["engine", "podAnnotations", "rehearsal.keye-stack.dev/fault"], value: "crash-while-loading" };
const quotas = "/api/v1/namespaces/keye/resourcequotas";

/** What protects the stable revision from updates that go wrong in ways in which they may not. */
describe("an update that must not delete what serves", () => {
  let stack: PromotionStack;
  let stable: string;
  /** The program without the guards at its start. */
  let unguarded: string;

  beforeAll(async () => {
    stack = await PromotionStack.start();
    const { exitCode, output } = await stack.up(quick);
    if (exitCode !== 0) throw new Error(output);
    stable = String((await stack.outputs()).activeRevision);
    unguarded = stack.programWith({ edit: (entry) => entry.replaceAll(/^ *refuseForbidden.*\n/gm, "") });
  });

  afterAll(() => stack?.close());

  /** The versions of the live Service, and of the stable revision and its pods. */
  async function serving() {
    const all = Object.entries(versions(await snapshot(stack.cluster)));
    const isServing = (key: string) => key.endsWith("/services/keye") || key.includes(`/keye-${stable}`);
    return Object.fromEntries(all.filter(([key]) => isServing(key)));
  }

  test(`${goOn} is refused before anything is touched`, async () => {
    const before = versions(await snapshot(stack.cluster));
    const { exitCode, output } = await stack.pulumi([...stack.upArguments(quickRevision(64)), goOn]);
    expect(exitCode).not.toBe(0);
    expect(output).toContain(`error: ENV_FORBIDDEN_VARIABLE: ${goOn}: Given to pulumi: ${goOn} goes on after`);
    expect(versions(await snapshot(stack.cluster))).toEqual(before);
  });

  test.each([
    { how: "by flag", flags: [goOn], env: {} },
    { how: "by variable", flags: [], env: { PULUMI_CONTINUE_ON_ERROR: "true" } },
  ])("$how and unguarded: a candidate that fails its gate deletes nothing that serves", async ({ flags, env }) => {
    const before = await serving();
    const nonce = { path: ["rollout", "retryNonce"], value: `${flags.length}` };
    const args = [...stack.upArguments([...quick, crash, nonce]), ...flags];
    const { exitCode, output } = await stack.run(args, { program: unguarded, env });
    expect(output).toContain("code=E_CRASH");
    expect(exitCode).not.toBe(0);
    expect(await serving()).toEqual(before);
    expect((await stack.outputs()).activeRevision).toBe(stable);
  });

  test("unguarded, a candidate that the API refuses is not promoted, and deletes nothing that serves", async () => {
    const before = await serving();
    const spec = { hard: { "count/deployments.apps": "0" } };
    await stack.cluster.create([quotas, { metadata: { name: "full" }, spec }]);
    await stack.cluster.until("the quota's count", async () => {
      const quota = await stack.cluster.call<{ status?: { used?: object } }>({ method: "GET", path: `${quotas}/full` });
      return quota.status?.used;
    });
    const args = [...stack.upArguments(quickRevision(63)), goOn];
    const { exitCode, output } = await stack.run(args, { program: unguarded });
    await stack.cluster.call({ method: "DELETE", path: `${quotas}/full` });
    expect(output).toContain("exceeded quota: full");
    expect(exitCode).not.toBe(0);
    expect(output).not.toContain("[lock]");
    expect(output).not.toContain("[observe]");
    expect(await serving()).toEqual(before);
  });

  test("unguarded, a cluster that is away is an error, and no object is forgotten", async () => {
    await stack.cluster.rehearsal.pauseApiserver();
    const { exitCode, output } = await stack.run(stack.upArguments(quick), { program: unguarded, env: unreachable });
    await stack.cluster.rehearsal.resumeApiserver();
    expect(output).toContain("error:");
    expect(exitCode).not.toBe(0);
    const next = await stack.up(quick);
    expect(next.output).not.toMatch(/ created/);
    expect(next.exitCode).toBe(0);
    expect(await stack.standing()).toEqual({ live: stable, replicas: { [stable]: 2 } });
  });

  test.each([
    {
      when: "before anything is declared",
      edit: (entry: string) => `Promise.reject(new Error("unrelated"));\n${entry}`,
    },
    {
      when: "after all is declared",
      edit: (entry: string) => `${entry}\npulumi.output(1).apply(() => { throw new Error("unrelated"); });\n`,
    },
  ])("a rejection that nobody handles, $when, deletes nothing that serves", async ({ edit }) => {
    const { exitCode, output } = await stack.run(stack.upArguments(quickRevision(62)), {
      program: stack.programWith({ edit }),
    });
    expect(output).toContain("unrelated");
    expect(exitCode).not.toBe(0);
    const { live, replicas } = await stack.standing();
    expect(replicas[stable]).toBeDefined();
    expect(replicas[live ?? ""]).toBe(2);
  });

  test("the next update promotes", async () => {
    const { exitCode, output } = await stack.up(quickRevision(62));
    expect(output).not.toContain("error:");
    expect(exitCode).toBe(0);
    const { revision } = await stack.outputs();
    await stack.becomes({ live: String(revision), replicas: { [String(revision)]: 2 } });
  });
});
