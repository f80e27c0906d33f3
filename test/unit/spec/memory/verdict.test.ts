import { describe, expect, test } from "vitest";
import type { MemoryArguments } from "../../../../infra/spec/memory/memory-arguments.ts";
import { recommend } from "../../../../infra/spec/memory/recommend.ts";
import { judge } from "../../../../infra/spec/memory/verdict.ts";
import { onH800 } from "./shapes.ts";

interface Row {
  readonly what: string;
  readonly tp: number;
  readonly fraction: number;
  readonly args?: Partial<MemoryArguments>;
  readonly kind: string;
  readonly reason: string;
  readonly cure?: string;
}

const rows: readonly Row[] = [
  {
    what: "what the authors run",
    tp: 2,
    fraction: 0.8,
    kind: "fits",
    reason: "The pool holds 677,312 tokens, 2.6 requests of 262,144; 11.7 GiB are left where work needs about 5.6 GiB.",
  },
  {
    what: "no room for the pool: up",
    tp: 2,
    fraction: 0.3,
    kind: "cannot load",
    reason:
      'The weights take 29.7 GiB, and 0.3 of 78.5 GiB free is 23.5 GiB: the server stops with "Not enough memory".',
    cure: "Raise --mem-fraction-static: 0.55 to 0.87 fits.",
  },
  {
    what: "no room for the rest: down",
    tp: 2,
    fraction: 0.96,
    kind: "cannot load",
    reason:
      "0.96 of 78.5 GiB free leaves 3.1 GiB for the request table (2.0 GiB), the CUDA graphs (about 1.4 GiB) and the front process (0.6 GiB): memory ends while the server starts.",
    cure: "Lower --mem-fraction-static: 0.55 to 0.87 fits.",
  },
  {
    what: "no room for a full request: up",
    tp: 2,
    fraction: 0.5,
    kind: "tight",
    reason: "The pool holds 194,880 tokens: a prompt of the full 262,144 is refused.",
    cure: "Raise --mem-fraction-static: 0.55 to 0.87 fits.",
  },
  {
    what: "no room for a long video: down, or fewer requests",
    tp: 2,
    fraction: 0.88,
    kind: "tight",
    reason:
      '5.4 GiB are left where work needs about 5.6 GiB: a long video may end the engine with "CUDA out of memory".',
    cure: "Lower --mem-fraction-static: 0.55 to 0.87 fits, and so does --max-running-requests=256.",
  },
  {
    what: "no room for a long video with few requests already: down",
    tp: 2,
    fraction: 0.93,
    args: { maxRunningRequests: 64 },
    kind: "tight",
    reason:
      '4.1 GiB are left where work needs about 5.6 GiB: a long video may end the engine with "CUDA out of memory".',
    cure: "Lower --mem-fraction-static: 0.55 to 0.91 fits.",
  },
  {
    what: "one GPU: neither way",
    tp: 1,
    fraction: 0.7,
    kind: "cannot load",
    reason:
      'The weights take 58.2 GiB, and 0.7 of 78.5 GiB free is 54.9 GiB: the server stops with "Not enough memory".',
    cure: "Raise --mem-fraction-static to 0.75 or more to load. No fraction fits alone: use more GPUs a replica (--tp-size), or --context-length=131072 --max-running-requests=256 with 0.9.",
  },
  {
    what: "one GPU, too high: down to load, and still not the context",
    tp: 1,
    fraction: 0.97,
    kind: "cannot load",
    reason:
      "0.97 of 78.5 GiB free leaves 2.4 GiB for the request table (2.0 GiB), the CUDA graphs (about 1.4 GiB) and the front process (0.6 GiB): memory ends while the server starts.",
    cure: "Lower --mem-fraction-static to 0.94 or less to load. No fraction fits alone: use more GPUs a replica (--tp-size), or --context-length=131072 --max-running-requests=256 with 0.9.",
  },
  {
    what: "a fraction that fits only with fewer requests",
    tp: 1,
    fraction: 0.9,
    args: { contextLength: 130_048 },
    kind: "tight",
    reason:
      '5.1 GiB are left where work needs about 5.8 GiB: a long video may end the engine with "CUDA out of memory".',
    cure: "No fraction fits alone: use more GPUs a replica (--tp-size), or --max-running-requests=256 with 0.9.",
  },
  {
    what: "a pool that --max-total-tokens caps",
    tp: 2,
    fraction: 0.8,
    args: { maxTotalTokens: 131_072 },
    kind: "tight",
    reason: "The pool holds 131,072 tokens: a prompt of the full 262,144 is refused.",
    cure: "Raise --max-total-tokens to 262144: it caps the pool.",
  },
  {
    what: "8 GPUs: the fork does not split 4 KV heads",
    tp: 8,
    fraction: 0.8,
    kind: "cannot load",
    reason: "The model's 4 KV heads cannot be split over 8 GPUs, and keye_sa divides by zero after loading.",
    cure: "Use fewer GPUs a replica and more replicas.",
  },
  {
    what: "3 GPUs: heads are not split unevenly",
    tp: 3,
    fraction: 0.8,
    kind: "cannot load",
    reason: "The model's 32 attention heads cannot be split over 3 GPUs.",
    cure: "Use fewer GPUs a replica and more replicas.",
  },
];

