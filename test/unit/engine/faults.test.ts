import { describe, expect, test } from "vitest";
import { faultTable, parseFault } from "../../../infra/rehearsal/engine/faults.ts";
import { dataUri, drawCode, plainPicture, toAvi, toPng } from "./drawing.ts";
import { contentOf, EngineUnderTest, stackFlags } from "./support.ts";

const tested = new Set<string>();

/** An engine with a fault, up and ready. */
async function faulty(fault: string, flags: readonly string[] = []): Promise<EngineUnderTest> {
  tested.add(fault.split(":")[0] ?? "");
  const engine = new EngineUnderTest([...stackFlags, ...flags], { fault });
  await engine.untilReady();
  return engine;
}

const sum = "What is 17 + 25? Answer with the number only.";

describe("an engine with the fault", () => {
  test("wrong-answer answers fluently and wrongly", async () => {
    await using engine = await faulty("wrong-answer");
    expect(await engine.say(sum)).toBe("49");
    expect((await engine.get("/health")).status).toBe(200);
  });

  test("constant-answer says the same to everything", async () => {
    await using engine = await faulty("constant-answer");
    expect(await engine.say(sum)).toBe(await engine.say("Describe the sea."));
  });

  test("empty-answer says nothing and stops", async () => {
    await using engine = await faulty("empty-answer");
    const { choices } = JSON.parse((await engine.settle(engine.chat(sum))).body);
    expect([choices[0].message.content, choices[0].finish_reason]).toEqual([null, "stop"]);
  });

  test("vision-blind counts a picture's tokens and has not seen it", async () => {
    await using engine = await faulty("vision-blind");
    const picture = plainPicture(280, 112, [255, 255, 255]);
    drawCode(picture, "K7Q2", 20, 20, 8, [0, 0, 0]);
    const image = { type: "image_url", image_url: { url: dataUri("image/png", toPng(picture)) } };
    const seen = await engine.settle(engine.chat([image, { type: "text", text: "What code do you see?" }]));
    const plain = await engine.settle(engine.chat("What code do you see?"));
    expect(contentOf(seen)).not.toContain("K7Q2");
    expect(JSON.parse(seen.body).usage.prompt_tokens - JSON.parse(plain.body).usage.prompt_tokens).toBe(42);
    expect(await engine.say(sum)).toBe("42");
  });

  test("media-dropped counts no tokens for a picture", async () => {
    await using engine = await faulty("media-dropped");
    const image = {
      type: "image_url",
      image_url: { url: dataUri("image/png", toPng(plainPicture(280, 112, [9, 9, 9]))) },
    };
    const question = { type: "text", text: "What code do you see?" };
    const [seen, plain] = await engine.settle(Promise.all([engine.chat([image, question]), engine.chat([question])]));
    expect(JSON.parse(seen.body).usage).toEqual(JSON.parse(plain.body).usage);
  });

  test("frame-order-blind sees all frames, whichever came first", async () => {
    await using engine = await faulty("frame-order-blind");
    const frames = [plainPicture(64, 64, [230, 20, 20]), plainPicture(64, 64, [20, 20, 230])];
    const ask = async (order: typeof frames) => {
      const url = dataUri("video/x-msvideo", toAvi(order, 2, "raw"));
      return engine.say([
        { type: "video_url", video_url: { url } },
        { type: "text", text: "Which colours appear, in order? Only the colours." },
      ]);
    };
    const told = await ask(frames);
    expect(told).toBe(await ask(frames.toReversed()));
    expect(told).toMatch(/red.*blue|blue.*red/);
  });

  test("wears-out is right for so many answers, then wrong", async () => {
    await using engine = await faulty("wears-out:3");
    const said: string[] = [];
    for (let turn = 0; turn < 4; turn++) said.push(await engine.say(sum));
    expect([said[0], said.at(-1)]).toEqual(["42", "49"]);
  });

  test("swapped-experts is wrong now and then", async () => {
    await using engine = await faulty("swapped-experts");
    const sums = Array.from({ length: 12 }, (_, index) => index + 20);
    const said: string[] = [];
    for (const a of sums) said.push(await engine.say(`What is ${a} + 25? Answer with the number only.`));
    const right = sums.filter((a, index) => said[index] === String(a + 25)).length;
    expect([right > 4, right < 12]).toEqual([true, true]);
  });

  test("rounded-weights says the right words, less or more surely", async () => {
    const logprobsOf = async (engine: EngineUnderTest) => {
      const { choices } = JSON.parse((await engine.settle(engine.chat(sum, { logprobs: true, top_logprobs: 2 }))).body);
      return [choices[0].message.content, choices[0].logprobs.content[0].logprob];
    };
    await using rounded = await faulty("rounded-weights");
    const [words, chance] = await logprobsOf(rounded);
    await using whole = new EngineUnderTest(stackFlags);
    await whole.untilReady();
    const [usualWords, usualChance] = await logprobsOf(whole);
    expect([words, usualWords]).toEqual(["42", "42"]);
    expect(chance).not.toBe(usualChance);
  });

  test("bad-replica:3 is one wrong engine among three neighbours", async () => {
    tested.add("bad-replica");
    const said: string[] = [];
    for (const last of [4, 5, 6]) {
      const address = `127.${1 + (process.pid % 250)}.251.${last}`;
      await using engine = new EngineUnderTest(stackFlags, { fault: "bad-replica:3", address });
      await engine.untilReady();
      said.push(await engine.say(sum));
    }
    expect(said).toEqual(["42", "42", "49"]);
  });

  test("empty-200 answers nothing with 200", async () => {
    await using engine = await faulty("empty-200");
    const answer = await engine.settle(engine.chat(sum));
    expect([answer.status, answer.body]).toEqual([200, ""]);
  });

  test("busy-after-ready:2 refuses for two seconds, behind 200 where streamed, then is well", async () => {
    await using engine = await faulty("busy-after-ready:2");
    const [plain, streamed] = await engine.settle(Promise.all([engine.chat(sum), engine.chat(sum, { stream: true })]));
    expect([plain.status, streamed.status]).toEqual([503, 200]);
    expect(streamed.body).toContain("The request queue is full.");
    await engine.advance(2);
    expect(await engine.say(sum)).toBe("42");
  });

  test("dead-scheduler says 200 on /health and answers no question", async () => {
    await using engine = await faulty("dead-scheduler");
    const health = await engine.get("/health");
    expect([health.status, health.tookMs < 1000]).toEqual([200, true]);
    expect((await engine.get("/v1/models")).status).toBe(200);
    let isAnswered = false;
    void engine.chat(sum).then(() => {
      isAnswered = true;
    });
    await engine.advance(60);
    expect(isAnswered).toBe(false);
  });

  test("wrong-weight-version calls its weights default everywhere", async () => {
    await using engine = await faulty("wrong-weight-version");
    const chat = JSON.parse((await engine.settle(engine.chat(sum))).body);
    const [model, server] = [await engine.get("/model_info"), await engine.get("/server_info")];
    expect([chat.metadata, JSON.parse(model.body).weight_version, JSON.parse(server.body).weight_version]).toEqual([
      { weight_version: "default" },
      "default",
      "default",
    ]);
  });

  test("wrong-model reports another architecture", async () => {
    await using engine = await faulty("wrong-model");
    expect(JSON.parse((await engine.get("/model_info")).body).architectures).toEqual([
      "Qwen2_5_VLForConditionalGeneration",
    ]);
    expect(JSON.parse((await engine.get("/server_info")).body).model_path).toBe("Qwen/Qwen2.5-VL-7B-Instruct");
  });

  test("dense-attention shows another backend on the same GPU", async () => {
    await using engine = await faulty("dense-attention");
    const info = JSON.parse((await engine.get("/server_info")).body);
    expect([info.attention_backend, info.page_size]).toEqual(["flashinfer", 1]);
  });

  test("leak-key writes its key where it does not belong", async () => {
    await using engine = await faulty("leak-key", ["--api-key=secret-123"]);
    const answer = await engine.settle(
      engine.chat(sum, {}, { headers: { "content-type": "application/json", authorization: "Bearer secret-123" } }),
    );
    expect([answer.status, answer.body.includes("secret-123")]).toEqual([500, true]);
    expect(engine.lines.at(-2)).toContain("secret-123");
  });

  test("error-body-200 hides an error behind 200", async () => {
    await using engine = await faulty("error-body-200");
    const answer = await engine.settle(engine.chat(sum));
    expect([answer.status, JSON.parse(answer.body).object]).toEqual([200, "error"]);
  });

  test("truncated-stream cuts a stream in the middle", async () => {
    await using engine = await faulty("truncated-stream");
    const answer = await engine.settle(engine.chat("Count from 1 to 20.", { stream: true }));
    expect([answer.status, answer.failure, answer.body.includes("[DONE]")]).toEqual([200, "cut", false]);
    expect(answer.body).toContain('"content":"1"');
  });

  test("slow-first-token:3000 waits three seconds before it answers", async () => {
    await using engine = await faulty("slow-first-token:3000");
    expect((await engine.settle(engine.chat(sum))).tookMs).toBeGreaterThanOrEqual(3_000);
  });

  test("slow-load:10 loads its weights ten times as long", async () => {
    const start = async (fault: string | undefined) => {
      await using engine = new EngineUnderTest(stackFlags, { speed: 1, ...(fault === undefined ? {} : { fault }) });
      const began = engine.clock.now();
      await engine.untilLogged("Load weight end");
      return engine.clock.now() - began;
    };
    tested.add("slow-load");
    expect((await start("slow-load:10")) - (await start(undefined))).toBeGreaterThan(190_000);
  });

  test.each([
    ["missing-model-path", 1, "OSError: We couldn't connect to"],
    ["missing-deep-gemm", 137, "KeyeIndexer requires CUDA and deep_gemm."],
    ["missing-effective-kernels", 137, "No module named 'effective_kernels'"],
    ["crash-while-loading:1", 137, "TP1] Scheduler hit an exception"],
    ["nccl", 137, "torch.distributed.DistBackendError: NCCL error in:"],
    ["oom-load", 137, "torch.OutOfMemoryError: CUDA out of memory."],
    ["oom-kv", 137, "Not enough memory. Please try to increase --mem-fraction-static."],
    ["oom-graph", 137, "Capture cuda graph failed: CUDA out of memory."],
    ["crash-in-warmup", 137, "TypeError: 'NoneType' object is not callable"],
    ["crash-after-ready:1", 137, "crashed with exit code -9. Triggering SIGQUIT for cleanup..."],
    ["xid:1", 137, "NVRM: Xid (PCI:0000:3b:00): 94"],
    ["stuck-forward:1", 137, "Scheduler watchdog timeout (self.watchdog_timeout=300.0, self.soft=False)"],
  ])("%s ends with code %i", async (fault, exitCode, says) => {
    tested.add(fault.split(":")[0] ?? "");
    await using engine = new EngineUnderTest(stackFlags, { fault });
    expect((await engine.untilExit(600)).exitCode).toBe(exitCode);
    expect(engine.lines.join("\n")).toContain(says);
  });

  test("hang-after-ready:1 is ready, then answers no more", async () => {
    await using engine = await faulty("hang-after-ready:1");
    await engine.advance(2);
    const asked = engine.chat(sum);
    const health = await engine.get("/health");
    expect([health.status, health.tookMs >= 20_000]).toEqual([503, true]);
    let isAnswered = false;
    void asked.then(() => {
      isAnswered = true;
    });
    await engine.advance(60);
    expect(isAnswered).toBe(false);
  });

  test("pause-after-ready:10 goes on after ten seconds", async () => {
    await using engine = await faulty("pause-after-ready:10");
    await engine.advance(6);
    const health = await engine.get("/health");
    expect([health.status, health.tookMs > 5_000]).toEqual([200, true]);
  });

  test("is each one of the table", () => {
    expect(Object.keys(faultTable).filter((name) => !tested.has(name))).toEqual([]);
  });
});

test.each([
  ["wrong-answer", { name: "wrong-answer", value: 0 }],
  ["slow-load", { name: "slow-load", value: 5 }],
  ["slow-load:2.5", { name: "slow-load", value: 2.5 }],
  ["crash-while-loading:1", { name: "crash-while-loading", value: 1 }],
  ["slow-load:", { problem: 'fault "slow-load" wants factor of 0 or more, got ""' }],
  ["slow-load:-1", { problem: 'fault "slow-load" wants factor of 0 or more, got "-1"' }],
  ["toString", { problem: expect.stringContaining('unknown fault "toString"') }],
])("the fault %s is read", (text, expected) => {
  expect(parseFault(text)).toEqual(expected);
});
