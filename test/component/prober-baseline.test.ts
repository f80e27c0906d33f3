import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import type { Measurement } from "../../infra/gate/measurement.ts";
import { fingerprintIn } from "../../infra/prober/baseline/ask-golden.ts";
import { type Baseline, parseBaseline, type TokenChoice } from "../../infra/prober/baseline/document.ts";
import { distance, toleranceOf } from "../../infra/prober/baseline/fingerprint.ts";
import { goldens } from "../../infra/prober/baseline/goldens.ts";
import { recordBaseline } from "../../infra/prober/baseline/record.ts";
import { golden } from "../../infra/prober/checks/golden.ts";
import { measure } from "../../infra/prober/suite.ts";
import type { ProbeTarget } from "../../infra/prober/target.ts";
import { logprobsOf } from "../../infra/rehearsal/engine/openai/logprobs.ts";
import { chatBody, type Handler, json, promptOf, ScriptedEngine } from "../support/scripted-engine.ts";

/** One place: the taken token, and the chances of the likeliest ones. */
function place(token: string, chances: Readonly<Record<string, number>>): TokenChoice {
  const top = Object.entries(chances).map(([name, chance]) => ({ token: name, logprob: Math.log(chance) }));
  return { token, top };
}

describe("the distance of two fingerprints", () => {
  const sure = place("Paris", { Paris: 0.9, The: 0.1 });
  const open = place("The", { The: 0.5, A: 0.4, It: 0.1 });

  test.each<[string, TokenChoice[], TokenChoice[], number]>([
    ["the same", [sure, open], [sure, open], 0],
    ["another token for sure", [place("a", { a: 1 })], [place("b", { b: 1 })], 1],
    ["a shift of a fifth", [sure], [place("Paris", { Paris: 0.7, The: 0.3 })], 0.2],
    ["a shift in the second place", [sure, open], [sure, place("The", { The: 0.7, A: 0.2, It: 0.1 })], 0.2],
    [
      "a near tie that flips: what follows is not compared",
      [place("A", { A: 0.5, B: 0.49 }), sure],
      [place("B", { A: 0.49, B: 0.5 }), open],
      0.01,
    ],
    ["a longer one: only what both have", [sure, open], [sure], 0],
    ["nothing to compare with", [], [sure], 1],
    [
      "a list that ends one token earlier",
      [place("a", { a: 0.8, b: 0.1, c: 0.05 })],
      [place("a", { a: 0.8, b: 0.1 })],
      0,
    ],
    ["other tokens altogether", [place("a", { a: 0.9, b: 0.05 })], [place("c", { c: 0.9, d: 0.05 })], 0.85],
    [
      "halves of a character that print alike",
      [{ token: "?", top: [...place("?", { "?": 0.3 }).top, ...place("?", { "?": 0.3 }).top] }],
      [place("?", { "?": 0.6 })],
      0,
    ],
  ])("%s", (_name, a, b, wanted) => {
    expect(distance(a, b)).toBeCloseTo(wanted, 9);
    expect(distance(b, a)).toBeCloseTo(wanted, 9);
  });

  test.each([
    ["runs that agree still leave room for other hardware", [0.5, 0.5], 0.05],
    ["runs that differ leave three times their spread", [0.5, 0.55, 0.6], 0.3],
    ["runs that agree on nothing tolerate everything", [0.1, 0.9], 1],
    ["one run", [0.5], 0.05],
  ])("%s", (_name, chances, tolerance) => {
    expect(toleranceOf(chances.map((chance) => [place("a", { a: chance, b: 1 - chance })]))).toBe(tolerance);
  });
});

/** An engine that answers the golden prompts, as sure of itself as told. */
interface Mind {
  readonly answers?: Readonly<Record<string, string>>;
  readonly sureness?: () => number;
  readonly hasLogprobs?: boolean;
  /** What `/server_info` says; absent: there is none. */
  readonly server?: Readonly<Record<string, unknown>>;
  readonly gpuProduct?: string;
}

