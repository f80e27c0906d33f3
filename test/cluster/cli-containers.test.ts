import { afterAll, beforeAll, expect, test } from "vitest";
import type { ContainerStatus } from "../../infra/status/objects.ts";
import { TestCluster } from "../support/rehearsal-cluster.ts";

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start();
});

afterAll(() => cluster?.close());

interface JobStatus {
  readonly status?: {
    readonly failed?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
  };
}

/** Runs one container as a Job to its end. */
async function runJob(namespace: string, container: object, pod: object = {}, backoffLimit = 0) {
  const spec = { restartPolicy: "Never", containers: [{ name: "main", image: "keye:v1", ...container }], ...pod };
  const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
  await cluster.create([jobs, { metadata: { name: "job" }, spec: { backoffLimit, template: { spec } } }]);
  const ended = await cluster.until("the Job's end", async () => {
    const job = await cluster.call<JobStatus>({ method: "GET", path: `${jobs}/job` });
    const type = job.status?.conditions?.find(
      (one) => one.status === "True" && (one.type === "Complete" || one.type === "Failed"),
    )?.type;
    return type !== undefined && { type, failed: job.status?.failed ?? 0 };
  });
  const [first] = await cluster.pods(namespace);
  const name = first?.metadata.name ?? "";
  const status: ContainerStatus | undefined = first?.status?.containerStatuses?.[0];
  return { ...ended, ended: status?.state?.terminated, log: await cluster.log(namespace, name) };
}

test("a Job whose container runs keye runs this CLI: its text is the pod's log, its exit code the container's", async () => {
  await cluster.createNamespace("help");
  const { type, ended, log } = await runJob("help", { command: ["keye"], args: ["probe", "--help"] });
  expect(type).toBe("Complete");
  expect(ended).toMatchObject({ exitCode: 0, reason: "Completed" });
  expect(log).toContain("keye probe --base-url URL [options]");
});

test("bad input is exit code 2, and the real Job controller counts each failed pod", async () => {
  await cluster.createNamespace("usage");
  const { type, failed, ended, log } = await runJob("usage", { command: ["keye", "nonsense"] }, {}, 1);
  expect({ type, failed }).toEqual({ type: "Failed", failed: 2 });
  expect(ended).toMatchObject({ exitCode: 2, reason: "Error" });
  expect(log).toContain('no command "nonsense"');
});

test("mounted files are real ones under the container's paths, and the termination message is what was written", async () => {
  await cluster.createNamespace("files");
  await cluster.create([
    "/api/v1/namespaces/files/configmaps",
    { metadata: { name: "probe" }, data: { "probe.json": '{"profile":"smoke","expectation":{}}' } },
  ]);
  const args = [
    "probe",
    "--base-url=http://127.0.0.1:9",
    "--spec=/probe/probe.json",
    "--report=termination=/dev/termination-log",
    "--report=junit=/out/report.xml",
  ];
  const volumeMounts = [
    { name: "probe", mountPath: "/probe" },
    { name: "out", mountPath: "/out" },
  ];
  const volumes = [
    { name: "probe", configMap: { name: "probe" } },
    { name: "out", emptyDir: {} },
  ];
  const { type, ended } = await runJob("files", { command: ["keye"], args, volumeMounts }, { volumes });
  expect(type).toBe("Failed");
  expect(ended?.exitCode).toBe(3);
  expect(ended?.message).toContain('"verdict":"inconclusive"');
});
