import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../infra/config/parse.ts";
import { phaseBudgets } from "../../../infra/config/phase-budgets.ts";
import { karpenterPool } from "../../support/elastic-pools.ts";
import { stackConfig } from "../../support/stack-config.ts";

const onDisk = { path: "/models/keye", volume: { kind: "hostPath", path: "/data", mountPath: "/models" } };
const onClaim = { path: "/models/keye", volume: { kind: "pvc", claim: "weights", mountPath: "/models" } };

function deadlinesOf(settings: Readonly<Record<string, unknown>>) {
  const { engine, rollout } = stackConfig(settings);
  const { readySeconds, totalSeconds } = rollout.deadlines;
  return { startupSeconds: engine.startupSeconds, readySeconds, totalSeconds };
}

describe("deadlines follow from what has to be moved", () => {
  test.each([
    ["62 GB on a disk of the node", { model: onDisk }, 2640],
    ["62 GB on a claim", { model: onClaim }, 3000],
    [
      "62 GB on a slow claim",
      { model: { ...onClaim, volume: { ...onClaim.volume, readMegabytesPerSecond: 50 } } },
      4380,
    ],
    ["62 GB that the engine downloads", {}, 4380],
    ["6 GB on a claim", { model: { ...onClaim, size: "6G" } }, 2580],
  ])("%s", (_, settings, startupSeconds) => {
    expect(deadlinesOf(settings).startupSeconds).toBe(startupSeconds);
  });

  test("pods that pull for themselves get the time for it", () => {
    expect(deadlinesOf({ model: onDisk }).readySeconds).toBe(2640 + 90 + 60);
    expect(deadlinesOf({ model: onDisk, supply: { prePull: false } }).readySeconds).toBe(2640 + 90 + 60 + 400);
  });

  test("the whole has room for its parts, and for one replica that fills the shared cache first", () => {
    const alone = deadlinesOf({ model: onDisk }).totalSeconds;
    const shared = { model: onDisk, engine: { cacheVolume: { kind: "pvc", claim: "kernels" } } };
    expect(alone).toBe(3600 + 2790 + 600 + 120 + 60 + 1800 + 300);
    expect(deadlinesOf(shared).totalSeconds).toBe(alone + 2790);
  });

  test("a canary starts, proves and drains one replica after another", () => {
    const blueGreen = deadlinesOf({ replicas: 3 }).totalSeconds;
    const { readySeconds, totalSeconds } = deadlinesOf({ replicas: 3, rollout: { strategy: "canary" } });
    const once = readySeconds + 600 + 1800;
    expect(totalSeconds).toBe(blueGreen - once + 3 * (once + 120));
  });

  test("what is given stays", () => {
    const given = {
      engine: { startupSeconds: 100 },
      rollout: { deadlines: { readySeconds: 200, totalSeconds: 3000 } },
    };
    expect(deadlinesOf(given)).toEqual({ startupSeconds: 100, readySeconds: 200, totalSeconds: 3000 });
  });

  test("a setting that they follow from and that is refused is the only problem", () => {
    const parsed = parseConfig({ image: { digest: `sha256:${"0".repeat(64)}` }, model: { size: "much" } });
    expect(parsed.kind === "problems" && parsed.problems.map(({ path }) => path)).toEqual(["model.size"]);
  });
});

test("weights that a Job fetches have a budget of their own", () => {
  const weights = { kind: "huggingface", repo: "Kwai-Keye/Keye-VL-2.0-30B-A3B" };
  const revision = "0123456789abcdef0123456789abcdef01234567";
  const tools = `registry.example/keye-stack@sha256:${"0".repeat(64)}`;
  const fetched = stackConfig({ model: { ...onDisk, weights, revision }, toolsImage: tools });
  expect(phaseBudgets(fetched).hydrate).toBe(60 + 1240);
  expect(phaseBudgets(stackConfig({ model: onDisk })).hydrate).toBe(0);
});

test("where nodes come only once pods wait for them, scheduling takes a node's time and every pod pulls its image", () => {
  const { schedule, pull } = phaseBudgets(stackConfig());
  expect({ schedule, pull }).toEqual({ schedule: 90, pull: 60 });
  const elastic = stackConfig({ nodePools: [{ ...karpenterPool, nodeStartSeconds: 900 }] });
  expect(phaseBudgets(elastic)).toMatchObject({ schedule: 900, pull: 60 + 400 });
  expect(elastic.rollout.deadlines.readySeconds - elastic.engine.startupSeconds).toBe(900 + 460);
});