const known: Readonly<Record<string, string>> = {
  "What is the capital of France? Answer with one word.": "Paris",
  "What is 17 + 25? Answer with the number only.": "42",
  "Count from 3 to 9, separated by commas.": "3, 4, 5, 6, 7, 8, 9",
};

function thinking({ answers = {}, sureness = () => 0.7, hasLogprobs = true }: Mind): Handler {
  return (response, body, request) => {
    const content = answers[promptOf(body)] ?? known[promptOf(body)] ?? "Well, that";
    const first = content.split(" ")[0] ?? "";
    const sure = sureness();
    const top = [
      { token: first, logprob: Math.log(sure) },
      { token: "other", logprob: Math.log(1 - sure) },
    ];
    const logprobs = hasLogprobs ? { content: [{ token: first, logprob: Math.log(sure), top_logprobs: top }] } : null;
    const whole = chatBody(content);
    const choices = (whole.choices as object[]).map((choice) => ({ ...choice, logprobs }));
    json({ ...whole, choices })(response, body, request);
  };
}

let engine: ScriptedEngine | undefined;
afterEach(() => engine?.close());

async function listen(mind: Mind): Promise<ProbeTarget> {
  await engine?.close();
  const { server, gpuProduct } = mind;
  engine = new ScriptedEngine({
    "/v1/chat/completions": thinking(mind),
    ...(server === undefined ? {} : { "/server_info": json(server) }),
  });
  const outside = gpuProduct === undefined ? {} : { gpuProduct };
  return { name: "pod-a", baseUrl: await engine.listen(), apiKey: "sk-planted-0123456789", ...outside };
}

const options = () => ({ clock: systemClock, signal: AbortSignal.timeout(4000) });

async function record(mind: Mind): Promise<Baseline> {
  return recordBaseline(await listen(mind), { ...options(), runs: 2 });
}

async function compare(mind: Mind, baseline: Baseline | undefined): Promise<Measurement> {
  const given = baseline === undefined ? {} : { baseline };
  return measure(golden, await listen(mind), { profile: "gate", expectation: {} }, { ...options(), ...given });
}

describe("a baseline", () => {
  test("holds every golden prompt with what was said, and comes back from its file as it was", async () => {
    const baseline = await record({});
    expect(baseline).toMatchObject({ kind: "ProbeBaseline", weightVersion: "rev", runs: 2 });
    expect(baseline.goldens.map(({ prompt }) => prompt)).toEqual(goldens.map(({ prompt }) => prompt));
    expect(baseline.goldens[0]).toEqual({
      prompt: "What is the capital of France? Answer with one word.",
      answers: ["Paris"],
      fingerprints: [
        [
          {
            token: "Paris",
            top: [
              { token: "Paris", logprob: -0.3567 },
              { token: "other", logprob: -1.204 },
            ],
          },
        ],
      ],
      tolerance: 0.05,
    });
    expect(parseBaseline(JSON.stringify(baseline))).toEqual(baseline);
  });

  test("learns its tolerance from runs that differ, and keeps each", async () => {
    let asked = 0;
    const baseline = await record({ sureness: () => (asked++ < goldens.length ? 0.7 : 0.6) });
    expect(baseline.goldens[0]?.fingerprints).toHaveLength(2);
    expect(baseline.goldens[0]?.tolerance).toBeCloseTo(0.3, 3);
  });

  test("is not made of an engine that answers wrongly", async () => {
    const wrong = { answers: { "What is 17 + 25? Answer with the number only.": "142" } };
    await expect(record(wrong)).rejects.toThrow(
      'GATE_FAILED: pod-a: No baseline can be recorded: "What is 17 + 25? Answer with the number only.": got "142", which is wrong.',
    );
  });

  test("is not made of an engine that does not answer", async () => {
    const target = { name: "pod-a", baseUrl: "http://127.0.0.1:9" };
    const clock = { now: () => 0, sleep: async () => {} };
    await expect(recordBaseline(target, { ...options(), clock })).rejects.toMatchObject({ code: "GATE_INCONCLUSIVE" });
  });

  test("of thoughts that are kept apart has their chances, and no answer to the open questions", async () => {
    const mind = thinking({});
    engine = new ScriptedEngine({
      "/v1/chat/completions": (response, body, request) => {
        if (promptOf(body) in known) return mind(response, body, request);
        const top = [{ token: "Hm", logprob: -0.1 }];
        const choice = { message: { content: null }, logprobs: { content: [{ token: "Hm", top_logprobs: top }] } };
        json({ choices: [choice], usage: {} })(response, body, request);
      },
    });
    const target = { name: "pod-a", baseUrl: await engine.listen() };
    const { goldens: records } = await recordBaseline(target, { ...options(), runs: 2 });
    expect(records.at(-1)).toMatchObject({ answers: [""], fingerprints: [[{ token: "Hm" }]] });
  });

  test("never holds the key that the engine was asked with", async () => {
    const leak = { "Explain how tides come about.": "Bearer sk-planted-0123456789 knows" };
    expect(JSON.stringify(await record({ answers: leak }))).not.toContain("sk-planted");
  });
});

