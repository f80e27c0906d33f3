import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { plan } from "../../../infra/cli/plan.ts";
import { testDigest } from "../../support/stack-config.ts";
import { configJson } from "../spec/memory/shapes.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plan-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(...args: readonly string[]) {
  const said: string[] = [];
  const world = {
    out: (text: string) => said.push(text),
    err: () => {},
    env: {},
    signal: new AbortController().signal,
  };
  return { exitCode: await plan.run(args, world), text: said.join("\n") };
}

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

function stackFile(settings: object): string {
  const stack = { image: { digest: testDigest }, ...settings };
  return file("Pulumi.prod.yaml", stringify({ config: { "keye-stack:stack": stack } }));
}

/** The cells of the table's rows. */
function rowsOf(text: string): readonly (readonly string[])[] {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => line.startsWith("tp ")) + 1;
  const to = lines.findIndex((line) => line.startsWith("full requests:"));
  return lines.slice(from, to).map((line) => line.trim().split(/ {2,}/));
}

test.each(["1", "2", "4", "8"])("an H800 with tp %s and every fraction", async (tp) => {
  const golden = resolve(import.meta.dirname, `../../golden/plan/h800-tp${tp}.txt`);
  const { exitCode, text } = await run("--tp", tp);
  expect(`${text}\n`).toBe(readFileSync(golden, "utf8"));
  expect(exitCode).toBe(tp === "8" ? 1 : 0);
});

test("without a word, every number of GPUs and every fraction is planned on an H800", async () => {
  const { text } = await run();
  expect(rowsOf(text)).toHaveLength(32);
  expect(text).toMatch(/^Keye-VL-2\.0-30B-A3B on NVIDIA-H800: /);
});

test("a stack is planned with its own arguments, on the smallest GPU that it accepts", async () => {
  const nodePools = [{ name: "big", gpuProducts: ["NVIDIA-H200", "NVIDIA-H20"] }];
  const engine = { tpSize: 4, memFractionStatic: 0.85, contextLength: 131_072, maxRunningRequests: 64 };
  const { text } = await run("--stack-file", stackFile({ nodePools, engine }));
  expect(text).toMatch(/ on NVIDIA-H20: 97,871 MiB, .*\nContext 131,072 tokens, 64 requests at once\./);
  expect(rowsOf(text).map(([tp, fraction]) => [tp, fraction])).toEqual([["4", "0.85"]]);
});

test("a stack that cannot load ends with 1, and the command line has the last word", async () => {
  const stack = stackFile({ engine: { memFractionStatic: 0.3 } });
  expect(await run("--stack-file", stack)).toMatchObject({ exitCode: 1 });
  expect(await run("--stack-file", stack, "--mem-fraction", "0.8")).toMatchObject({ exitCode: 0 });
});

test("a config.json takes the place of what is known, and leaves less to trust", async () => {
  const { text } = await run("--config-json", file("config.json", JSON.stringify(configJson)), "--tp", "2");
  expect(text).toMatch(/^config\.json on NVIDIA-H800/);
  expect(text).not.toContain("published readings");
  expect(text).toContain("graphScratchGib");
});

test("JSON has every number in bytes, the verdict, the recommendation and the assumptions", async () => {
  const { text } = await run("--tp", "2", "--mem-fraction", "0.8", "--json");
  expect(JSON.parse(text)).toMatchObject({
    model: "Keye-VL-2.0-30B-A3B",
    gpu: { name: "NVIDIA-H800", memoryMiB: { value: 81_559, basis: "reported" } },
    rows: [
      {
        arguments: { tpSize: 2, memFractionStatic: 0.8 },
        sizes: { tokens: 677_312, bytesPerToken: 52_416, contextLength: 262_144 },
        verdict: { kind: "fits" },
        recommended: { memFractionStatic: 0.8, maxRunningRequests: 256 },
      },
    ],
    assumptions: expect.arrayContaining([expect.objectContaining({ name: "indexerHeads", basis: "derived" })]),
  });
});

test.each([
  { fractions: "0.8", planned: ["0.80"] },
  { fractions: "0.75,.8", planned: ["0.75", "0.80"] },
  { fractions: "0.7..0.8", planned: ["0.70", "0.75", "0.80"] },
])("--mem-fraction $fractions", async ({ fractions, planned }) => {
  const { text } = await run("--tp", "2", "--mem-fraction", fractions);
  expect(rowsOf(text).map(([, fraction]) => fraction)).toEqual(planned);
});

describe("a wrong call", () => {
  test.each([
    { args: ["Pulumi.prod.yaml"], said: 'unexpected argument "Pulumi.prod.yaml".' },
    { args: ["--tp", "2,x"], said: '--tp has "x", wanted numbers of GPUs such as 1,2,4.' },
    { args: ["--mem-fraction", "80"], said: '--mem-fraction has "80", wanted fractions between 0 and 1' },
    { args: ["--mem-fraction", "0.9..0.6"], said: '--mem-fraction has "0.9..0.6", wanted fractions between 0 and 1' },
    { args: ["--context-length", "256K"], said: '--context-length has "256K", wanted a whole number above 0.' },
    { args: ["--gpu", "A100"], said: '--gpu has "A100", wanted MiB (the node label nvidia.com/gpu.memory) or one of ' },
    { args: ["--gpus", "H800"], said: "unknown option --gpus (did you mean --gpu?)." },
  ])("$args is refused", async ({ args, said }) => {
    await expect(run(...args)).rejects.toMatchObject({ code: "CONFIG_USAGE", message: expect.stringContaining(said) });
  });

  test("GPUs of the stack whose memory nobody knows ask for it", async () => {
    const stack = stackFile({ nodePools: [{ name: "new", gpuProducts: ["NVIDIA-H999"] }] });
    await expect(run("--stack-file", stack)).rejects.toMatchObject({
      code: "CONFIG_USAGE",
      message: expect.stringContaining(
        "the memory of the stack's gpuProducts is not known; give it in MiB with --gpu.",
      ),
    });
    expect(await run("--stack-file", stack, "--gpu", "97871")).toMatchObject({ exitCode: 0 });
  });

  test.each([
    { what: "is no JSON", text: "{", said: "The model's config.json could not be read" },
    {
      what: "lacks what is needed",
      text: "{}",
      said: "The planner cannot count this model: architectures has undefined",
    },
  ])("a config.json that $what is named", async ({ text, said }) => {
    await expect(run("--config-json", file("config.json", text))).rejects.toMatchObject({
      code: "CONFIG_FILE",
      message: expect.stringContaining(said),
    });
  });
});
