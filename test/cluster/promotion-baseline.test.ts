import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ClusterConnection, connect } from "../../infra/cluster/connect.ts";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import { appLabel, baselineName, revisionLabel, revisionName } from "../../infra/core/names.ts";
import type { PromotionInputs } from "../../infra/core/promotion-inputs.ts";
import { type EvidenceDocument, parseEvidence } from "../../infra/gate/evidence.ts";
import { evidenceNameOf } from "../../infra/gate/evidence-store.ts";
import { promote } from "../../infra/gate/promote.ts";
import { parseBaseline } from "../../infra/prober/baseline/document.ts";
import { TransportProber } from "../../infra/rollgate/prober-port.ts";
import { TestCluster } from "../support/rehearsal-cluster.ts";
import { createRevisions, keyeApp, tpSize } from "../support/revision-objects.ts";

const ref = keyeApp;
const digest = `sha256:${"a".repeat(64)}`;
const configMap = baselineName("keye");
const configMapPath = `/api/v1/namespaces/${ref.namespace}/configmaps/${configMap}`;
const first = "aaaaaaaaaa";
const rounded = "bbbbbbbbbb";
const good = "cccccccccc";

let cluster: TestCluster;
let connection: ClusterConnection;

function inputsOf(revision: string): PromotionInputs {
  return {
    ...ref,
    revision,
    workload: revisionName("keye", revision),
    replicas: 1,
    gpusPerReplica: tpSize,
    nodeSelector: {},
    port: 8000,
    strategy: "blueGreen",
    probe: { profile: "gate", expectation: { weightVersion: revision } },
    probeHash: "0123456789",
    imageDigest: digest,
    deadlines: {
      readySeconds: 60,
      probeSeconds: 60,
      verifySeconds: 60,
      soakSeconds: 0,
      drainSeconds: 0,
      drainLimitSeconds: 30,
      totalSeconds: 300,
    },
    cooldownSeconds: 0,
  };
}

/** Promotes a revision; the lines that stay, or the postmortem. */
async function promoted(revision: string): Promise<{ readonly lines: readonly string[]; readonly failure?: string }> {
  const lines: string[] = [];
  const progress = { line: (line: string) => lines.push(line), status: () => undefined };
  const inputs = inputsOf(revision);
  const prober = new TransportProber({
    transport: connection.transport("port-forward"),
    inputs,
    apiKey: async () => undefined,
    clock: systemClock,
    progress,
  });
  const ports = {
    cluster: connection.cluster,
    supply: connection.supply,
    watchdog: connection.watchdog,
    lease: connection.lease,
    prober,
    progress,
    clock: systemClock,
    holder: "test",
    sha256: (text: string) => createHash("sha256").update(text).digest("hex"),
  };
  try {
    await promote(inputs, ports, cluster.signal);
    return { lines };
  } catch (error) {
    return { lines, failure: error instanceof Error ? error.message : String(error) };
  }
}

async function stored() {
  return parseBaseline((await connection.cluster.readBaseline(ref, configMap, cluster.signal)) ?? "", configMap);
}

async function evidenceOf(revision: string): Promise<EvidenceDocument | undefined> {
  const found = await connection.cluster.readEvidence(ref, evidenceNameOf(inputsOf(revision)), cluster.signal);
  return parseEvidence(found?.json ?? "");
}

function goldenOf(document: EvidenceDocument | undefined) {
  const measurements = document?.pods.flatMap(({ reports }) => reports.flatMap((report) => report.measurements)) ?? [];
  return measurements.find(({ check }) => check === "golden");
}

beforeAll(async () => {
  cluster = await TestCluster.start();
  connection = connect({ kubeconfig: cluster.rehearsal.state.kubeconfig });
  const rounding = { "rehearsal.keye-stack.dev/fault": "rounded-weights" };
  await createRevisions(cluster, { [first]: {}, [rounded]: rounding, [good]: {} });
}, 60_000);

afterAll(async () => {
  connection?.close();
  await cluster?.close();
});

test("the first revision has nothing to be compared with, and is recorded once it serves", async () => {
  const { lines, failure } = await promoted(first);
  expect(failure).toBeUndefined();
  expect(lines.at(-1)).toMatch(
    /^\[evidence\] ConfigMap rollgate-keye-baseline: golden answers of keye-aaaaaaaaaa-\S+,/,
  );
  expect(goldenOf(await evidenceOf(first))).toMatchObject({
    outcome: "skipped",
    reason: "There is no ConfigMap rollgate-keye-baseline: no revision has been recorded yet.",
  });
  const { metadata } = await cluster.call<{ metadata: { labels: object } }>({ method: "GET", path: configMapPath });
  expect(metadata.labels).toMatchObject({ [appLabel]: "keye", [revisionLabel]: first });
  const { weightVersion, engine } = await stored();
  expect(weightVersion).toBe(first);
  expect(engine).toMatchObject({
    modelPath: "Kwai-Keye/Keye-VL-2.0-30B-A3B",
    modelRevision: "none",
    quantization: "none",
    kvCacheDtype: "auto",
    gpuProduct: "NVIDIA-H800",
    imageDigest: digest,
  });
});

test("weights that say the same words less surely are refused by golden with both numbers, and are not recorded", async () => {
  const { lines, failure } = await promoted(rounded);
  expect(failure).toMatch(
    /^GATE_FAILED phase=probe code=E_PROBE: \S+: golden: .* at a distance of 0\.\d+ from the baseline, 0\.05 allowed/,
  );
  expect(failure).toContain("kubectl -n keye delete configmap rollgate-keye-baseline");
  expect(lines.join("\n")).not.toContain("golden answers");
  expect((await evidenceOf(rounded))?.baseline).toMatchObject({ configMap, revision: first });
  expect((await stored()).weightVersion).toBe(first);
});

test("a good revision agrees with the baseline, and takes its place", async () => {
  const { failure } = await promoted(good);
  expect(failure).toBeUndefined();
  const golden = goldenOf(await evidenceOf(good));
  expect(golden).toMatchObject({ outcome: "pass", facts: { compared: 6, baselineWeightVersion: first } });
  expect((await stored()).weightVersion).toBe(good);
});
