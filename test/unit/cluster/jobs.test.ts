import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ApiClient } from "../../../infra/cluster/api-client.ts";
import { Jobs } from "../../../infra/cluster/jobs.ts";

const never = new AbortController().signal;
const jobPath = "/apis/batch/v1/namespaces/keye/jobs/keye-build-1a2b3c4d5e";
const podPath = "/api/v1/namespaces/keye/pods/keye-build-1a2b3c4d5e-x7k2p";
const jobRef = { namespace: "keye", name: "keye-build-1a2b3c4d5e" };
const podRef = { namespace: "keye", name: "keye-build-1a2b3c4d5e-x7k2p" };

/** One answer: a status with JSON, or a log that is cut off after its text. */
type Answer = { readonly status: number; readonly body: unknown } | { readonly log: string; readonly isCut?: true };

interface Seen {
  readonly line: string;
  readonly query: URLSearchParams;
  readonly contentType: string | undefined;
  readonly body: unknown;
}

let server: Server;
let client: ApiClient;
let jobs: Jobs;
let answers: Record<string, Answer[]>;
let seen: Seen[];

const listener: RequestListener = (request, response) => {
  const url = new URL(request.url ?? "", "http://fake");
  const line = `${request.method} ${url.pathname}`;
  let text = "";
  request.on("data", (chunk) => {
    text += chunk;
  });
  request.on("end", () => {
    const body = text === "" ? undefined : JSON.parse(text);
    seen.push({ line, query: url.searchParams, contentType: request.headers["content-type"], body });
    const answer = answers[line]?.shift() ?? { status: 404, body: { message: `nothing scripted for ${line}` } };
    if ("log" in answer) {
      response.writeHead(200, { "Content-Type": "text/plain" }).write(answer.log);
      if (answer.isCut) setImmediate(() => request.socket.destroy());
      else response.end();
    } else response.writeHead(answer.status, { "Content-Type": "application/json" }).end(JSON.stringify(answer.body));
  });
};

beforeEach(async () => {
  answers = {};
  seen = [];
  server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  const config = new KubeConfig();
  const cluster = { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true };
  config.loadFromString(
    JSON.stringify({
      clusters: [{ name: "fake", cluster }],
      contexts: [{ name: "fake", context: { cluster: "fake" } }],
      "current-context": "fake",
    }),
  );
  let now = 0;
  const sleep = async (duration: number) => {
    now += duration;
  };
  const clock = { now: () => now, sleep };
  client = new ApiClient(config, clock);
  jobs = new Jobs(client, clock);
});