test.each(rows)("$what", ({ tp, fraction, args, kind, reason, cure }) => {
  const { verdict } = judge(onH800(tp, fraction, args));
  expect(verdict).toEqual({ kind, reason, ...(cure === undefined ? {} : { cure }) });
});

test("a GPU that cannot hold the weights has no cure but another GPU", () => {
  const { verdict } = judge({ ...onH800(1, 0.8), memoryMiB: 40_960 });
  expect(verdict).toMatchObject({ kind: "cannot load", cure: "Use more or larger GPUs." });
});

describe("recommended", () => {
  test.each([
    {
      what: "what the authors run, with two GPUs",
      tp: 2,
      fraction: 0.8,
      from: 0.55,
      to: 0.89,
      running: 256,
      context: 262_144,
    },
    { what: "a shorter context with one", tp: 1, fraction: 0.9, from: 0.9, to: 0.9, running: 256, context: 131_072 },
    {
      what: "the same with four, and larger graphs",
      tp: 4,
      fraction: 0.8,
      from: 0.29,
      to: 0.88,
      running: 512,
      context: 262_144,
    },
  ])("$what", ({ tp, fraction, from, to, running, context }) => {
    expect(recommend(onH800(tp, 0.6))).toEqual({
      memFractionStatic: fraction,
      fits: { from, to },
      maxRunningRequests: running,
      contextLength: context,
    });
  });

  test("without CUDA graphs, as many requests as with them", () => {
    expect(recommend(onH800(2, 0.6, { cudaGraphMaxBs: 0 }))).toMatchObject({ maxRunningRequests: 256 });
  });

  test("what is recommended fits", () => {
    for (const tp of [1, 2, 4]) {
      const best = recommend(onH800(tp, 0.6));
      const { maxRunningRequests, contextLength, memFractionStatic = 0 } = best ?? {};
      const args = { maxRunningRequests: maxRunningRequests ?? 0, contextLength: contextLength ?? 0 };
      expect(judge(onH800(tp, memFractionStatic, args)).verdict.kind).toBe("fits");
    }
  });

  test("a wish for a number of requests and a context is kept where it fits", () => {
    const best = recommend(onH800(2, 0.6, { maxRunningRequests: 64, contextLength: 131_072 }));
    expect(best).toMatchObject({ maxRunningRequests: 64, contextLength: 131_072 });
  });

  test("nothing, where heads cannot be split or the weights exceed the GPU", () => {
    expect(recommend(onH800(8, 0.8))).toBeUndefined();
    expect(recommend({ ...onH800(1, 0.8), memoryMiB: 40_960 })).toBeUndefined();
  });
});
