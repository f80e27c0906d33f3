import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { KubernetesObject } from "../../infra/core/kubernetes-object.ts";
import { madeObject } from "../../infra/spec/node-pools/made-object.ts";
import { readCrd } from "../support/crd-schema.ts";
import { bothTaints, clusterApiPool, karpenterPool, machinePool, parsedPools } from "../support/elastic-pools.ts";
import { PromotionStack } from "../support/promotion-stack.ts";

const root = resolve(import.meta.dirname, "../..");
const nodePools = "/apis/karpenter.sh/v1/nodepools";
const deployments = "/apis/cluster.x-k8s.io/v1beta2/namespaces/clusters/machinedeployments";
const machinePools = "/apis/cluster.x-k8s.io/v1beta2/namespaces/clusters/machinepools";

/** The program on a cluster of its own, where the definitions of Karpenter and Cluster API come only with the tests that want them. */
describe("pools whose nodes are made", () => {
  const dir = mkdtempSync(join(tmpdir(), "node-pools-"));
  let stack: PromotionStack;

  beforeAll(async () => {
    stack = await PromotionStack.start();
  });

  afterAll(async () => {
    await stack?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** The rehearsal's stack file with one pool of these settings, a short promotion, and no pre-pull, which follows the nodes that there are. */
  function stackFile(pool: object): string {
    const document = parse(readFileSync(join(root, "Pulumi.rehearsal.yaml"), "utf8"));
    const settings = document.config["keye-stack:stack"];
    const small = { replicas: 1, supply: { prePull: false }, gate: { profile: "smoke", consecutivePasses: 1 } };
    Object.assign(settings, { nodePools: [pool], ...small });
    settings.engine.podAnnotations["rehearsal.keye-stack.dev/speed"] = "600";
    settings.rollout.deadlines.soakSeconds = 0;
    const file = join(dir, "Pulumi.rehearsal.yaml");
    writeFileSync(file, stringify(document));
    return file;
  }

  function madeFrom(settings: object): KubernetesObject {
    const object = madeObject(parsedPools(settings)[0] ?? expect.fail("the settings have no pool"));
    return object ?? expect.fail("the pool makes nothing");
  }

  async function install(file: string): Promise<void> {
    const crd = readCrd(file);
    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    await stack.cluster.create([path, crd]);
    const isEstablished = async () => {
      const request = { method: "GET", path: `${path}/${crd.metadata.name}` } as const;
      const { status } = await stack.cluster.call<{ status?: { conditions?: { type: string; status: string }[] } }>(
        request,
      );
      return status?.conditions?.some((one) => one.type === "Established" && one.status === "True");
    };
    await stack.cluster.until(`${file} to be served`, isEstablished);
  }

  test("a cluster without Karpenter is told before anything is made", async () => {
    const { exitCode, output } = await stack.pulumi(["preview", "--config-file", stackFile(karpenterPool)]);
    expect(exitCode).not.toBe(0);
    expect(output).toContain(
      "POOL_MISMATCH: nodePools: h800: the cluster has no karpenter.sh/v1 NodePool: install Karpenter 1.0 or later, or use provider existing.",
    );
  });

  describe("with the published definitions", () => {
    beforeAll(async () => {
      await install("karpenter.sh_nodepools.yaml");
      await install("cluster.x-k8s.io_machinedeployments.yaml");
      await install("cluster.x-k8s.io_machinepools.yaml");
      await stack.cluster.createNamespace("clusters");
    });

    const full = {
      spot: true,
      taints: bothTaints,
      topology: { label: "topology.kubernetes.io/zone", values: ["a"] },
      requirements: [
        { key: "karpenter.k8s.aws/instance-gpu-count", operator: "Gt", values: ["7"] },
        { key: "karpenter.k8s.aws/instance-local-nvme", operator: "Exists" },
      ],
    };

    const fullOfCluster = {
      taints: bothTaints,
      version: "v1.36.3",
      failureDomain: "rack-7",
      labels: { "team.node.cluster.x-k8s.io/name": "search" },
    };

    test.each([
      { what: "the smallest NodePool", path: nodePools, settings: karpenterPool },
      { what: "a NodePool with everything", path: nodePools, settings: { ...karpenterPool, ...full } },
      { what: "the smallest MachineDeployment", path: deployments, settings: clusterApiPool },
      {
        what: "a MachineDeployment with everything",
        path: deployments,
        settings: { ...clusterApiPool, ...fullOfCluster },
      },
      { what: "the smallest MachinePool", path: machinePools, settings: machinePool },
      { what: "a MachinePool with everything", path: machinePools, settings: { ...machinePool, ...fullOfCluster } },
    ])("the API server takes $what, rules of its schema included", async ({ path, settings }) => {
      const query = { dryRun: "All", fieldValidation: "Strict" };
      const body = madeFrom(settings);
      const taken = await stack.cluster.call<KubernetesObject>({ method: "POST", path, query, body });
      // What we say stays as we say it: nothing is pruned or turned into something else.
      expect(taken.spec).toMatchObject(Object(body.spec));
    });

    test.each([
      { kind: "MachineDeployment", collection: deployments, settings: clusterApiPool },
      { kind: "MachinePool", collection: machinePools, settings: machinePool },
    ])("the number of nodes stays what the autoscaler has set when a $kind is declared again", async (row) => {
      const body = madeFrom(row.settings);
      const path = `${row.collection}/${body.metadata.name}`;
      const query = { fieldManager: "pulumi", force: true };
      const apply = () =>
        stack.cluster.call<{ spec: { replicas?: number } }>({
          method: "PATCH",
          path,
          query,
          body,
          contentType: "application/apply-patch+yaml",
        });
      await apply();
      const scaled = { spec: { replicas: 3 } };
      await stack.cluster.call({ method: "PATCH", path, body: scaled, contentType: "application/merge-patch+json" });
      expect((await apply()).spec.replicas).toBe(3);
    });

    test("a revision is promoted onto nodes that come only once its pods wait for them", async () => {
      const file = stackFile({ ...karpenterPool, nodeStartSeconds: 120 });
      const selector = "keye-stack.dev/pool=h800";
      const isEmpty = async () => {
        const query = { labelSelector: selector };
        return (await stack.cluster.call<{ items: unknown[] }>({ method: "GET", path: "/api/v1/nodes", query })).items;
      };
      expect(await isEmpty()).toEqual([]);
      // What Karpenter would do once pods wait: a node with the labels of the pool's template.
      const nodeComes = async () => {
        const isWaiting = async () =>
          (await stack.cluster.podEvents("keye")).some((event) => /FailedSched/.test(event));
        await stack.cluster.until("pods that no node takes", isWaiting);
        await stack.cluster.call({
          method: "PATCH",
          path: "/api/v1/nodes/h800-0",
          body: { metadata: { labels: { "keye-stack.dev/pool": "h800" } } },
          contentType: "application/merge-patch+json",
        });
      };
      const { exitCode, output } = await stack.pulumi(["up", "--yes", "--skip-preview", "--config-file", file], {
        line: /\[scale\] keye-/,
        action: nodeComes,
      });
      expect(output).toContain("h800: no node yet; up to 4 may come once pods wait for them.");
      expect(output).toContain("and nodes may come for 16 more");
      expect(exitCode).toBe(0);
      const pods = await stack.cluster.pods("keye");
      expect(pods.map(({ spec, metadata }) => [spec?.nodeName, metadata.annotations])).toEqual([
        ["h800-0", expect.objectContaining({ "karpenter.sh/do-not-disrupt": "true" })],
      ]);
      const made = await stack.cluster.call<KubernetesObject>({ method: "GET", path: `${nodePools}/h800` });
      expect(made.spec).toMatchObject(Object(madeFrom(karpenterPool).spec));
      const again = await stack.pulumi(["preview", "--expect-no-changes", "--config-file", file]);
      expect(again.output).not.toContain("error:");
      expect(again.exitCode).toBe(0);
    });
  });
});