afterEach(async () => {
  client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const found = (object: unknown): Answer => ({ status: 200, body: object });
const podThat = (state: unknown): Answer =>
  found({ metadata: { name: podRef.name }, status: { containerStatuses: [{ name: "supply", state }] } });

test("an object is applied by the server, under one field manager", async () => {
  answers[`PATCH ${jobPath}`] = [found({})];
  const job = { apiVersion: "batch/v1", kind: "Job", metadata: jobRef };
  await jobs.apply(job, never, { isDryRun: true });
  expect(seen[0]).toMatchObject({ contentType: "application/apply-patch+yaml", body: job });
  expect(String(seen[0]?.query)).toBe("fieldManager=keye&force=true&fieldValidation=Strict&dryRun=All");
});

test.each([
  { what: "that is there is left as it is", status: 200, writes: 0 },
  { what: "that is not there is made", status: 404, writes: 1 },
])("a namespace $what", async ({ status, writes }) => {
  answers["GET /api/v1/namespaces/keye"] = [{ status, body: {} }];
  answers["POST /api/v1/namespaces"] = [{ status: 409, body: { message: "another was faster" } }];
  await jobs.ensureNamespace("keye", never);
  expect(seen.filter(({ line }) => line.startsWith("POST"))).toHaveLength(writes);
});

test("a Job comes with its pods in the order of their birth, and with the events of all of them", async () => {
  const pod = (name: string, creationTimestamp: string) => ({ metadata: { name, creationTimestamp, uid: name } });
  const event = (reason: string, lastTimestamp: string) => ({
    metadata: { name: reason },
    reason,
    lastTimestamp,
    involvedObject: {},
  });
  answers[`GET ${jobPath}`] = [found({ metadata: { ...jobRef, uid: "job" }, spec: {} })];
  answers["GET /api/v1/namespaces/keye/pods"] = [
    found({ items: [pod("second", "2026-11-24T10:01:00Z"), pod("first", "2026-11-24T10:00:00Z")] }),
  ];
  answers["GET /api/v1/namespaces/keye/events"] = [
    found({ items: [event("SuccessfulCreate", "2026-11-24T10:00:00Z"), event("Completed", "2026-11-24T10:03:00Z")] }),
    found({ items: [event("Pulling", "2026-11-24T10:02:00Z")] }),
    found({ items: [] }),
  ];
  const view = await jobs.find(jobRef, never);
  expect(view?.pods.map(({ metadata }) => metadata.name)).toEqual(["first", "second"]);
  expect(view?.events.map(({ reason }) => reason)).toEqual(["SuccessfulCreate", "Pulling", "Completed"]);
  const selectors = seen.map(({ query }) => query.get("fieldSelector")).filter((selector) => selector !== null);
  expect(selectors.sort()).toEqual(["first", "job", "second"].map((uid) => `involvedObject.uid=${uid}`));
});

test("a Job is gone only when the server no longer has it", async () => {
  answers[`DELETE ${jobPath}`] = [found({})];
  answers[`GET ${jobPath}`] = [found({ metadata: { uid: "a" } }), found({ metadata: { uid: "a" } })];
  await jobs.remove({ ...jobRef, uid: "a" }, never);
  expect(seen.map(({ line }) => line.split(" ")[0])).toEqual(["DELETE", "GET", "GET", "GET"]);
  expect(seen[0]?.body).toEqual({ propagationPolicy: "Foreground", preconditions: { uid: "a" } });
});

test("a Job that took the name meanwhile is left alone", async () => {
  answers[`DELETE ${jobPath}`] = [{ status: 409, body: { message: "the UID in the precondition does not match" } }];
  await jobs.remove({ ...jobRef, uid: "a" }, never);
  expect(seen).toHaveLength(1);
});

test("a pod that does not end is told after two minutes, by name", async () => {
  answers[`DELETE ${jobPath}`] = [found({})];
  answers[`GET ${jobPath}`] = Array.from({ length: 130 }, () => found({ metadata: { uid: "a" } }));
  answers["GET /api/v1/namespaces/keye/pods"] = [found({ items: [{ metadata: { name: "stuck" } }] })];
  await expect(jobs.remove({ ...jobRef, uid: "a" }, never)).rejects.toThrow(
    "E_API: keye/jobs/keye-build-1a2b3c4d5e: Deleted 120 s ago, and still there; its pods: stuck.",
  );
});

test("a log is told once, line by line, across a connection that was cut and a second that two lines share", async () => {
  const line = (nanos: string, text: string) => `2026-11-24T10:00:07.${nanos.padEnd(9, "0")}Z ${text}\n`;
  const all = [line("1", "one"), line("2", "two"), line("2", "two again"), line("3", "three")];
  answers[`GET ${podPath}`] = [podThat({ waiting: {} }), podThat({ running: {} }), podThat({ terminated: {} })];
  answers[`GET ${podPath}/log`] = [
    { status: 400, body: { message: "container is waiting to start" } },
    { log: all.slice(0, 2).join(""), isCut: true },
    { log: all.join("") },
  ];
  const lines: string[] = [];
  await jobs.followLog(podRef, { container: "supply", onLine: (text) => lines.push(text) }, never);
  expect(lines).toEqual(["one", "two", "two again", "three"]);
  const asked = seen.filter(({ line: path }) => path.endsWith("/log")).map(({ query }) => query.get("sinceTime"));
  expect(asked).toEqual([null, null, "2026-11-24T10:00:07.000Z"]);
});

test.each([
  { what: "has not started", status: 400 },
  { what: "is gone", status: 404 },
])("the log's tail of a container that $what is empty", async ({ status }) => {
  answers[`GET ${podPath}/log`] = [{ status, body: {} }];
  expect(await jobs.logTail(podRef, { container: "supply", lines: 5 }, never)).toBe("");
});
