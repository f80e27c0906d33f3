import { expect, test } from "vitest";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { directPassage, type EnginePod, type Passage, type Transport } from "../../../infra/cluster/transport.ts";
import { parseBaseline } from "../../../infra/prober/baseline/document.ts";
import { baselineOrReason, TransportProber } from "../../../infra/rollgate/prober-port.ts";
import type { Pod } from "../../../infra/status/objects.ts";
import { chatBody, json, promptOf, ScriptedEngine } from "../../support/scripted-engine.ts";

const ref = { namespace: "keye", app: "keye", service: "keye" };
const pod: Pod = { metadata: { name: "keye-0", namespace: "keye", uid: "u0" }, status: { podIP: "10.0.0.7" } };
const spec = { profile: "smoke", expectation: {}, timeoutsSeconds: { health: 1 } } as const;
const questions = { spec, baseline: { because: "none was given." } };
const never = new AbortController().signal;

/** A transport with one way, which tells what was asked of it. */
function oneWay(baseUrl: string, failure?: string) {
  const opened: EnginePod[] = [];
  const services: string[] = [];
  let closed = 0;
  const passage: Passage = {
    ...directPassage(baseUrl),
    failure: () => failure,
    close: async () => {
      closed++;
    },
  };
  const transport: Transport = {
    open: async (engine) => {
      opened.push(engine);
      return passage;
    },
    openService: async ({ service }) => {
      services.push(service);
      return passage;
    },
  };
  return { transport, opened, services, closed: () => closed };
}

/** Pauses before a retry are not waited for. */
const clock = { now: () => systemClock.now(), sleep: async () => undefined };

function proberOver(transport: Transport, apiKey: () => Promise<string | undefined> = async () => undefined) {
  const progress = { line: () => undefined, status: () => undefined };
  return new TransportProber({ transport, inputs: { port: 8000 }, apiKey, clock, progress });
}

test("a pod is asked under its own port and address, whatever the transport makes of it", async () => {
  const way = oneWay("http://127.0.0.1:9");
  const report = await proberOver(way.transport).probePod(ref, pod, questions, never);
  expect(way.opened).toEqual([{ namespace: "keye", name: "keye-0", ip: "10.0.0.7", port: 8000 }]);
  expect(report).toMatchObject({ target: "keye-0", podUid: "u0", measurements: [{ outcome: "error" }, {}, {}, {}] });
  expect(way.closed()).toBe(1);
});

test("what the transport knows of a failure is added to what got no answer", async () => {
  const way = oneWay("http://127.0.0.1:9", "connection refused in the pod");
  const report = await proberOver(way.transport).probePod(ref, pod, questions, never);
  const [first, second] = report.measurements;
  expect(first?.reason).toMatch(/ The port-forward said: connection refused in the pod$/);
  expect(second?.reason).not.toContain("port-forward");
});

test("the Service is asked as a Service, and closed when it has answered", async () => {
  const engine = new ScriptedEngine({ "/v1/chat/completions": json({}, 500) });
  const way = oneWay(await engine.listen());
  const report = await proberOver(way.transport).probeService(ref, spec, 2, never);
  await engine.close();
  expect({ services: way.services, closed: way.closed() }).toEqual({ services: ["keye"], closed: 1 });
  expect(report.measurements).toHaveLength(2);
});

const gateSpec = { profile: "gate", expectation: { servedModelName: "keye" } } as const;
const rightAnswers = ["Paris", "42", "3, 4, 5, 6, 7, 8, 9"];

test("a pod is recorded under what its node and image are known to be, and its way is closed", async () => {
  const models: unknown[] = [];
  const engine = new ScriptedEngine({
    "/v1/chat/completions": (response, body, request) => {
      models.push(body.model);
      const known = ["capital", "17 + 25", "Count"].findIndex((word) => promptOf(body).includes(word));
      json(chatBody(rightAnswers[known] ?? "Well"))(response, body, request);
    },
  });
  const way = oneWay(await engine.listen());
  const outside = { imageDigest: "sha256:ab", gpuProduct: "NVIDIA-H800" };
  const text = await proberOver(way.transport).recordBaseline(ref, pod, { spec: gateSpec, ...outside }, never);
  await engine.close();
  expect(parseBaseline(text).engine).toMatchObject(outside);
  expect(new Set(models)).toEqual(new Set(["keye"]));
  expect({ opened: way.opened.length, closed: way.closed() }).toEqual({ opened: 1, closed: 1 });
});

test.each([
  ["one that cannot be read", { name: "base", json: '{"kind":"ProbeBaseline"}' }, /CONFIG_FILE: ConfigMap base: /],
  ["none", { because: "nothing was promoted yet." }, /^nothing was promoted yet\.$/],
])("a baseline that is %s is none, with the reason for golden to be skipped", (_name, baseline, reason) => {
  expect(baselineOrReason(baseline)).toEqual({ because: expect.stringMatching(reason) });
});

test("a run that is cancelled closes its way", async () => {
  const way = oneWay("http://127.0.0.1:9");
  const signal = AbortSignal.abort(new Error("cancelled"));
  await expect(proberOver(way.transport).probePod(ref, pod, questions, signal)).rejects.toThrow("cancelled");
  expect(way.closed()).toBe(1);
});

test("the key is read once, and again after it could not be read", async () => {
  const way = oneWay("http://127.0.0.1:9");
  const reads: (string | Error)[] = [new Error("forbidden"), "sk-1"];
  let count = 0;
  const prober = proberOver(way.transport, async () => {
    const read = reads[count++];
    if (read instanceof Error) throw read;
    return read;
  });
  await expect(prober.probePod(ref, pod, questions, never)).rejects.toThrow("forbidden");
  await prober.probePod(ref, pod, questions, never);
  await prober.probePod(ref, pod, questions, never);
  expect(count).toBe(2);
});

test.each([
  { says: "7", answer: json({ loads: [], aggregate: { total_reqs: 7 } }), wanted: 7 },
  { says: "nothing that can be read", answer: json({ loads: [] }), wanted: undefined },
  { says: "an error, as with a newer fastapi", answer: json({}, 500), wanted: undefined },
])("the requests of an engine that tells $says are $wanted", async ({ answer, wanted }) => {
  const engine = new ScriptedEngine({ "/v1/loads?include=core": answer });
  const { transport, closed } = oneWay(await engine.listen());
  expect(await proberOver(transport).runningRequests(ref, pod, never)).toBe(wanted);
  expect(closed()).toBe(1);
  await engine.close();
});