describe("a file that is no baseline is refused", () => {
  const good = {
    apiVersion: "keye-stack.dev/v1",
    kind: "ProbeBaseline",
    recordedAt: "2026-01-01T00:00:00.000Z",
    weightVersion: null,
    runs: 5,
    goldens: [{ prompt: "p", answers: ["a"], fingerprints: [], tolerance: 0.05 }],
  };
  const [first] = good.goldens;

  test("a good one is not", () => {
    expect(parseBaseline(JSON.stringify(good))).toEqual(good);
  });

  test.each<[string, unknown, string]>([
    ["a list", [], "got apiVersion undefined, kind undefined"],
    ["a report", { ...good, kind: "ProbeReport" }, 'kind "ProbeReport"'],
    ["another version", { ...good, apiVersion: "keye-stack.dev/v2" }, 'got apiVersion "keye-stack.dev/v2"'],
    ["no time", { ...good, recordedAt: 1 }, "recordedAt: wanted a time."],
    ["a numeric version", { ...good, weightVersion: 3 }, "weightVersion: wanted a text or null."],
    ["no runs", { ...good, runs: 0 }, "runs: wanted a number of 1 or more."],
    ["no goldens", { ...good, goldens: [] }, "goldens: wanted a list that is not empty."],
    ["a golden that is none", { ...good, goldens: [null] }, "goldens[0].prompt: wanted a text."],
    ["no answers", { ...good, goldens: [{ ...first, answers: [1] }] }, "goldens[0].answers: wanted a list of texts."],
    ["a wild tolerance", { ...good, goldens: [{ ...first, tolerance: 2 }] }, "from 0 to 1, got 2"],
    ["an engine that is none", { ...good, engine: [] }, "engine: wanted an object."],
    ["a numeric path", { ...good, engine: { modelPath: 1 } }, "engine: modelPath: wanted a text or null, got 1."],
    ["a bad place", { ...good, goldens: [{ ...first, fingerprints: [[{ token: "a" }]] }] }, "goldens[0].fingerprints"],
  ])("%s", (_name, value, message) => {
    const parse = () => parseBaseline(JSON.stringify(value), "base.json");
    expect(parse).toThrow("CONFIG_FILE: base.json: ");
    expect(parse).toThrow(message);
  });

  test("no JSON", () => {
    expect(() => parseBaseline("{", "base.json")).toThrow(
      "CONFIG_FILE: base.json: It could not be read: it is no JSON",
    );
  });
});

