import { expect, test } from "vitest";
import { buildPlan } from "../../../support/build-plan.ts";

const { dockerfile } = buildPlan();

/** The first places of the texts, in the order given. */
function placesOf(...texts: readonly string[]): readonly number[] {
  return texts.map((text) => dockerfile.indexOf(text));
}

test("the three repositories are installed in the authors' order, and proven after that", () => {
  const places = placesOf(
    `fetch-source 'https://github.com/Kwai-Keye/sglang.git' ${"1".repeat(40)}`,
    '/src/sglang/python[all]"',
    `fetch-source 'https://github.com/Kwai-Keye/DeepGEMM.git' ${"2".repeat(40)}`,
    "bash -e install.sh",
    `fetch-source 'https://github.com/Kwai-Keye/EffectiveKernels.git' ${"3".repeat(40)}`,
    "-e . --no-deps --no-build-isolation",
    "python3 /opt/keye/bin/preflight.py",
  );
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

test("the base is named by digest alone: a tag that moves changes nothing", () => {
  expect(dockerfile.startsWith(`FROM nvidia/cuda@sha256:${"ba5e".repeat(16)} AS image\n`)).toBe(true);
});

test.each([
  {
    what: "DeepGEMM may not be replaced by a wheel from elsewhere",
    text: "DG_FORCE_BUILD=1 DEEP_GEMM_FORCE_BUILD=TRUE",
  },
  { what: "submodules are there before anything is built", text: "git submodule update --init --recursive" },
  { what: "a login is never asked for", text: "GIT_TERMINAL_PROMPT=0" },
  { what: "the number of compilers comes from outside", text: "ARG MAX_JOBS=1\n" },
  { what: "CMake's compilers are as many", text: 'CMAKE_BUILD_PARALLEL_LEVEL="$MAX_JOBS"' },
  { what: "code is made for Hopper, though no GPU is there to ask", text: "TORCH_CUDA_ARCH_LIST=9.0a" },
  { what: "pip's downloads are kept", text: "--mount=type=cache,target=/root/.cache/pip" },
  { what: "crates are kept", text: "--mount=type=cache,target=/usr/local/cargo/registry" },
  { what: "compiled objects are kept", text: "--mount=type=cache,target=/root/.cache/ccache" },
  { what: "labels say the commit", text: `keye-stack.dev/source.deepGemm="${"2".repeat(40)}"` },
  { what: "labels say the base", text: 'org.opencontainers.image.base.name="nvidia/cuda"' },
])("$what", ({ text }) => {
  expect(dockerfile).toContain(text);
});

test("no frontend is fetched and no file of a build context is read: the text is all there is", () => {
  expect(dockerfile).not.toMatch(/^# *syntax/m);
  expect(dockerfile.match(/^(COPY|ADD) .*$/gm)).toEqual([
    'COPY <<"END" /opt/keye/bin/fetch-source',
    'COPY <<"END" /opt/keye/bin/preflight.py',
    "COPY --from=image /opt/keye/provenance.json /",
  ]);
});

test("no script holds the line that ends it", () => {
  const opened = dockerfile.match(/<<"END"/g)?.length;
  expect(dockerfile.match(/^END$/gm)).toHaveLength(opened ?? 0);
});
