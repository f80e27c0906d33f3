import { describe, expect, test } from "vitest";
import { crossChecks } from "../../../infra/config/cross-checks.ts";
import { configError, parseConfig, problemLine } from "../../../infra/config/parse.ts";
import { type ConfigProblem, fieldRules } from "../../../infra/config/problem.ts";
import { textRules } from "../../../infra/config/text-rules.ts";
import { DeployError } from "../../../infra/core/errors.ts";
import { fixtures, stackSettings } from "./config-fixtures.ts";

const digest = `sha256:${"c0ffee00".repeat(8)}`;

function problemsOf(settings: unknown): readonly ConfigProblem[] {
  const result = parseConfig(settings);
  return result.kind === "problems" ? result.problems : [];
}

describe("settings that are refused", () => {
  const invalid = fixtures("invalid");

  test.each(invalid)("$name is refused with exactly the problems that it lists", ({ settings, refusals }) => {
    expect(problemsOf(settings).map(problemLine)).toEqual(refusals);
  });

  test("every rule has a file that breaks it", () => {
    const forms = Object.values(textRules).map((rule) => `text:${rule.name}`);
    const rules = [...fieldRules, ...forms, ...crossChecks.map((check) => check.name)];
    const broken = new Set(invalid.flatMap(({ settings }) => problemsOf(settings).map((problem) => problem.rule)));
    expect(rules.filter((rule) => !broken.has(rule))).toEqual([]);
  });

  test("a file that holds a secret in the wrong place is refused without showing it", () => {
    const withSecret = invalid.filter(({ settings }) => JSON.stringify(settings).includes("do-not-print-me"));
    expect(withSecret.length).toBeGreaterThan(3);
    expect(withSecret.filter(({ refusals }) => refusals.join().includes("do-not-print-me"))).toEqual([]);
  });

  test.each([[undefined], [null]])("no settings at all (%s) are answered with where to put them", (nothing) => {
    expect(problemsOf(nothing).map(problemLine)).toEqual([
      "keye-stack:stack: there are no settings. Put them under keye-stack:stack in Pulumi.<stack>.yaml; Pulumi.example-h800.yaml shows how.",
    ]);
  });
});

describe("settings that are accepted", () => {
  test.each(fixtures("valid"))("$name is accepted", ({ settings }) => {
    expect(problemsOf(settings)).toEqual([]);
  });

  test.each(["rehearsal", "example-h800"])("the stack %s is accepted", (stack) => {
    expect(problemsOf(stackSettings(stack))).toEqual([]);
  });

  test("the digest alone gives the authors' launch on two replicas", () => {
    expect(parseConfig({ image: { digest } })).toMatchInlineSnapshot(`
      {
        "config": {
          "engine": {
            "enableMetrics": true,
            "env": {},
            "extraArgs": [],
            "memFractionStatic": 0.8,
            "nodesPerReplica": 1,
            "podAnnotations": {},
            "port": 8000,
            "resources": {
              "cpu": "16",
              "memory": "192Gi",
              "shm": "32Gi",
            },
            "startupSeconds": 4380,
            "terminationGraceSeconds": 1830,
            "tpSize": 2,
          },
          "gate": {
            "consecutivePasses": 3,
            "expect": {
              "architecture": "KeyeVL2MoeForConditionalGeneration",
              "attentionBackend": "keye_sa",
              "pageSize": 64,
            },
            "latency": {
              "interTokenSeconds": null,
              "ttftSeconds": null,
            },
            "profile": "gate",
            "transport": "port-forward",
          },
          "image": {
            "digest": "sha256:c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00",
            "kind": "prebuilt",
            "pullPolicy": "IfNotPresent",
            "pullSecrets": [],
            "repository": "kwaikeye/kwai-keye-vl",
            "tag": "keye_vl_v2_30b_a3b",
          },
          "model": {
            "path": "Kwai-Keye/Keye-VL-2.0-30B-A3B",
            "servedName": "keye-vl-2.0-30b-a3b",
            "size": "62G",
          },
          "name": "keye",
          "namespace": "keye",
          "nodePools": [
            {
              "gpuProducts": [
                "NVIDIA-H800",
                "NVIDIA-H800-80GB-HBM3",
                "NVIDIA-H800-PCIe",
                "NVIDIA-H800-NVL",
              ],
              "gpusPerNode": 8,
              "labels": {},
              "minNodes": 1,
              "name": "h800",
              "provider": "existing",
              "selector": {
                "nvidia.com/gpu.product": "NVIDIA-H800",
              },
              "spot": false,
              "taints": [],
            },
          ],
          "replicas": 2,
          "rollout": {
            "cooldownSeconds": 1800,
            "deadlines": {
              "drainLimitSeconds": 1800,
              "drainSeconds": 60,
              "probeSeconds": 600,
              "readySeconds": 4530,
              "soakSeconds": 60,
              "totalSeconds": 11010,
              "verifySeconds": 120,
            },
            "keepRevisions": 1,
            "strategy": "blueGreen",
            "watchdogSeconds": 120,
          },
          "supply": {
            "deadlineSeconds": 3600,
            "parallelism": 4,
            "prePull": true,
          },
        },
        "kind": "ok",
      }
    `);
  });

  test("what is given replaces defaults and nothing beside them", () => {
    const small = parseConfig({ image: { digest }, engine: { tpSize: 4 }, gate: { expect: { pageSize: null } } });
    const plain = parseConfig({ image: { digest } });
    if (small.kind !== "ok" || plain.kind !== "ok") throw new Error("refused");
    const { engine, gate } = plain.config;
    expect(small.config).toEqual({
      ...plain.config,
      engine: { ...engine, tpSize: 4 },
      gate: { ...gate, expect: { ...gate.expect, pageSize: null } },
    });
  });
});

describe("the error for refused settings", () => {
  test("lists every problem on a numbered line, after the file that holds them", () => {
    const problems = problemsOf({ image: { digest }, engine: { port: 60000 }, replicas: 0 });
    const error = configError(problems, "Pulumi.staging.yaml");
    expect(error).toBeInstanceOf(DeployError);
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toMatchInlineSnapshot(`
      "CONFIG_INVALID: Pulumi.staging.yaml: 2 problems in the settings; docs/settings.md describes each.
        1. engine.port: got 60000, wanted 1 to 55535. The server also takes the port 10000 above for gRPC, which must be at most 65535.
        2. replicas: got 0, wanted 1 to 64."
    `);
  });
});