describe("an engine beside a baseline", () => {
  test.each<[string, Mind, string, string]>([
    ["the same engine", {}, "pass", "6 golden answers agree; the first tokens are at most 0 from the baseline"],
    ["a little less sure", { sureness: () => 0.67 }, "pass", "at most 0.03 from the baseline"],
    [
      "right in other words",
      { answers: { "What is 17 + 25? Answer with the number only.": "42 it is." } },
      "pass",
      "6 golden answers agree, 1 in other words",
    ],
    [
      "fluent but wrong",
      { answers: { "What is the capital of France? Answer with one word.": "Lyon" } },
      "fail",
      'wanted as recorded "Paris", got "Lyon"',
    ],
    ["as right, but far less sure", { sureness: () => 0.5 }, "fail", "at a distance of 0.200 from the baseline, 0.05"],
    ["no logprobs", { hasLogprobs: false }, "skipped", "6 golden answers agree, but there are no logprobs"],
    [
      "no logprobs and a wrong answer",
      { hasLogprobs: false, answers: { "What is 17 + 25? Answer with the number only.": "43" } },
      "fail",
      'wanted as recorded "42", got "43"',
    ],
  ])("%s", async (_name, mind, outcome, reason) => {
    const found = await compare(mind, await record({}));
    expect(found.outcome).toBe(outcome);
    expect(found.reason).toContain(reason);
  });

  test("without a baseline nothing is asked", async () => {
    const found = await compare({}, undefined);
    expect(found).toMatchObject({ outcome: "skipped", attempts: 0, reason: "No baseline was given to compare with." });
  });

  test("a baseline of other prompts compares nothing", async () => {
    const baseline = await record({});
    const other = { ...baseline, goldens: baseline.goldens.map((record) => ({ ...record, prompt: "?" })) };
    expect(await compare({}, other)).toMatchObject({ outcome: "skipped", attempts: 0 });
  });
});

const weights = {
  model_path: "/models/keye",
  revision: null,
  quantization: null,
  kv_cache_dtype: "auto",
  served_model_name: "keye",
  version: "0.5.2",
  api_key: "sk-planted-0123456789",
  internal_states: [{}],
};

describe("what was recorded", () => {
  test("is kept with the answers: what the engine says of itself, and what only others know", async () => {
    const target = await listen({ server: weights, gpuProduct: "NVIDIA-H800" });
    const baseline = await recordBaseline(target, { ...options(), runs: 2, imageDigest: "sha256:ab" });
    expect(baseline.engine).toEqual({
      modelPath: "/models/keye",
      modelRevision: "none",
      quantization: "none",
      kvCacheDtype: "auto",
      gpuProduct: "NVIDIA-H800",
      servedModelName: "keye",
      imageDigest: "sha256:ab",
      version: "0.5.2",
    });
    expect(parseBaseline(JSON.stringify(baseline))).toEqual(baseline);
    expect(JSON.stringify(baseline)).not.toContain("sk-planted");
  });

  test.each<[string, Mind, RegExp]>([
    [
      "weights",
      { server: { ...weights, model_path: "/models/other" } },
      /modelPath was "\/models\/keye" .*is "\/models\/other"/,
    ],
    ["commit of the weights", { server: { ...weights, revision: "c0ffee" } }, /modelRevision was "none" .*is "c0ffee"/],
    ["quantization", { server: { ...weights, quantization: "fp8" } }, /quantization was "none" .*is "fp8"/],
    ["KV precision", { server: { ...weights, kv_cache_dtype: "fp8_e5m2" } }, /kvCacheDtype was "auto" .*is "fp8_e5m2"/],
    ["GPU product", { server: weights, gpuProduct: "NVIDIA-H100" }, /gpuProduct was "NVIDIA-H800" .*is "NVIDIA-H100"/],
  ])("of another %s is not compared with, however the answers are", async (_what, mind, reason) => {
    const baseline = await record({ server: weights, gpuProduct: "NVIDIA-H800" });
    const found = await compare({ gpuProduct: "NVIDIA-H800", sureness: () => 0.2, ...mind }, baseline);
    expect(found).toMatchObject({ outcome: "skipped", attempts: 1 });
    expect(found.reason).toMatch(reason);
    expect(found.facts).toEqual({ baselineWeightVersion: "rev", baselineRecordedAt: baseline.recordedAt });
  });

  test.each<[string, Mind, Mind]>([
    [
      "a served name and a version of SGLang",
      { server: { ...weights, served_model_name: "k", version: "1" } },
      { server: weights },
    ],
    ["a GPU product that is not known", { server: weights }, { server: weights, gpuProduct: "NVIDIA-H800" }],
    ["a server that says nothing of itself", {}, { server: weights }],
  ])("is compared with over %s", async (_what, mind, recordedOf) => {
    const baseline = await record(recordedOf);
    expect((await compare(mind, baseline)).outcome).toBe("pass");
    expect((await compare({ ...mind, sureness: () => 0.2 }, baseline)).outcome).toBe("fail");
  });

  test("and is not known in an older file is compared with as before, without asking", async () => {
    const { engine: _engine, ...older } = await record({ server: weights });
    expect(await compare({}, parseBaseline(JSON.stringify(older)))).toMatchObject({ outcome: "pass", attempts: 6 });
  });

  test("and cannot be asked for, since nothing answers, is an error and no skip", async () => {
    const baseline = await record({ server: weights });
    const target = { name: "pod-a", baseUrl: "http://127.0.0.1:9" };
    const clock = { now: () => 0, sleep: async () => {} };
    const found = await measure(
      golden,
      target,
      { profile: "gate", expectation: {} },
      { ...options(), clock, baseline },
    );
    expect(found.outcome).toBe("error");
    expect(found.reason).toContain("GET /server_info");
  });
});

