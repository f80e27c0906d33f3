import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dataUri, plainPicture, toPng } from "./drawing.ts";
import type { Exchange } from "./recording.ts";
import { normalBody, readRecording, readTranscript } from "./recording.ts";
import type { Answer } from "./support.ts";
import { EngineUnderTest, recordedFlags } from "./support.ts";

/** What the recorder cut out of its own requests. */
const longPrompt = "hello world ".repeat(30_000);

let engine: EngineUnderTest;

beforeAll(async () => {
  engine = new EngineUnderTest([...recordedFlags, "--enable-metrics"]);
  await engine.untilReady();
});

afterAll(() => engine[Symbol.asyncDispose]());

function bodyOf(exchange: Exchange): string {
  if (!exchange.requestBody.includes("characters left out")) return exchange.requestBody;
  const isStreamed = exchange.requestBody.includes('"stream": true');
  return JSON.stringify({
    model: "",
    n: 1,
    max_tokens: 32,
    stream: isStreamed,
    messages: [{ role: "user", content: longPrompt }],
  });
}

function replay(exchange: Exchange): Promise<Answer> {
  const { host, connection, "content-length": _, ...headers } = exchange.requestHeaders;
  return engine.get(exchange.path, { method: exchange.method, headers, body: bodyOf(exchange) }, 10);
}

/** Keys and kinds of values, without the values: what the random model said means nothing. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape);
  if (value === null || typeof value !== "object") return value === null ? "null" : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shape(item)]));
}

describe("info endpoints answer as the recorded server's", () => {
  test.each(readTranscript("info.txt"))("$title", async (exchange) => {
    const answer = await replay(exchange);
    expect(answer.status).toBe(exchange.status);
    expect(answer.headers["content-type"]).toBe(exchange.headers["content-type"]);
    expect(answer.headers.allow).toBe(exchange.headers.allow);
    for (const [name, value] of Object.entries(exchange.headers)) {
      if (name.startsWith("access-control")) expect(answer.headers[name]).toBe(value);
    }
    if (exchange.path === "/v1/loads") {
      expect(shape(JSON.parse(answer.body))).toEqual(shape(JSON.parse(exchange.body)));
    } else {
      expect(normalBody(answer.body)).toBe(normalBody(exchange.body));
    }
  });

  test("/server_info has every field of the recorded one, in its order and with its values", async () => {
    const got = JSON.parse((await engine.get("/server_info")).body);
    const wanted = JSON.parse(readRecording("server-info.json"));
    expect(Object.keys(got)).toEqual(Object.keys(wanted));
    expect(Object.keys(got.internal_states[0]).sort()).toEqual(Object.keys(wanted.internal_states[0]).sort());
    const machine = {
      host: "",
      port: 0,
      random_seed: 0,
      internal_states: [],
      load_format: "",
      schedule_conservativeness: 0,
    };
    expect({ ...got, ...machine, piecewise_cuda_graph_max_tokens: 0, piecewise_cuda_graph_tokens: [] }).toEqual({
      ...wanted,
      ...machine,
      piecewise_cuda_graph_max_tokens: 0,
      piecewise_cuda_graph_tokens: [],
    });
  });

  test("/metrics keeps the recorded names and types", async () => {
    const answer = await engine.get("/metrics");
    expect(answer.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    const recorded = readRecording("metrics-names.txt").split("\n");
    const types = [...answer.body.matchAll(/^# TYPE (.*)$/gm)].map((match) => match[1]);
    expect(types.filter((type) => !recorded.includes(type ?? ""))).toEqual([]);
    expect(answer.body).toContain(
      'sglang:http_responses_total{endpoint="/server_info",method="GET",status_code="200"}',
    );
  });
});

describe("refused requests are answered as the recorded ones", () => {
  // Only the count of tokens in the prompt is an estimate; it may be off by one in a hundred.
  const estimated = (body: string) => body.replace(/\(\d+ tokens\)/, "(… tokens)");

  test.each(
    readTranscript("errors.txt").filter((exchange) => exchange.status >= 400 && exchange.title !== "unknown role"),
  )("$title", async (exchange) => {
    const answer = await replay(exchange);
    expect(answer.status).toBe(exchange.status);
    expect(estimated(normalBody(answer.body))).toBe(estimated(normalBody(exchange.body)));
  });

  test("an unknown role gets the recorded two complaints", async () => {
    const exchange = readTranscript("errors.txt").find(({ title }) => title === "unknown role");
    if (exchange === undefined) throw new Error("not recorded");
    const answer = await replay(exchange);
    expect(answer.status).toBe(400);
    expect(normalBody(JSON.parse(answer.body).message)).toBe(normalBody(JSON.parse(exchange.body).message));
  });

  test.each(readTranscript("errors.txt").filter((exchange) => exchange.status === 200 && exchange.body !== ""))(
    "$title is served",
    async (exchange) => {
      const answer = await replay(exchange);
      expect(answer.status).toBe(200);
      const [got, wanted] = [JSON.parse(answer.body), JSON.parse(exchange.body)];
      expect(got.model).toBe(wanted.model);
      expect(got.usage.prompt_tokens).toBe(wanted.usage.prompt_tokens);
      expect(got.choices[0].finish_reason).toBe(wanted.choices[0].finish_reason);
    },
  );
});

describe("chat answers have the recorded shape", () => {
  const chats = readTranscript("chat.txt").filter((exchange) => !exchange.isCut);

  test.each(chats.filter(({ requestBody, body }) => body.startsWith("{") && !requestBody.includes("left out")))(
    "$title",
    async (exchange) => {
      const answer = await replay(exchange);
      const [got, wanted] = [JSON.parse(answer.body), JSON.parse(exchange.body)];
      expect(answer.headers["content-type"]).toBe("application/json");
      expect(Object.keys(got)).toEqual(Object.keys(wanted));
      expect(Object.keys(got.choices[0])).toEqual(Object.keys(wanted.choices[0]));
      expect(got.choices.length).toBe(wanted.choices.length);
      expect(shape(got.usage)).toEqual(shape(wanted.usage));
      expect(got.metadata).toEqual(wanted.metadata);
      expect(got.usage.total_tokens).toBe(got.usage.prompt_tokens + got.usage.completion_tokens);
    },
  );

  test.each(chats.filter(({ body }) => body.startsWith("data: ")))("$title", async (exchange) => {
    const answer = await replay(exchange);
    expect(answer.headers["content-type"]).toBe(exchange.headers["content-type"]);
    const frames = (body: string) => [...body.matchAll(/^data: (\{.*\}|\[DONE\])$/gm)].map((match) => match[1] ?? "");
    const kinds = (body: string) => [...new Set(frames(body).map(kindOf))];
    expect(kinds(answer.body)).toEqual(kinds(exchange.body));
    expect(frames(answer.body).at(-1)).toBe("[DONE]");
    expect(answer.body).not.toContain("weight_version");
  });

  /** What a frame is for, told by its keys. */
  function kindOf(frame: string): string {
    if (frame === "[DONE]") return "done";
    const { choices, usage } = JSON.parse(frame);
    if (choices.length === 0) return `usage ${Object.keys(usage)}`;
    const [{ delta, finish_reason }] = choices;
    return `${Object.keys(choices[0])} ${Object.keys(delta)} ${finish_reason === null ? "" : "finished"}`;
  }

  test("a picture of 56 by 56 costs what the recorded one cost", async () => {
    const exchange = chats.find(({ title }) => title.startsWith("image as data URI, not"));
    const content = [
      { type: "image_url", image_url: { url: dataUri("image/png", toPng(plainPicture(56, 56, [255, 0, 0]))) } },
      { type: "text", text: "Describe this image in detail." },
    ];
    const answer = await engine.settle(engine.chat(content));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body).usage.prompt_tokens).toBe(JSON.parse(exchange?.body ?? "").usage.prompt_tokens);
  });
});

