import { clockPhases } from "../core/phase-budgets.ts";
import type { Strategy, TransportKind } from "../core/promotion-inputs.ts";
import { isRecord, isUnknown } from "./property-values.ts";

/** One thing that is wrong with a resource's inputs, as the engine reports it. */
export interface InputFailure {
  /** Path such as `deadlines.readySeconds`. */
  readonly property: string;
  readonly reason: string;
}

type Rule = (value: unknown, path: string) => readonly InputFailure[];

const strategies: readonly Strategy[] = ["blueGreen", "canary", "recreate", "auto"];
const transports: readonly TransportKind[] = ["port-forward", "in-cluster"];
const profiles = ["smoke", "gate", "soak"];

const name = text(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, "a Kubernetes name");
const hash = text(/^[0-9a-f]{10}$/, "10 hex digits");
const anyText = text(/./, "text that is not empty");
const stringMap = mapOf(text(/^/, "text"));
const seconds = number({ min: 0, isWhole: false, unit: " seconds" });
const somewhatOfSeconds = number({ min: 0.001, isWhole: false, unit: " seconds" });

const deadlines = record({
  readySeconds: somewhatOfSeconds,
  probeSeconds: somewhatOfSeconds,
  verifySeconds: somewhatOfSeconds,
  soakSeconds: seconds,
  drainSeconds: seconds,
  drainLimitSeconds: seconds,
  totalSeconds: somewhatOfSeconds,
});

const probe = record(
  { profile: oneOf(profiles), expectation: mapOf(() => []) },
  {
    consecutivePasses: number({ min: 1, isWhole: true, unit: "" }),
    timeoutsSeconds: mapOf(somewhatOfSeconds),
    deadlinesSeconds: mapOf(somewhatOfSeconds),
    latency: record({}, { ttftSeconds: somewhatOfSeconds, interTokenSeconds: somewhatOfSeconds }),
  },
);

const wholePositive = number({ min: 1, isWhole: true, unit: "" });

const supply = record({
  jobs: listOf(
    record(
      { name, kind: oneOf(["hydrate", "prePull"]) },
      { node: name, bytes: number({ min: 0, isWhole: false, unit: " bytes" }) },
    ),
  ),
  parallelism: wholePositive,
  deadlineSeconds: somewhatOfSeconds,
});

const growth = record({
  pools: listOf(record({ nodeLabels: stringMap, maxNodes: wholePositive, gpusPerNode: wholePositive })),
  nodeStartSeconds: somewhatOfSeconds,
});

const budgets = record(Object.fromEntries(clockPhases.map((phase) => [phase, seconds])));

const promotionInputs = record(
  {
    namespace: name,
    app: name,
    service: name,
    revision: hash,
    workload: name,
    replicas: number({ min: 1, isWhole: true, unit: "" }),
    gpusPerReplica: number({ min: 0, isWhole: true, unit: "" }),
    nodeSelector: stringMap,
    port: number({ min: 1, max: 65_535, isWhole: true, unit: "" }),
    strategy: oneOf(strategies),
    probe,
    probeHash: hash,
    imageDigest: text(/^sha256:[0-9a-f]{64}$/, '"sha256:" and 64 hex digits'),
    deadlines,
    cooldownSeconds: seconds,
  },
  {
    context: anyText,
    retryNonce: text(/^/, "text"),
    supply,
    growth,
    budgets,
    cacheKey: hash,
    transport: oneOf(transports),
    apiKeySecret: record({ name, key: anyText }),
    watchdog: record({ image: anyText, staleSeconds: somewhatOfSeconds }),
    evidenceDir: anyText,
  },
);

/** Everything that is wrong with the inputs of a `rollgate:index:Promotion`. What is not known yet passes. */
export function checkPromotionInputs(inputs: unknown): readonly InputFailure[] {
  return promotionInputs(inputs, "");
}