test("a recorded server's logprobs are read, with tokens that print as nothing", () => {
  const content = [
    { token: "", bytes: [], logprob: -7.154614448547363, top_logprobs: [{ token: "", bytes: [], logprob: -7.15461 }] },
    {
      token: "",
      bytes: [],
      logprob: -7.154614448547363,
      top_logprobs: [
        { token: "istant", bytes: [105, 115, 116, 97, 110, 116], logprob: -7.154610633850098 },
        { token: "The", bytes: [84, 104, 101], logprob: -7.154611110687256 },
      ],
    },
  ];
  const message = { role: "assistant", content: null, reasoning_content: null, tool_calls: null };
  expect(fingerprintIn(JSON.stringify({ choices: [{ index: 0, message, logprobs: { content } }] }))).toEqual([
    { token: "", top: [{ token: "", logprob: -7.1546 }] },
    {
      token: "",
      top: [
        { token: "istant", logprob: -7.1546 },
        { token: "The", logprob: -7.1546 },
      ],
    },
  ]);
});

test.each([
  ["no body", ""],
  ["null", '{"choices":[{"logprobs":null}]}'],
  ["another shape", '{"choices":[{"logprobs":{"tokens":["a"]}}]}'],
  ["a place without a token", '{"choices":[{"logprobs":{"content":[{"top_logprobs":[]}]}}]}'],
])("logprobs that are %s are no fingerprint", (_name, body) => {
  expect(fingerprintIn(body)).toEqual([]);
});

describe("the simulator's logprobs", () => {
  const made = { tokens: ["It", " is", " 42"], count: 4, finishReason: "stop", matchedStop: null } as const;

  test("have the shape of the recorded server's, the taken token first", () => {
    const body = JSON.stringify({ choices: [{ logprobs: logprobsOf(made, 5, "") }] });
    const fingerprint = fingerprintIn(body);
    expect(fingerprint.map(({ token, top }) => [token, top[0]?.token, top.length])).toEqual([
      ["It", "It", 5],
      [" is", " is", 5],
      [" 42", " 42", 5],
    ]);
    expect(body).toMatch(/\{"token":" is","bytes":\[32,105,115\],"logprob":-\d\.\d+,"top_logprobs":\[/);
    for (const { top } of fingerprint) {
      const chances = top.map(({ logprob }) => Math.exp(logprob));
      expect(chances).toEqual(chances.toSorted((a, b) => b - a));
      expect(chances.reduce((sum, chance) => sum + chance, 0)).toBeLessThanOrEqual(1.001);
    }
  });

  test("are the same for the same answer, and far off for other weights", () => {
    const of = (salt: string) => fingerprintIn(JSON.stringify({ choices: [{ logprobs: logprobsOf(made, 5, salt) }] }));
    expect(distance(of(""), of(""))).toBe(0);
    expect(distance(of(""), of("swapped-experts"))).toBeGreaterThan(0.05);
  });

  test("without top_logprobs have empty lists, which are no fingerprint", () => {
    expect(fingerprintIn(JSON.stringify({ choices: [{ logprobs: logprobsOf(made, 0, "") }] }))).toEqual([]);
  });
});
