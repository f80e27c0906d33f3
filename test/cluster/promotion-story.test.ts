import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { revisionLabel } from "../../infra/core/names.ts";
import type { Setting } from "../../scripts/story/stack-file.ts";
import { bytesOf, snapshot, versions } from "../support/keye-objects.ts";
import { PromotionStack } from "../support/promotion-stack.ts";

const fault = (name: string) => ({ path: ["engine", "podAnnotations", "rehearsal.keye-stack.dev/fault"], value: name });
const b = [fault("wrong-answer")];
const c = [{ path: ["engine", "maxRunningRequests"], value: 32 }];
const d = [...c, { path: ["gate", "consecutivePasses"], value: 2 }];
const e = [...d, { path: ["replicas"], value: 1 }];

/** The project's program on the real engine and API server, one update after another; each test goes on where the last ended. */
describe("a stack's life", () => {
  let stack: PromotionStack;
  let a: string;
  /** The revision that was stable before {@link a}. */
  let earlier: string;

  beforeAll(async () => {
    stack = await PromotionStack.start();
  });

  afterAll(() => stack?.close());

  /** An update that must succeed; returns the revision that serves then. */
  async function promote(changes: readonly Setting[]): Promise<string> {
    const { exitCode, output } = await stack.up(changes);
    expect(output).not.toContain("error:");
    expect(exitCode).toBe(0);
    const { activeRevision, revision } = await stack.outputs();
    expect(activeRevision).toBe(revision);
    return String(revision);
  }

  async function podsOf(revision: string) {
    return (await stack.cluster.pods("keye")).filter(({ metadata }) => metadata.labels?.[revisionLabel] === revision);
  }

  /** How many chat requests the engines of a revision have answered. */
  async function chats(revision: string): Promise<number> {
    const pods = await podsOf(revision);
    const logs = await Promise.all(pods.map(({ metadata }) => stack.cluster.log("keye", metadata.name)));
    return logs.join("\n").split("POST /v1/chat/completions").length - 1;
  }

  test("a preview of the first deploy writes nothing to the cluster and shows the promotion as not known yet", async () => {
    const { exitCode, output } = await stack.preview();
    expect(exitCode).toBe(0);
    expect(output).toMatch(/\+ rollgate:index:Promotion/);
    const { items } = await stack.cluster.call<{ items: { metadata: { name: string } }[] }>({
      method: "GET",
      path: "/api/v1/namespaces",
    });
    expect(items.map(({ metadata }) => metadata.name)).not.toContain("keye");
  });

  test("the first revision is made, proven, switched to", async () => {
    a = await promote([]);
    await stack.becomes({ live: a, replicas: { [a]: 2 } });
    const name = "rollgate-keye-baseline";
    const baseline = await stack.connection.cluster.readBaseline(stack.ref, name, stack.cluster.signal);
    expect(JSON.parse(baseline ?? "null")).toMatchObject({ kind: "ProbeBaseline", weightVersion: a });
  });

  test("an update with nothing changed is unchanged and sends no probe", async () => {
    const before = await chats(a);
    const { exitCode, output } = await stack.up();
    expect(exitCode).toBe(0);
    expect(output).toMatch(/\d+ unchanged/);
    expect(output).not.toMatch(/created|updated|deleted|\[lock\]|\[observe\]/);
    expect(await chats(a)).toBe(before);
  });

  test("a preview of another revision writes nothing", async () => {
    const before = versions(await snapshot(stack.cluster));
    const { exitCode, output } = await stack.preview(b);
    expect(exitCode).toBe(0);
    expect(output).toMatch(/\+ kubernetes:apps\/v1:Deployment/);
    expect(versions(await snapshot(stack.cluster))).toEqual(before);
  });

  test("a revision that answers wrongly: exit 1, the diagnosis, the old one as it was to the byte, the outputs still its", async () => {
    const parts = ["/services/keye", `keye-${a}`].filter((part) => part !== "/services/keye-candidate");
    const isLive = (line: string) => !line.includes("/services/keye-candidate");
    const before = bytesOf(await snapshot(stack.cluster), parts).filter(isLive);
    const { exitCode, output } = await stack.up(b);
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(
      /error: GATE_FAILED phase=probe code=E_PROBE: keye\/pod\/keye-\w+-\S+: text: .*wanted \d+, got "\d+"/,
    );
    expect(output).toContain(`serving    revision ${a}, 2 of 2 pods ready`);
    expect(output).not.toMatch(/^\s+at .*:\d+:\d+/m);
    expect(bytesOf(await snapshot(stack.cluster), parts).filter(isLive)).toEqual(before);
    expect((await stack.outputs()).activeRevision).toBe(a);
    const { live, replicas } = await stack.standing();
    expect(live).toBe(a);
    expect(Object.values(replicas).sort()).toEqual([0, 2]);
  });

  test("the next update tries the same candidate again, without making it anew", async () => {
    const { exitCode, output } = await stack.up([...b, { path: ["rollout", "retryNonce"], value: "again" }]);
    expect(exitCode).not.toBe(0);
    expect(output).toContain("code=E_PROBE");
    expect(output).not.toMatch(/Deployment keye-\w+ (created|updated|replaced)/);
  });

  test("within the cool-down it is refused at once, with the recorded reason", async () => {
    const { exitCode, output } = await stack.up([...b, { path: ["rollout", "retryNonce"], value: "again" }]);
    expect(exitCode).not.toBe(0);
    expect(output).toContain("fails at once for");
    expect(output).not.toContain("[scale]");
  });

  test("going back deletes only the rejected candidate and asks nothing", async () => {
    const before = await chats(a);
    const { exitCode, output } = await stack.up();
    expect(exitCode).toBe(0);
    expect(output).not.toMatch(/\[scale\]|Deployment keye-\w+ created/);
    await stack.becomes({ live: a, replicas: { [a]: 2 } });
    expect(await chats(a)).toBe(before);
  });

  test("another revision after a rejected one: the new one serves, the stable one stays without pods, the rejected one goes", async () => {
    const rejected = await stack.up([fault("crash-while-loading")]);
    expect(rejected.output).toContain("code=E_CRASH");
    const revision = await promote(c);
    await stack.becomes({ live: revision, replicas: { [a]: 0, [revision]: 2 } });
    earlier = a;
    a = revision;
  });

  test("only the probes change: the revision that serves is proven again where it is", async () => {
    const before = await podsOf(a);
    const chatsBefore = await chats(a);
    const { exitCode } = await stack.up(d);
    expect(exitCode).toBe(0);
    expect((await podsOf(a)).map(({ metadata }) => metadata.uid)).toEqual(before.map(({ metadata }) => metadata.uid));
    expect(await chats(a)).toBeGreaterThan(chatsBefore);
  });

  test("only the replicas change: the revision that serves is scaled", async () => {
    const { exitCode, output } = await stack.up(e);
    expect(output).not.toContain("error:");
    expect(exitCode).toBe(0);
    await stack.becomes({ live: a, replicas: { [earlier]: 0, [a]: 1 } });
  });

  test("a selector that somebody moved is seen and set right after a proof", async () => {
    const path = "/api/v1/namespaces/keye/services/keye";
    const body = { spec: { selector: { [revisionLabel]: "0000000000" } } };
    await stack.cluster.call({ method: "PATCH", path, body, contentType: "application/merge-patch+json" });
    const { exitCode, output } = await stack.up(e);
    expect(exitCode).toBe(0);
    expect(output).toContain("[switch]");
    expect((await stack.standing()).live).toBe(a);
  });
});
