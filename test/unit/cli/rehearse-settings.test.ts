import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import {
  pinForRehearsal,
  presentChanges,
  rehearsalChanges,
  type SettingChange,
  strategyChange,
  writeSettings,
} from "../../../infra/cli/rehearse-copy/settings.ts";
import { readStackFile } from "../../../infra/cli/stack-file.ts";
import type { StackConfig } from "../../../infra/config/stack-config.ts";
import { emptyLock } from "../../../infra/spec/lock/lock.ts";
import { stackConfig, testDigest } from "../../support/stack-config.ts";

let folder = "";
let stackFile = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rehearse-settings-"));
  stackFile = join(folder, "Pulumi.prod.yaml");
  writeFileSync(join(folder, "salt.yaml"), "encryptionsalt: v1:rehearsal\n");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The settings as the rehearsal's program will read them, and the file that holds them. */
function rehearsed(
  settings: object,
  more: (config: StackConfig) => readonly SettingChange[] = () => [],
): { readonly config: StackConfig; readonly text: string } {
  const others = { encryptionsalt: "v1:prod", "aws:region": "cn-1" };
  writeFileSync(stackFile, stringify({ ...others, config: { "keye-stack:stack": settings, "aws:region": "cn-1" } }));
  const config = readStackFile(stackFile);
  const { stack } = pinForRehearsal(config, emptyLock, stackFile);
  const files = { stackFile, saltOf: join(folder, "salt.yaml"), folder, name: "rehearsal" };
  const file = writeSettings(files, [
    ...rehearsalChanges(stack, { pools: stack.nodePools, speed: 30 }),
    ...more(stack),
  ]);
  return { config: readStackFile(file), text: readFileSync(file, "utf8") };
}

const digest = { image: { digest: testDigest } };

test("nothing leads to the target, and nothing else of the stack's file is taken along", () => {
  const { config, text } = rehearsed({ ...digest, context: "production", gate: { transport: "in-cluster" } });
  expect(config.context).toBeUndefined();
  expect(config.gate.transport).toBe("port-forward");
  expect(text).not.toMatch(/v1:prod|cn-1/);
  expect(text).toContain("encryptionsalt: v1:rehearsal");
});

test("what decides where pods find room stays", () => {
  const settings = {
    ...digest,
    replicas: 3,
    engine: { tpSize: 4, resources: { cpu: "24", memory: "300Gi" }, apiKeySecret: { name: "key", key: "k" } },
    nodePools: [{ name: "a", gpusPerNode: 4, taints: [{ key: "team", effect: "NoSchedule" }] }],
  };
  const { engine, nodePools, replicas } = rehearsed(settings).config;
  expect({ engine: { ...engine, podAnnotations: {} }, nodePools, replicas }).toEqual({
    engine: stackConfig(settings).engine,
    nodePools: stackConfig(settings).nodePools,
    replicas: 3,
  });
});

test("waits that only pass time are short, others stay; engines start at the speed that was asked for", () => {
  const deadlines = { soakSeconds: 300, drainSeconds: 60, readySeconds: 5000 };
  const { rollout, engine, gate } = rehearsed({ ...digest, rollout: { deadlines, cooldownSeconds: 900 } }).config;
  expect(rollout.deadlines).toMatchObject({ soakSeconds: 3, drainSeconds: 5, readySeconds: 5000 });
  expect(rollout.cooldownSeconds).toBe(0);
  expect(engine.podAnnotations).toEqual({ "rehearsal.keye-stack.dev/speed": "30" });
  expect(gate.latency).toEqual({ ttftSeconds: null, interTokenSeconds: null });
});

test("a wait that is shorter than that stays as it is", () => {
  const deadlines = { soakSeconds: 0, drainSeconds: 1 };
  expect(rehearsed({ ...digest, rollout: { deadlines } }).config.rollout.deadlines).toMatchObject(deadlines);
});

