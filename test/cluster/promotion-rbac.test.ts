import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";
import { type Right, rights } from "../../infra/spec/doctor/rights.ts";
import type { Setting } from "../../scripts/story/stack-file.ts";
import { type CommandOptions, PromotionStack } from "../support/promotion-stack.ts";
import { quick } from "../support/quick-promotion.ts";
import { stackConfig } from "../support/stack-config.ts";

const account = { name: "deployer", namespace: "keye" };
const document = resolve(import.meta.dirname, "../../docs/rbac.md");
const rbac = "/apis/rbac.authorization.k8s.io/v1";

/** What this stack has no use for, and what has. */
const unneededHere: Readonly<Record<string, readonly string[]>> = {
  "the official Kubernetes provider, which follows what it waits for": [
    ...["configmaps", "jobs", "networkpolicies", "nodes", "poddisruptionbudgets", "serviceaccounts", "services"].map(
      (resource) => `${resource} watch`,
    ),
    ...["networkpolicies", "poddisruptionbudgets", "serviceaccounts", "services"].map((resource) => `${resource} list`),
  ],
  // Where an object is missing, the API server asks for it too; it records the patch.
  "an apply that makes the object": [
    ...[
      "deployments",
      "jobs",
      "namespaces",
      "networkpolicies",
      "poddisruptionbudgets",
      "serviceaccounts",
      "services",
    ].map((resource) => `${resource} create`),
  ],
  "replicas that share a cache of compiled kernels": ["configmaps list"],
  "a tunnel to an API server of Kubernetes 1.35 or later that asks for it": ["pods/portforward create"],
};

interface Role {
  readonly kind: "Role" | "ClusterRole";
  readonly metadata: { readonly name: string };
}

/** A request of the account, as the API server's audit log has it. */
interface Audited {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly annotations?: { readonly "authorization.k8s.io/decision"?: "allow" | "forbid" };
}

describe("a stack that is deployed with the documented rights alone", () => {
  let stack: PromotionStack;
  let asAccount: CommandOptions;

  beforeAll(async () => {
    stack = await PromotionStack.start();
    await stack.cluster.createNamespace(account.namespace);
    await stack.cluster.create([`/api/v1/namespaces/${account.namespace}/serviceaccounts`, { metadata: account }]);
    for (const role of documentedRoles()) await grant(role);
    asAccount = { env: { KUBECONFIG: await kubeconfigOf(account.name) } };
  });

  afterAll(() => stack?.close());

  async function grant(role: Role): Promise<void> {
    const scope = role.kind === "Role" ? `${rbac}/namespaces/${account.namespace}` : rbac;
    const plural = role.kind === "Role" ? "role" : "clusterrole";
    const binding = {
      metadata: { name: role.metadata.name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: role.kind, name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", ...account }],
    };
    await stack.cluster.create([`${scope}/${plural}s`, role], [`${scope}/${plural}bindings`, binding]);
  }

  async function kubeconfigOf(name: string): Promise<string> {
    const path = `/api/v1/namespaces/${account.namespace}/serviceaccounts/${name}/token`;
    const body = { spec: { expirationSeconds: 3600 } };
    const { status } = await stack.cluster.call<{ status: { token: string } }>({ method: "POST", path, body });
    const { dir, kubeconfig: admins } = stack.cluster.rehearsal.state;
    const file = join(dir, `${name}.kubeconfig`);
    const config = parse(readFileSync(admins, "utf8"));
    config.users[0].user = { token: status.token };
    writeFileSync(file, stringify(config), { mode: 0o600 });
    return file;
  }

  /** An update by the account. */
  function up(...changes: readonly Setting[]) {
    return stack.run(stack.upArguments([...quick, ...changes]), asAccount);
  }

  /** What the account has asked for, in the order of its requests. */
  function audited(): readonly Audited[] {
    const log = readFileSync(join(stack.cluster.rehearsal.state.dir, "logs/audit.log"), "utf8");
    return log
      .split("\n")
      .filter((line) => line !== "")
      .map((line): Audited => JSON.parse(line))
      .filter(({ user }) => user.username === `system:serviceaccount:${account.namespace}:${account.name}`);
  }

  test("is deployed", async () => {
    const { exitCode, output } = await up();
    expect(output).not.toContain("error:");
    expect(exitCode).toBe(0);
  });

  test("refuses a candidate that answers wrongly", async () => {
    const fault = { path: ["engine", "podAnnotations", "rehearsal.keye-stack.dev/fault"], value: "wrong-answer" };
    expect((await up(fault)).output).toContain("code=E_PROBE");
  });

  test("promotes a good one", async () => {
    const { exitCode, output } = await up({ path: ["engine", "maxRunningRequests"], value: 64 });
    expect(output).not.toContain("error:");
    expect(exitCode).toBe(0);
  });

  test("is destroyed", async () => {
    await stack.pulumi(["state", "unprotect", "--all", "--yes"]);
    const { exitCode, output } = await stack.run(["destroy", "--yes", "--skip-preview"], asAccount);
    expect(output).not.toContain("error:");
    expect(exitCode).toBe(0);
  });

  test("asks for nothing that it may not", () => {
    const refused = audited().filter(({ annotations }) => annotations?.["authorization.k8s.io/decision"] === "forbid");
    expect(refused.map(textOf)).toEqual([]);
  });

  test("uses each right, but for those that other situations need", () => {
    const requests = audited().filter(({ objectRef }) => objectRef !== undefined);
    const config = stackConfig({});
    const unused = rights
      .filter(({ isNeeded }) => isNeeded === undefined || isNeeded(config))
      .flatMap(({ scope, group, resources, verbs, name }) =>
        resources.flatMap((resource) =>
          verbs
            .filter((verb) => !requests.some((request) => isUse(request, { scope, group, resource, verb, name })))
            .map((verb) => `${resource} ${verb}`),
        ),
      );
    expect([...new Set(unused)].sort()).toEqual(Object.values(unneededHere).flat().sort());
  });
});

/** One verb of a right. */
type Use = Pick<Right, "scope" | "group"> & {
  readonly name: Right["name"];
  readonly resource: string;
  readonly verb: string;
};

function isUse({ verb, objectRef }: Audited, use: Use): boolean {
  if (objectRef === undefined) return false;
  const { apiGroup = "", resource, subresource, namespace, name } = objectRef;
  const asked = subresource === undefined ? resource : `${resource}/${subresource}`;
  const isThere = use.scope === "cluster" || namespace !== undefined;
  const isNamed = use.name === undefined || name === account.namespace;
  return isThere && isNamed && verb === use.verb && apiGroup === use.group && asked === use.resource;
}

function documentedRoles(): readonly Role[] {
  const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(readFileSync(document, "utf8")) ?? [];
  // The block holds Roles and ClusterRoles alone.
  return parseAllDocuments(yaml).map((one) => one.toJS() as Role);
}

function textOf({ verb, objectRef }: Audited): string {
  const { apiGroup = "", resource = "", subresource = "", namespace = "", name = "" } = objectRef ?? {};
  return [verb, apiGroup, resource, subresource, namespace, name].filter((part) => part !== "").join(" ");
}
