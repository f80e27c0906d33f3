import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import type { ProbeSpec } from "../../../infra/core/probe-spec.ts";
import type { Measurement } from "../../../infra/gate/measurement.ts";
import { negative } from "../../../infra/prober/checks/negative.ts";
import { measure } from "../../../infra/prober/suite.ts";
import { chatBody, type Handler, json, promptOf, ScriptedEngine, sumOf } from "../../support/scripted-engine.ts";

let engine: ScriptedEngine | undefined;
afterEach(async () => {
  await engine?.close();
  engine = undefined;
});

const soak: ProbeSpec = { profile: "soak", isDisposable: true, expectation: { contextLength: 100 } };

function refusal(status: number, type: string, message: string): unknown {
  return { object: "error", message, type, param: null, code: status };
}

const errors = {
  picture: () =>
    refusal(500, "InternalServerError", "An exception occurred while loading IMAGE data at index 0: Error while …"),
  part: () => refusal(400, "Bad Request", "2 validation errors:\n …"),
  long: () =>
    refusal(400, "BadRequestError", "The input (164 tokens) is longer than the model's context length (100)."),
};

/** A server that refuses as the real one does, with some answers replaced. */
function chat(changed: Partial<Record<keyof typeof errors | "sum", Handler>> = {}): Handler {
  return (response, body, request) => {
    const prompt: unknown = promptOf(body);
    const refused = (name: keyof typeof errors, status: number) => changed[name] ?? json(errors[name](), status);
    const handler = Array.isArray(prompt)
      ? prompt[0].type === "image_url"
        ? refused("picture", 500)
        : refused("part", 400)
      : String(prompt).startsWith("hello")
        ? refused("long", 400)
        : (changed.sum ?? json(chatBody(String(sumOf(String(prompt))))));
    handler(response, body, request);
  };
}

async function ask(handler: Handler, spec: ProbeSpec = soak): Promise<Measurement> {
  engine = new ScriptedEngine({
    "/v1/chat/completions": handler,
    "/v1/models": json({ data: [{ id: "keye", max_model_len: 100 }] }),
  });
  const target = { name: "engine", baseUrl: await engine.listen() };
  return measure(negative, target, spec, { clock: systemClock, signal: new AbortController().signal });
}

test("documented errors and right answers after them pass", async () => {
  expect(await ask(chat())).toMatchObject({ outcome: "pass", attempts: 6, facts: { asked: 3 } });
});

test("without a declared context the listed one is taken", async () => {
  const measured = await ask(chat(), { ...soak, expectation: {} });
  expect(measured).toMatchObject({ outcome: "pass", facts: { asked: 3 } });
});

describe("nothing is sent to an engine that may go on to serve", () => {
  test.each<readonly [string, ProbeSpec]>([
    ["soak of an engine that is not called disposable", { profile: "soak", expectation: {} }],
    ["soak of one that is called not disposable", { profile: "soak", isDisposable: false, expectation: {} }],
    ["gate, whatever is said of the engine", { profile: "gate", isDisposable: true, expectation: {} }],
    ["smoke, whatever is said of the engine", { profile: "smoke", isDisposable: true, expectation: {} }],
  ])("%s", async (_, spec) => {
    expect(await ask(chat(), spec)).toMatchObject({ outcome: "skipped", attempts: 0 });
    expect(engine?.requests).toEqual([]);
  });

  test("no other profile than soak knows the check", () => {
    expect(negative.profiles).toEqual(["soak"]);
  });
});

describe("another answer fails", () => {
  test.each<readonly [string, Handler, string]>([
    [
      "a picture that is taken for one",
      chat({ picture: json(chatBody("A dog.")) }),
      "a picture that is none: wanted 500 InternalServerError",
    ],
    [
      "a refusal of another kind",
      chat({ part: json(refusal(500, "InternalServerError", "oops"), 500) }),
      'a content part of an unknown type: wanted 400 Bad Request with /validation error/, got 500 InternalServerError: "oops"',
    ],
    [
      "a long prompt that is cut silently",
      chat({ long: json(chatBody("hello")) }),
      "a prompt above the context: wanted 400 BadRequestError",
    ],
    [
      "a server that answers wrongly from then on",
      chat({ sum: json(chatBody("1")) }),
      "the request after a picture that is none: wanted",
    ],
  ])("%s", async (_, handler, reason) => {
    const measured = await ask(handler);
    expect(measured.outcome).toBe("fail");
    expect(measured.reason).toContain(reason);
  });
});
