import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type PulumiOperation, PulumiProgram } from "../support/pulumi-program.ts";

const root = resolve(import.meta.dirname, "../..");
const a = "aaaaaaaaaa";
const b = "bbbbbbbbbb";

const deadlines = {
  readySeconds: 1,
  probeSeconds: 1,
  verifySeconds: 1,
  soakSeconds: 0,
  drainSeconds: 0,
  drainLimitSeconds: 30,
  totalSeconds: 5,
};

const inputs = {
  namespace: "keye",
  app: "keye",
  service: "keye",
  revision: a,
  workload: "keye-a",
  replicas: 2,
  gpusPerReplica: 2,
  nodeSelector: {},
  port: 8000,
  strategy: "blueGreen",
  probe: { profile: "gate", expectation: {} },
  probeHash: "0123456789",
  imageDigest: `sha256:${"0".repeat(64)}`,
  deadlines,
  cooldownSeconds: 0,
};

interface Settings {
  readonly inputs?: object;
  /** What the promotion does. @default it passes */
  readonly outcome?: "fails" | "breaks";
  /** What the live Service selects. @default what was promoted */
  readonly live?: string;
}

describe("the plugin under the real engine", () => {
  const dir = mkdtempSync(join(tmpdir(), "rollgate-plugin-"));
  const calls = join(dir, "calls");
  let program: PulumiProgram;

  beforeAll(async () => {
    writeFileSync(calls, "");
    program = new PulumiProgram("rollgate", "");
    await program.init();
  });

  afterEach(() => writeFileSync(calls, ""));

  afterAll(() => {
    program?.remove();
    rmSync(dir, { recursive: true });
  });

  function run(operation: PulumiOperation, { inputs: changes, ...world }: Settings = {}) {
    return program.run(operation, { root, calls, inputs: { ...inputs, ...changes }, ...world });
  }

  /** What the world was asked for, in order, without the readings. */
  function promotions(): readonly string[] {
    return readFileSync(calls, "utf8")
      .split("\n")
      .filter((call) => call.startsWith("promote"));
  }

  async function stored() {
    const { deployment } = JSON.parse(await program.state());
    return deployment.resources.find(({ type }: { type: string }) => type === "rollgate:index:Promotion");
  }

  test("a preview asks for nothing but readings, and shows what is not known yet", async () => {
    const { exitCode, output } = await run("preview");
    expect(exitCode).toBe(0);
    expect(promotions()).toEqual([]);
    expect(output).toMatch(/activeRevision: \[unknown\]/);
    expect(output).toMatch(/version +: "v1\.36\.3"/);
  });

  test("an update promotes, shows its lines in order, and ends with the revision as output", async () => {
    const { exitCode, output } = await run("up");
    expect(exitCode).toBe(0);
    expect(promotions()).toEqual([`promote ${a}`]);
    expect(output).toMatch(/Promotion \(keye\):\s+\[one\] line\s+\[two\] line\s+\[three\] line\s+\[four\] line\n/);
    expect(output).toContain(`activeRevision: "${a}"`);
  });

  test("nothing changed, or only a deadline: nothing is promoted", async () => {
    expect((await run("up")).output).toMatch(/2 unchanged/);
    const later = await run("up", { inputs: { deadlines: { ...deadlines, totalSeconds: 9 } } });
    expect(later.output).toMatch(/2 unchanged/);
    expect(promotions()).toEqual([]);
  });

  test("a failed promotion is shown word for word, without a stack, and leaves the state as it was", async () => {
    const before = await stored();
    const { exitCode, output } = await run("up", { inputs: { revision: b }, outcome: "fails" });
    expect(exitCode).not.toBe(0);
    expect(output).toContain("wanted 4, got 5\n      pods  keye-a-1: text wrong\n      look  kubectl get events\n");
    expect(output).not.toMatch(/^\s+at /m);
    expect((await stored()).inputs.revision).toBe(before.inputs.revision);
    expect((await stored()).outputs).toEqual(before.outputs);
  });

  test("the next update with the same inputs tries again", async () => {
    const { exitCode } = await run("up", { inputs: { revision: b } });
    expect(exitCode).toBe(0);
    expect(promotions()).toEqual([`promote ${b}`]);
  });

  test("a selector that somebody moved is seen and promoted anew", async () => {
    const { exitCode } = await run("up", { inputs: { revision: b }, live: a });
    expect(exitCode).toBe(0);
    expect(promotions()).toEqual([`promote ${b}`]);
  });

  test("a revision that a killed update switched to is promoted, although it serves already", async () => {
    const { exitCode } = await run("up", { inputs: { revision: a }, live: a });
    expect(exitCode).toBe(0);
    expect(promotions()).toEqual([`promote ${a}`]);
  });

  test("a way back that failed marks the state: an update that changes nothing promotes", async () => {
    const { exitCode, output } = await run("up", { inputs: { revision: b }, outcome: "breaks" });
    expect(exitCode).not.toBe(0);
    expect(output).toContain("look  kubectl get events");
    expect((await stored()).initErrors).toHaveLength(1);
    writeFileSync(calls, "");
    expect((await run("up", { inputs: { revision: b } })).exitCode).toBe(0);
    expect(promotions()).toEqual([`promote ${b}`]);
    expect((await stored()).initErrors).toBeUndefined();
  });

  test("inputs of the wrong shape are told by path, before anything runs", async () => {
    const { exitCode, output } = await run("up", { inputs: { deadlines: { ...deadlines, readySeconds: -1 } } });
    expect(exitCode).not.toBe(0);
    expect(output).toContain("deadlines.readySeconds");
    expect(output).toContain("must be a number, at least 0.001 seconds, got -1");
    expect(promotions()).toEqual([]);
  });

  test("destroy removes it from the state and touches nothing", async () => {
    expect((await run("destroy")).exitCode).toBe(0);
    expect(promotions()).toEqual([]);
  });
});
