import { describe, expect, test } from "vitest";
import type { FoundLimits, FoundQuota } from "../../../../infra/core/doctor-facts.ts";
import { checkNamespace } from "../../../../infra/spec/doctor/check-namespace.ts";
import { buildPlan } from "../../../support/build-plan.ts";
import { hydrated } from "../../../support/weights-settings.ts";
import { linesOf, patient, seen, visit } from "./patient.ts";

const gib = 2 ** 30;
const hostPath = { kind: "hostPath", path: "/data", mountPath: "/models" };

function enforcing(level: string) {
  return { namespace: seen({ labels: { "pod-security.kubernetes.io/enforce": level }, isTerminating: false }) };
}

test("a namespace that is not there is a note", () => {
  expect(visit({}, { namespace: seen(undefined) })).toEqual([
    "note namespace-missing namespace keye: It is not there: the stack makes it, and Secrets and claims that the settings name must follow.",
  ]);
});

test("a namespace that is being deleted is an error", () => {
  expect(visit({}, { namespace: seen({ labels: {}, isTerminating: true }) })).toEqual([
    "error namespace-terminating namespace keye: It is being deleted: nothing new is let in.",
  ]);
});

const engine =
  'error pod-security namespace keye: It enforces Pod Security "restricted"; the engine\'s pods need "baseline": the image runs as root.';

describe("Pod Security", () => {
  test.each([
    { level: "restricted", settings: {}, lines: [engine] },
    { level: "baseline", settings: {}, lines: [] },
    { level: "privileged", settings: hydrated({ volume: hostPath }), lines: [] },
    { level: "restricted", settings: hydrated(), lines: [engine] },
    {
      level: "baseline",
      settings: hydrated({ volume: hostPath }),
      lines: [
        'error pod-security namespace keye: It enforces Pod Security "baseline"; the engine\'s pods need "privileged": they mount a folder of the node (model.volume hostPath).',
        'error pod-security namespace keye: It enforces Pod Security "baseline"; the Jobs that fetch the weights need "privileged": they mount a folder of the node (model.volume hostPath).',
      ],
    },
    {
      level: "baseline",
      settings: { engine: { cacheVolume: { kind: "hostPath", path: "/cache" } } },
      lines: [
        'error pod-security namespace keye: It enforces Pod Security "baseline"; the engine\'s pods need "privileged": they mount a folder of the node (engine.cacheVolume hostPath).',
      ],
    },
  ])("$level, with $settings", ({ level, settings, lines }) => {
    expect(visit(settings, enforcing(level)).filter((line) => line.includes("pod-security"))).toEqual(lines);
  });

  test("a build that is refused is a warning: a rollout does not wait for it", () => {
    const { config, facts } = patient({}, enforcing("baseline"));
    expect(linesOf(checkNamespace({ config: { ...config, image: buildPlan().image }, facts }))).toEqual([
      'warning pod-security namespace keye: It enforces Pod Security "baseline"; the build\'s pods need "privileged": rootless BuildKit runs with seccomp and AppArmor Unconfined.',
    ]);
  });
});

function quota(hard: Readonly<Record<string, number>>, used: Readonly<Record<string, number>> = {}): FoundQuota {
  return { name: "gpus", isScoped: false, hard, used };
}

const gpus = "requests.nvidia.com/gpu";

describe("a quota", () => {
  test.each([
    { what: "with room for old and new", strategy: "blueGreen", found: quota({ [gpus]: 8 }, { [gpus]: 4 }), lines: [] },
    {
      what: "without room for the new beside the old",
      strategy: "blueGreen",
      found: quota({ [gpus]: 6 }, { [gpus]: 4 }),
      lines: [
        "error quota quota gpus: It allows 6 of requests.nvidia.com/gpu, 4 are used; a new revision needs 4 beside what runs.",
      ],
    },
    {
      what: "with room for the first rollout alone",
      strategy: "blueGreen",
      found: quota({ [gpus]: 4 }),
      lines: [
        "warning quota-next-rollout quota gpus: It allows 4 of requests.nvidia.com/gpu: enough for one revision (4), and an update by blueGreen needs two at once.",
      ],
    },
    {
      what: "of memory",
      strategy: "blueGreen",
      found: quota({ "limits.memory": 100 * gib }),
      lines: [
        "error quota quota gpus: It allows 100 GiB of limits.memory, 0.0 GiB are used; a new revision needs 384 GiB beside what runs.",
      ],
    },
    { what: "of what no pod asks for", strategy: "blueGreen", found: quota({ "count/secrets": 0 }), lines: [] },
    {
      what: "for some pods only",
      strategy: "blueGreen",
      found: { ...quota({ [gpus]: 0 }), isScoped: true },
      lines: [
        "note quota-scoped quota gpus: It counts some pods only (scopes): whether the engine's are among them is not looked at.",
      ],
    },
  ])("$what", ({ strategy, found, lines }) => {
    expect(visit({ replicas: 2, rollout: { strategy } }, { quotas: seen([found]) })).toEqual(lines);
  });

  test("that is full of the old revision is enough for a strategy that gives it back first", () => {
    const { config, facts } = patient({ replicas: 2 }, { quotas: seen([quota({ [gpus]: 4 }, { [gpus]: 4 })]) });
    const recreating = { ...config, rollout: { ...config.rollout, strategy: "recreate" as const } };
    expect(checkNamespace({ config: recreating, facts })).toEqual([]);
    expect(checkNamespace({ config: { ...recreating, replicas: 3 }, facts }).map(({ what }) => what)).toEqual([
      "It allows 4 of requests.nvidia.com/gpu; a new revision needs 6.",
    ]);
  });
});

describe("a LimitRange", () => {
  const limits = { name: "small", type: "Container", max: {}, min: {} } satisfies FoundLimits;
  const created = hydrated({ volume: { kind: "pvc", claim: "keye-weights", mountPath: "/models", create: {} } });
  test.each([
    { what: "that an engine fits", settings: {}, found: { ...limits, max: { cpu: 64 } }, lines: [] },
    {
      what: "with a smaller maximum",
      settings: {},
      found: { ...limits, max: { memory: 64 * gib } },
      lines: [
        "error limit-range limits small: A Container may have at most 64 GiB of memory; an engine asks for 192 GiB.",
      ],
    },
    {
      what: "with a larger minimum",
      settings: {},
      found: { ...limits, type: "Pod", min: { cpu: 32 } },
      lines: ["error limit-range limits small: A Pod may have at least 32 of cpu; an engine asks for 16."],
    },
    {
      what: "of claims",
      settings: created,
      found: { ...limits, type: "PersistentVolumeClaim", max: { storage: 100 * gib } },
      lines: [
        "error limit-range limits small: A PersistentVolumeClaim may have at most 100 GiB of storage; model.volume.create asks for 150 GiB.",
      ],
    },
  ])("$what", ({ settings, found, lines }) => {
    const { config, facts } = patient(settings, { limitRanges: seen([found]) });
    expect(linesOf(checkNamespace({ config, facts }))).toEqual(lines);
  });
});
