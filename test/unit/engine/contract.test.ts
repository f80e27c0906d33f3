import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { breaches, type ContractRow, factsFrom } from "../../contract/contract.ts";
import { contract } from "../../contract/table.ts";
import { EngineUnderTest, recordedFlags } from "./support.ts";

let engine: EngineUnderTest;

beforeAll(async () => {
  engine = new EngineUnderTest(recordedFlags);
  await engine.untilReady();
});

afterAll(() => engine[Symbol.asyncDispose]());

describe("the simulator keeps the contract", () => {
  test.each(contract)("$name", async (row) => {
    const facts = factsFrom(await engine.get("/v1/models"));
    const { path, ...ask } = row.request(facts);
    expect(breaches(row, await engine.get(path, ask, 50), facts)).toEqual([]);
  });
});

describe("a breach is told with wanted and got", () => {
  const row: ContractRow = {
    name: "",
    request: () => ({ path: "/" }),
    status: 200,
    headers: { "content-type": "application/json" },
    flaw: (body) => (body === "{}" ? undefined : "not empty"),
    timing: "aSecond",
  };
  const good = { status: 200, headers: { "content-type": "application/json" }, body: "{}", tookMs: 1_003 };
  test.each([
    ["status", { status: 503, body: "" }, 'status: wanted 200, got 503 ""'],
    ["header", { headers: {} }, 'content-type: wanted "application/json", got "none"'],
    ["body", { body: "{1}" }, "body: not empty"],
    ["time", { tookMs: 12 }, "time: wanted 950 to 2200 ms, got 12 ms"],
  ])("%s", (_, change, wanted) => {
    expect(breaches(row, { ...good, ...change }, { model: "", contextLength: 1 })).toEqual([wanted]);
  });
});
