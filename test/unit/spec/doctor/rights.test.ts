import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { accessQuestions, rights } from "../../../../infra/spec/doctor/rights.ts";
import { clusterApiPool, machinePool } from "../../../support/elastic-pools.ts";
import { stackConfig } from "../../../support/stack-config.ts";
import { hydrated } from "../../../support/weights-settings.ts";
import { patient, refused, seen, visit } from "./patient.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface Role {
  readonly kind: "Role" | "ClusterRole";
  readonly rules: readonly Rule[];
}

/** `scope group resource verb name` of every right. */
function documented(): readonly string[] {
  const text = readFileSync(resolve(import.meta.dirname, "../../../../docs/rbac.md"), "utf8");
  const yaml = /```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? "";
  // The block holds Roles and ClusterRoles alone.
  const roles = parseAllDocuments(yaml).map((document) => document.toJS() as Role);
  return roles.flatMap(({ kind, rules }) =>
    rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [""] }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.flatMap((verb) =>
            resourceNames.map((name) =>
              [kind === "Role" ? "namespace" : "cluster", group, resource, verb, name].join(" "),
            ),
          ),
        ),
      ),
    ),
  );
}

const names = { app: "keye", apiKeySecret: "keye-api" } as const;

function tabled(): readonly string[] {
  return rights.flatMap(({ scope, group, resources, verbs, name }) =>
    resources.flatMap((resource) =>
      verbs.map((verb) => [scope, group, resource, verb, name === undefined ? "" : names[name]].join(" ")),
    ),
  );
}

test("docs/rbac.md and the table have the same rights", () => {
  const sorted = (lines: readonly string[]) => [...new Set(lines)].sort();
  expect(documented().length).toBeGreaterThan(50);
  expect(sorted(tabled())).toEqual(sorted(documented()));
});

test("only what the settings need is asked for", () => {
  const asked = (settings: Readonly<Record<string, unknown>>) =>
    accessQuestions(stackConfig(settings)).map(({ resource, name }) => `${resource}${name ? ` ${name}` : ""}`);
  const secret = { name: "api", key: "key" };
  const plain = asked({ gate: { transport: "in-cluster" }, supply: { prePull: false } });
  for (const resource of ["pods/portforward", "secrets api", "persistentvolumeclaims", "jobs"]) {
    expect(plain).not.toContain(resource);
  }
  const full = asked({ ...hydrated(), engine: { apiKeySecret: secret } });
  expect(full).toEqual(
    expect.arrayContaining(["pods/portforward", "secrets api", "persistentvolumeclaims", "jobs", "services keye"]),
  );
});

test("rights on the objects that make nodes are asked for where the pools stand", () => {
  const file = resolve(import.meta.dirname, "../../../fixtures/config/valid-cluster-api.yaml");
  const config = stackConfig(parse(readFileSync(file, "utf8")));
  const asked = accessQuestions(config).filter(({ group }) => group === "cluster.x-k8s.io");
  expect(asked.map(({ namespace, verb }) => `${namespace} ${verb}`)).toEqual(
    ["get", "list", "watch", "create", "patch", "delete"].map((verb) => `clusters ${verb}`),
  );
  expect(accessQuestions(config).filter(({ group }) => group === "karpenter.sh")).toEqual([]);
});

test.each([
  { settings: clusterApiPool, resources: ["machinedeployments"] },
  { settings: machinePool, resources: ["machinepools"] },
])("rights on $resources are asked for where a pool is one, and on no other kind", ({ settings, resources }) => {
  const asked = accessQuestions(stackConfig({ nodePools: [settings] })).filter(
    ({ group }) => group === "cluster.x-k8s.io",
  );
  expect([...new Set(asked.map(({ resource }) => resource))]).toEqual(resources);
});

test("verbs that are refused become one finding for each resource, with the rule to add", () => {
  const { facts, config } = patient();
  const answers = facts.access.kind === "seen" ? facts.access.value : [];
  const access = seen(
    answers.map((one) => ({ ...one, isAllowed: one.resource !== "nodes" && one.resource !== "deployments/scale" })),
  );
  expect(visit({}, { access })).toEqual([
    `error right-missing deployments/scale in namespace ${config.namespace}: The identity may not patch them, and a deployment must.`,
    "error right-missing nodes in the whole cluster: The identity may not get, list, watch, patch them, and a deployment must.",
  ]);
});

test("what may not be read is a note, and never an error", () => {
  const facts = {
    nodes: refused,
    namespace: refused,
    quotas: refused,
    limitRanges: refused,
    storageClasses: refused,
    claims: [{ name: "keye-weights", found: refused }],
    secrets: [{ name: "keye-api", found: refused }],
    runtimeClass: refused,
    access: refused,
  };
  const settings = {
    ...hydrated(),
    engine: { runtimeClassName: "nvidia", apiKeySecret: { name: "keye-api", key: "key" } },
  };
  const lines = visit(settings, facts);
  expect(lines).toHaveLength(9);
  expect(new Set(lines)).toEqual(
    new Set(["note not-looked-at things: They could not be looked at: the identity may not read them."]),
  );
});