describe("an engine with --api-key", () => {
  const key = "tiny-secret-key";
  const ways = [
    {},
    { authorization: "Bearer nope" },
    { authorization: `Bearer ${key}` },
    { authorization: key },
    { "x-api-key": key },
  ];
  // The interactive documentation of the web framework is left out of the simulator.
  const rows = readRecording("api-key.txt")
    .split("\n")
    .flatMap((line) => {
      const [, method = "GET", path = "", statuses = ""] = /^(?:(POST|OPTIONS) )?(\/\S*) +(\d.*)$/.exec(line) ?? [];
      return path === "" || /^\/(docs|openapi)/.test(path) ? [] : [{ method, path, statuses }];
    });
  const bodies: Readonly<Record<string, string>> = {
    "/v1/chat/completions": JSON.stringify({ max_tokens: 2, messages: [{ role: "user", content: "hi" }] }),
    "/generate": JSON.stringify({ text: "hi", sampling_params: { max_new_tokens: 2 } }),
  };
  let guarded: EngineUnderTest;

  beforeAll(async () => {
    guarded = new EngineUnderTest([...recordedFlags, "--enable-metrics", `--api-key=${key}`]);
    await guarded.untilReady();
  });

  afterAll(() => guarded[Symbol.asyncDispose]());

  test.each(rows)("$method $path: $statuses", async ({ method, path, statuses }) => {
    const asked = ways.map((way) => {
      const body = method === "POST" ? bodies[path] : undefined;
      const headers = { ...way, ...(method === "POST" ? { "content-type": "application/json" } : {}) };
      return guarded.ask(path, body === undefined ? { method, headers } : { method, headers, body });
    });
    const answers = await guarded.settle(Promise.all(asked));
    expect(answers.map(({ status }) => status).join(" / ")).toBe(statuses);
    for (const { status, body } of answers) if (status === 401) expect(body).toBe('{"error":"Unauthorized"}');
  });
});