test("what would fetch weights and pull images is left out", () => {
  const { model, supply, image } = rehearsed({
    image: { digest: testDigest, pullSecrets: ["registry"] },
    toolsImage: `registry.example.com/tools@${testDigest}`,
    model: {
      path: "/models",
      revision: "c".repeat(40),
      weights: { kind: "huggingface", repo: "Kwai-Keye/Keye-VL-2.0-30B-A3B" },
      volume: { kind: "hostPath", path: "/data", mountPath: "/models" },
    },
    supply: { prePull: true },
  }).config;
  expect(model.weights).toBeUndefined();
  expect(model.path).toBe(`/models/${"c".repeat(12)}`);
  expect(supply.prePull).toBe(false);
  expect(image.pullSecrets).toEqual([]);
});

test.each([
  ["an image without a digest", { image: { tag: "v2" } }],
  ["an image to be built", { image: { kind: "source", repository: "registry.example.com/keye" } }],
])("%s gets a made-up one where the lock has none, and that is told", (_, settings) => {
  const { image } = rehearsed(settings).config;
  expect(image).toMatchObject({ kind: "prebuilt", digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
  expect(pinForRehearsal(readStackFile(stackFile), emptyLock, stackFile).isMadeUp).toBe(true);
});

test("weights that the lock does not know are left out too, and a digest that is given stays", () => {
  const { model, image } = rehearsed({
    ...digest,
    toolsImage: `registry.example.com/tools@${testDigest}`,
    model: {
      path: "/models",
      weights: { kind: "huggingface", repo: "Kwai-Keye/Keye-VL-2.0-30B-A3B" },
      volume: { kind: "hostPath", path: "/data", mountPath: "/models" },
    },
  }).config;
  expect([model.weights, model.revision, model.path]).toEqual([undefined, undefined, "/models"]);
  expect(image).toMatchObject({ digest: testDigest });
});

test("the present has the replicas and the size of what serves, and is another revision", () => {
  const resources = { requests: { cpu: "12", memory: "128Gi", "nvidia.com/gpu": "4" } };
  const serving = Array.from({ length: 3 }, () => ({ pod: { containers: [{ name: "engine", resources }] }, pods: 1 }));
  const { config } = rehearsed(digest, (stack) => presentChanges(stack, serving));
  const { replicas, engine } = config;
  expect({ replicas, tpSize: engine.tpSize, cpu: engine.resources.cpu }).toEqual({ replicas: 3, tpSize: 4, cpu: "12" });
  expect(Number(engine.resources.memory)).toBe(128 * 2 ** 30);
  expect(engine.podAnnotations["rehearsal.keye-stack.dev/present"]).toBe("true");
});

const ofTwo = { requests: { cpu: "16", memory: "192Gi", "nvidia.com/gpu": "2" } };

test.each([
  {
    what: "groups where the settings want pods by themselves",
    engine: { tpSize: 2 },
    pods: 2,
    expected: { tpSize: 4, nodesPerReplica: 2 },
  },
  {
    what: "pods by themselves where the settings want groups",
    engine: { tpSize: 4, nodesPerReplica: 2 },
    pods: 1,
    expected: { tpSize: 2, nodesPerReplica: 1 },
  },
])("the present is $what, whichever strategy the settings have", ({ engine, pods, expected }) => {
  const serving = [0, 1].map(() => ({ pod: { containers: [{ name: "engine", resources: ofTwo }] }, pods }));
  const strategy = engine.nodesPerReplica === undefined ? "canary" : "blueGreen";
  const { config } = rehearsed({ ...digest, replicas: 2, engine, rollout: { strategy } }, (stack) =>
    presentChanges(stack, serving),
  );
  expect(config.engine).toMatchObject(expected);
  expect(config.replicas).toBe(2);
});

test("the strategy is the one that is played", () => {
  const { config } = rehearsed({ ...digest, rollout: { strategy: "auto" } }, () => [strategyChange("recreate")]);
  expect(config.rollout.strategy).toBe("recreate");
});
