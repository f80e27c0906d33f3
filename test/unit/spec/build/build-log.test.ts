import { expect, test } from "vitest";
import { noProgress, progressText, readBuildLine } from "../../../../infra/spec/build/build-progress.ts";
import { parseBuildResult } from "../../../../infra/spec/build/build-result.ts";
import { buildPlan, goodLastWords } from "../../../support/build-plan.ts";

const plan = buildPlan();

function progressAfter(...lines: readonly string[]): string {
  return progressText(lines.reduce(readBuildLine, noProgress));
}

test.each([
  { after: "nothing", lines: [], text: "starting the builder" },
  {
    after: "the Dockerfile was read",
    lines: ["#1 [internal] load build definition from Dockerfile"],
    text: "starting the builder",
  },
  {
    after: "a step began",
    lines: [
      "#4 [image 1/8] FROM nvidia/cuda@sha256:ba5e",
      '#9 [image 4/8] RUN --mount=type=cache,target=/root/.cache/pip <<"END" (# 1 of 3: SGLang...)',
      "#9 1.661   Created wheel for sglang",
    ],
    text: "step 4 of 8, 1 of 3: SGLang",
  },
  {
    after: "steps came out of the cache in any order",
    lines: [
      "#10 [image 7/8] COPY <<END /opt/keye/bin/preflight.py",
      "#10 CACHED",
      "#11 [image 3/8] COPY <<END /opt/keye/bin/fetch-source",
    ],
    text: "step 7 of 8, writing /opt/keye/bin/preflight.py",
  },
  {
    after: "the layers are on their way",
    lines: [
      '#13 [image 8/8] RUN <<"END" (# Preflight: the imports...)',
      "#14 exporting to image",
      "#14 pushing layers",
    ],
    text: "step 8 of 8, all built, pushing layers",
  },
  {
    after: "the provenance is read in a second build",
    lines: [
      "#13 [image 8/8] RUN",
      "#14 pushing layers",
      "#14 [provenance 1/1] COPY --from=image /opt/keye/provenance.json /",
    ],
    text: "step 8 of 8, all built, pushing layers",
  },
])("after $after: $text", ({ lines, text }) => {
  expect(progressAfter(...lines)).toBe(text);
});

test("a build's last words are its digest, its commits and versions", () => {
  expect(parseBuildResult(goodLastWords(plan), plan)).toEqual({
    digest: `sha256:${"d1".repeat(32)}`,
    provenance: {
      base: plan.sources.base,
      sources: { sglang: "1".repeat(40), deepGemm: "2".repeat(40), effectiveKernels: "3".repeat(40) },
      versions: { sglang: "0.5.9", torch: "2.9.1", deep_gemm: "2.1.0+2222222" },
    },
    needsGpu: ["torchcodec"],
  });
});

test.each([
  { what: "nothing", words: "" },
  { what: "an error", words: "error: failed to solve" },
  { what: "a digest that is none", words: goodLastWords(plan, "sha256:12") },
  { what: "a result without provenance", words: JSON.stringify({ digest: `sha256:${"d1".repeat(32)}` }) },
  { what: "the result of other commits", words: goodLastWords(plan).replace("2".repeat(40), "4".repeat(40)) },
])("$what is no result", ({ words }) => {
  expect(parseBuildResult(words, plan)).toBeUndefined();
});
