import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readProgress } from "../../../infra/status/engine-log.ts";
import { EngineUnderTest, stackFlags } from "./support.ts";

const cache = { SGLANG_DG_CACHE_DIR: "/var/cache/keye/0123456789/deep_gemm" };

/** An engine whose volumes lie below one folder of this machine. */
function engineOn(root: string, flags: readonly string[] = [], env: Record<string, string> = cache) {
  const onDisk = (path: string) => (path.startsWith("/") ? join(root, path) : undefined);
  return new EngineUnderTest([...stackFlags, ...flags], { compileSeconds: 600, onDisk, env });
}

function emptyRoot(): string {
  return mkdtempSync(join(tmpdir(), "keye-engine-"));
}

/** Simulated seconds of the start-up, which runs 20 times as fast. */
async function secondsToReady(engine: EngineUnderTest): Promise<number> {
  const begun = engine.clock.now();
  await engine.untilReady(50);
  return Math.round(((engine.clock.now() - begun) / 1000) * 20);
}

describe("compiling kernels", () => {
  test("takes its time where the cache is empty, and fills it for the next start", async () => {
    const root = emptyRoot();
    await using cold = engineOn(root);
    const coldSeconds = await secondsToReady(cold);
    expect(readdirSync(join(root, cache.SGLANG_DG_CACHE_DIR, "cache"))).toHaveLength(16);
    await using warm = engineOn(root);
    const warmSeconds = await secondsToReady(warm);
    expect(coldSeconds - warmSeconds).toBeGreaterThan(590);
    expect(coldSeconds - warmSeconds).toBeLessThan(640);
    expect(warm.lines.join("\n")).not.toContain("DeepGEMM");
  });

  test("shows in the log as what the status takes for compiling, until the graphs go on", async () => {
    await using engine = engineOn(emptyRoot());
    await engine.untilLogged("DeepGEMM warmup:  50%", 50);
    expect(readProgress(engine.lines.join("\n"))).toMatchObject({ phase: "graphs", isCompiling: true });
    await engine.untilLogged("Capturing batches", 50);
    expect(readProgress(engine.lines.join("\n"))).not.toHaveProperty("isCompiling");
  });

  test("goes on where a killed start left off", async () => {
    const root = emptyRoot();
    await using killed = engineOn(root);
    await killed.untilLogged("DeepGEMM warmup:  50%", 50);
    killed.process.kill("SIGKILL");
    await using next = engineOn(root);
    await next.untilReady(50);
    expect(next.lines.filter((line) => line.includes("DeepGEMM warmup"))).toHaveLength(8);
  });

  test("is done by every start where no volume keeps it", async () => {
    await using engine = new EngineUnderTest(stackFlags, { compileSeconds: 600, env: cache });
    expect(await secondsToReady(engine)).toBeGreaterThan(600);
  });
});

describe("weights on a volume", () => {
  const path = "/models/keye/0123456789ab";

  test("that are not complete end the start as an unknown model does", async () => {
    const root = emptyRoot();
    mkdirSync(join(root, path, ".keye-hydrate"), { recursive: true });
    await using engine = engineOn(root, [`--model-path=${path}`]);
    expect((await engine.untilExit()).exitCode).toBe(1);
    expect(engine.lines.join("\n")).toContain(`OSError: ${path} does not appear to have a file named config.json.`);
  });

  test.each([
    { what: "with their configuration", fill: (folder: string) => writeFileSync(join(folder, "config.json"), "{}") },
    { what: "in an empty folder, which stands for all of them", fill: () => undefined },
  ])("$what are loaded", async ({ fill }) => {
    const root = emptyRoot();
    mkdirSync(join(root, path), { recursive: true });
    fill(join(root, path));
    await using engine = engineOn(root, [`--model-path=${path}`]);
    await engine.untilReady(50);
  });
});
