import { expect, test } from "vitest";
import { keye30b, keye30bParameters } from "../../../../infra/spec/memory/keye-30b.ts";
import { countParameters, totalParameters } from "../../../../infra/spec/memory/parameters.ts";

const { shape, facts } = keye30b;

test("the sizes meet the checkpoint's parameter count exactly", () => {
  expect(totalParameters(shape)).toBe(keye30bParameters);
});

test("the language model has the parameters of Qwen3-30B-A3B", () => {
  const { embeddings, queries, keysAndValues, experts, router, norms } = countParameters(shape);
  expect(embeddings + queries + keysAndValues + experts + router + norms).toBe(30_532_122_624);
});

test("no other indexer that the fork takes meets the parameter count", () => {
  const meets = [32, 64, 128].flatMap((indexerHeadDim) =>
    Array.from({ length: 256 }, (_, index) => ({ indexerHeads: index + 1, indexerHeadDim })).filter(
      (indexer) => totalParameters({ ...shape, ...indexer }) === keye30bParameters,
    ),
  );
  expect(meets).toEqual([{ indexerHeads: 16, indexerHeadDim: 64 }]);
});

test("every number says where it comes from, and none claims to be read from a file", () => {
  for (const fact of Object.values(facts)) expect(fact.source).not.toBe("");
  expect(Object.values(facts).map(({ basis }) => basis)).not.toContain("given");
});