/** Everything that is wrong with the arguments of `rollgate:index:inspectNodes`. */
export function checkInspectArgs(args: unknown): readonly InputFailure[] {
  const pool = record({ name: anyText, selector: stringMap }, { rdma: anyText });
  const kind = record({ apiVersion: anyText, kind: anyText });
  return record({ pools: listOf(pool) }, { context: anyText, kinds: listOf(kind) })(args, "");
}

/** Everything that is wrong with the arguments of `rollgate:index:inspectReferences`. */
export function checkReferenceArgs(args: unknown): readonly InputFailure[] {
  return record({ namespace: name, claims: listOf(name), secrets: listOf(name) }, { context: anyText })(args, "");
}

/** Everything that is wrong with the arguments of `rollgate:index:inspectRevisions`. */
export function checkRevisionsArgs(args: unknown): readonly InputFailure[] {
  const atMost = number({ min: 0, isWhole: true, unit: "" });
  return record({ namespace: name, app: name, target: hash, atMost }, { context: anyText })(args, "");
}

/** Everything that is wrong with the arguments of `rollgate:index:planHeadroom`. The pod's spec is the chart's. */
export function checkHeadroomArgs(args: unknown): readonly InputFailure[] {
  return record(
    {
      namespace: name,
      app: name,
      service: name,
      revision: hash,
      replicas: wholePositive,
      podSpec: mapOf(() => []),
      adopted: listOf(record({ selector: stringMap, labels: stringMap })),
    },
    { context: anyText, podsPerReplica: wholePositive, growth },
  )(args, "");
}

function record(required: Readonly<Record<string, Rule>>, optional: Readonly<Record<string, Rule>> = {}): Rule {
  return (value, path) => {
    if (isUnknown(value)) return [];
    if (!isRecord(value)) return wrong(path, "an object", value);
    const rules = { ...required, ...optional };
    const failures = Object.entries(rules).flatMap(([key, rule]) => {
      if (value[key] !== undefined) return rule(value[key], join(path, key));
      return key in required ? [{ property: join(path, key), reason: "is missing" }] : [];
    });
    const strangers = Object.keys(value).filter((key) => !(key in rules));
    return [...failures, ...strangers.map((key) => ({ property: join(path, key), reason: "is not an input" }))];
  };
}

function mapOf(rule: Rule): Rule {
  return (value, path) => {
    if (isUnknown(value)) return [];
    if (!isRecord(value)) return wrong(path, "an object", value);
    return Object.entries(value).flatMap(([key, field]) => rule(field, join(path, key)));
  };
}

function listOf(rule: Rule): Rule {
  return (value, path) => {
    if (isUnknown(value)) return [];
    if (!Array.isArray(value)) return wrong(path, "a list", value);
    return value.flatMap((item, index) => rule(item, `${path}[${index}]`));
  };
}

function text(pattern: RegExp, wanted: string): Rule {
  return (value, path) =>
    isUnknown(value) || (typeof value === "string" && pattern.test(value)) ? [] : wrong(path, wanted, value);
}

function oneOf(choices: readonly string[]): Rule {
  return (value, path) =>
    isUnknown(value) || choices.some((choice) => choice === value)
      ? []
      : wrong(path, `one of ${choices.join(", ")}`, value);
}

interface NumberLimits {
  readonly min: number;
  readonly max?: number;
  readonly isWhole: boolean;
  readonly unit: string;
}

function number({ min, max = Number.POSITIVE_INFINITY, isWhole, unit }: NumberLimits): Rule {
  const range = max === Number.POSITIVE_INFINITY ? `at least ${min}${unit}` : `${min} to ${max}${unit}`;
  return (value, path) => {
    if (isUnknown(value)) return [];
    const fits = typeof value === "number" && value >= min && value <= max && (!isWhole || Number.isInteger(value));
    return fits ? [] : wrong(path, `a ${isWhole ? "whole " : ""}number, ${range}`, value);
  };
}

function wrong(path: string, wanted: string, got: unknown): readonly InputFailure[] {
  return [{ property: path, reason: `must be ${wanted}, got ${JSON.stringify(got)}` }];
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
