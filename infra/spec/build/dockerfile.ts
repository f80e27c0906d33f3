import type { PinnedSource, PinnedSources } from "../lock/build-key.ts";
import { fetchSource, fetchSourcePath } from "./fetch-source.ts";
import { preflight, provenancePath } from "./preflight.ts";
import { imageEnvironment, imageRoot, systemStep } from "./system-step.ts";

/** Stage that is pushed. */
export const imageStage = "image";

/** Stage that holds nothing but the image's provenance, so that the builder can read it without running the image. */
export const provenanceStage = "provenance";

const preflightPath = `${imageRoot}/bin/preflight.py`;
const pipCache = "--mount=type=cache,target=/root/.cache/pip";
const uvCache = "--mount=type=cache,target=/root/.cache/uv";
const cargoCache = "--mount=type=cache,target=/usr/local/cargo/registry";
const ccache = "--mount=type=cache,target=/root/.cache/ccache";
const aptCaches =
  "--mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked";

/**
 * The Dockerfile of a source build: the authors' three steps in the authors' order, each repository at its commit.
 *
 * One file with all that it runs, so that its text decides the image (with the packages that SGLang's own version ranges
 * allow on the day: the digest in the lock is what is exact). Needs no build context, BuildKit 0.10 or later, no GPU: nothing
 * here launches a kernel, DeepGEMM compiles its kernels at their first use. `MAX_JOBS` is an argument: it changes nothing
 * in the image.
 */
export function dockerfile({ base, sources }: PinnedSources): string {
  const { sglang, deepGemm, effectiveKernels } = sources;
  const commits = {
    sglang: sglang.commit,
    deepGemm: deepGemm.commit,
    effectiveKernels: effectiveKernels.commit,
  };
  return [
    `FROM ${base} AS ${imageStage}`,
    environment(imageEnvironment),
    run(`${aptCaches} ${pipCache}`, systemStep),
    copy(fetchSourcePath, fetchSource),
    // Compilers that run at once; from the memory limit of the build's pod.
    "ARG MAX_JOBS=1",
    run(`${pipCache} ${cargoCache} ${ccache}`, sglangStep(sglang)),
    run(`${pipCache} ${uvCache} ${ccache}`, deepGemmStep(deepGemm)),
    run(`${pipCache} ${ccache}`, effectiveKernelsStep(effectiveKernels)),
    copy(preflightPath, preflight),
    run("", preflightStep(commits)),
    labels(base, sources),
    `FROM scratch AS ${provenanceStage}\nCOPY --from=${imageStage} ${provenancePath} /\n`,
  ].join("\n");
}

/**
 * Begins each of the three. Without a GPU to look at, torch must be told which one to compile for: H800 is 9.0, and its
 * kernels use what only `9.0a` has.
 * @see pytorch v2.9 torch/utils/cpp_extension.py, _get_cuda_arch_flags
 */
const compilers = `set -eu
export PATH="/usr/lib/ccache:$PATH" CMAKE_BUILD_PARALLEL_LEVEL="$MAX_JOBS" TORCH_CUDA_ARCH_LIST=9.0a
! command -v nvcc >/dev/null || export PYTORCH_NVCC="ccache nvcc"`;

function sglangStep(source: PinnedSource): string {
  return `# 1 of 3: SGLang
${compilers}
${bring(source, "sglang")}
pip install --disable-pip-version-check -e "${folder("sglang")}/python[all]"
rm -rf ${folder("sglang")}/.git
`;
}

/**
 * The script of the authors has no `set -e`: its last command succeeds whatever failed before, hence `bash -e`. Both names
 * of the switch that forbids a wheel from elsewhere are set: older and newer versions know one each.
 * @see deepseek-ai/DeepGEMM install.sh, setup.py (CachedWheelsCommand)
 */
function deepGemmStep(source: PinnedSource): string {
  return `# 2 of 3: DeepGEMM, over the one that SGLang brought
${compilers}
export DG_FORCE_BUILD=1 DEEP_GEMM_FORCE_BUILD=TRUE
${bring(source, "deepGemm")}
cd ${folder("deepGemm")}
bash -e install.sh
find . -name .git -prune -exec rm -rf {} +
`;
}

function effectiveKernelsStep(source: PinnedSource): string {
  return `# 3 of 3: EffectiveKernels
${compilers}
${bring(source, "effectiveKernels")}
cd ${folder("effectiveKernels")}
pip install --disable-pip-version-check -e . --no-deps --no-build-isolation
rm -rf .git
`;
}

/** The toolkit's stub stands in for the driver that only a GPU node has: it can be linked against, not called. */
function preflightStep(commits: Readonly<Record<string, string>>): string {
  return `# Preflight: the imports, and whose deep_gemm it is
set -eu
mkdir /tmp/stubs
ln -s "$CUDA_HOME/lib64/stubs/libcuda.so" /tmp/stubs/libcuda.so.1
LD_LIBRARY_PATH="/tmp/stubs:\${LD_LIBRARY_PATH:-}" python3 ${preflightPath} '${JSON.stringify(commits)}'
rm -r /tmp/stubs
`;
}

function bring({ url, commit }: PinnedSource, name: string): string {
  return `sh ${fetchSourcePath} '${url}' ${commit} ${folder(name)}`;
}

/** Editable installs run from here: the folders stay in the image. */
function folder(name: string): string {
  return `${imageRoot}/src/${name}`;
}

function labels(base: string, sources: PinnedSources["sources"]): string {
  const [baseName = "", baseDigest = ""] = base.split("@");
  const standard = {
    "org.opencontainers.image.title": "Keye-VL on SGLang",
    "org.opencontainers.image.source": sources.sglang.url,
    "org.opencontainers.image.revision": sources.sglang.commit,
    "org.opencontainers.image.base.name": baseName,
    "org.opencontainers.image.base.digest": baseDigest,
  };
  const own = Object.entries(sources).map(([name, { commit }]) => [`keye-stack.dev/source.${name}`, commit] as const);
  const pairs = [...Object.entries(standard), ...own].map(([name, value]) => `${name}="${value}"`);
  return `LABEL ${pairs.join(" \\\n      ")}\n`;
}

function environment(variables: Readonly<Record<string, string>>): string {
  return `ENV ${Object.entries(variables)
    .map(([name, value]) => `${name}="${value}"`)
    .join(" \\\n    ")}\n`;
}

/** The quotes keep the builder from replacing variables: the shell does. */
function run(mounts: string, script: string): string {
  return `RUN ${mounts === "" ? "" : `${mounts} `}<<"END"\n${script}END\n`;
}

function copy(path: string, text: string): string {
  return `COPY <<"END" ${path}\n${text}END\n`;
}
