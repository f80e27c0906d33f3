import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FakeHub, fakeCommit, sha256Of, startFakeHub } from "../support/fake-hub.ts";
import { emptyFolder, sumOfFile, textIn } from "../support/hydration.ts";

const main = resolve(import.meta.dirname, "../../infra/cli/main.ts");
const shard = randomBytes(4_000_000);
const files = { "config.json": "{}", "model-1.safetensors": shard, ".gitattributes": "lfs" };
const token = "hf_plantedPlantedPlanted99";

let hub: FakeHub;
let dir: string;

beforeEach(async () => {
  hub = await startFakeHub(files);
  dir = emptyFolder();
});

afterEach(async () => {
  await hub.close();
  rmSync(dir, { recursive: true });
});

interface Running {
  readonly child: ChildProcess;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<unknown>;
  readonly said: () => string;
}

function start(...args: readonly string[]): Running {
  const child = spawn(
    process.execPath,
    [main, "hydrate", "--source", "huggingface:owner/model", "--endpoint", hub.url, ...args],
    {
      env: { PATH: process.env.PATH ?? "", HF_TOKEN: `${token}\n` },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text) => (said += String(text)));
  return { child, ended: once(child, "close").then(([code, signal]) => code ?? signal), said: () => said };
}

/** Everything that the command has left anywhere. */
function leftBehind(): string {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes("safetensors"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    .join("\n");
}

const target = () => join(dir, "weights");
const part = () => join(target(), "model-1.safetensors.part");

/** Until some of the shard is there. */
async function begun(): Promise<void> {
  await expect.poll(() => existsSync(part()) && statSync(part()).size, { timeout: 20_000 }).toBeGreaterThan(100_000);
}

describe("keye hydrate", () => {
  test("killed in the middle goes on where it was, at once", async () => {
    hub.fault = ({ attempt }) => (attempt === 1 ? { kind: "slow", pause: 20 } : undefined);
    const first = start("--to", target());
    await begun();
    first.child.kill("SIGKILL");
    expect(await first.ended).toBe("SIGKILL");
    const there = statSync(part()).size;
    expect(readdirSync(join(target(), ".keye-hydrate")).sort()).toEqual(["ledger.json", "lock"]);

    const second = start("--to", target());
    expect(await second.ended).toBe(0);
    expect(second.said()).toMatch(
      /hydrate: 4.0 MB of 4.0 MB, .*\nhydrate: complete after \d+ s: 2 files, 4.0 MB, huggingface:owner\/model@0123.*\n$/,
    );
    const resumed = hub.seen.filter(({ at, headers }) => at === "cdn" && /^bytes=\d+-$/.test(headers.range ?? ""));
    expect(resumed.map(({ headers }) => headers.range)).toEqual([`bytes=${there}-`]);
    expect(sumOfFile(join(target(), "model-1.safetensors"))).toBe(sha256Of(shard));
    expect(existsSync(join(target(), ".keye-complete"))).toBe(true);
    expect(first.said() + second.said() + leftBehind()).not.toContain("planted");
  });

  test("ends within a second of SIGTERM, keeps what it has, and says so", async () => {
    hub.fault = () => ({ kind: "slow", pause: 20 });
    const termination = join(dir, "termination");
    const run = start("--to", target(), "--termination", termination);
    await begun();
    const asked = performance.now();
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(130);
    expect(performance.now() - asked).toBeLessThan(1_000);
    const lastWord = textIn(dir, "termination");
    expect(lastWord).toMatch(
      /^E_CANCELLED: .*Stopped by a signal at .* of 4.0 MB.*What is there is kept: run it again/,
    );
    expect(run.said().trimEnd().split("\n").at(-1)).toBe(lastWord);
    expect(statSync(part()).size).toBeGreaterThan(100_000);
    expect(readdirSync(join(target(), ".keye-hydrate"))).toEqual(["ledger.json"]);
  });

  test("of a gated repository exits 1 with the reason as its last word, in the termination message too", async () => {
    hub.refuse = (path) =>
      path.includes("resolve") ? { status: 403, headers: { "x-error-code": "GatedRepo" } } : undefined;
    const termination = join(dir, "termination");
    const run = start("--to", target(), "--termination", termination);
    expect(await run.ended).toBe(1);
    expect(textIn(dir, "termination")).toContain(
      "The repository is gated, and the token's account has not been let in",
    );
    expect(run.said() + leftBehind()).not.toContain("planted");
    expect(hub.seen.some(({ headers }) => headers.authorization === `Bearer ${token}`)).toBe(true);
  });

  test("--list shows what would be loaded and what not, and loads nothing", async () => {
    const run = start("--list");
    expect(await run.ended).toBe(0);
    expect(run.said()).toBe(`huggingface:owner/model@main is ${fakeCommit}
       2 B  git       config.json
    4.0 MB  sha256    model-1.safetensors
left out: 1 file, 3 B: .gitattributes
2 files, 4.0 MB; the token suffices
`);
  });

  test("with nothing to go by exits 2", async () => {
    const run = start();
    expect(await run.ended).toBe(2);
    expect(run.said()).toBe(
      "CONFIG_USAGE: keye hydrate: say where to, or --list: one of them. See keye hydrate --help.\n",
    );
  });

  test("from a hub that is away exits 4", async () => {
    hub.refuse = () => ({ status: 503 });
    const run = start("--to", target(), "--deadline", "1");
    expect(await run.ended).toBe(4);
    expect(run.said()).toContain(
      "ENV_UNREACHABLE: huggingface:owner/model: The deadline of 1 s came before the first byte.",
    );
  });
});
