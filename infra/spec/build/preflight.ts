/** What the image carries about itself. */
export const provenancePath = "/opt/keye/provenance.json";

/** What the script says before the reason where the image is not what it must be. */
export const preflightFailed = "keye: preflight:";

/**
 * Proves, without a GPU, that the image can start the engine, and writes the provenance.
 *
 * SGLang brings a stock `deep_gemm`. That the authors' fork has taken its place is shown by the functions that the engine
 * needs, by `__init__.py` being the checkout's byte for byte, and by the version's suffix, where it is a commit. An import
 * that fails for want of a driver or device is noted, not refused: the gate's first requests prove it.
 * @see sglang keye-vl-v2-30b-release, srt/layers/attention (deep_gemm.fp8_mqa_logits, effective_kernels.ops)
 */
export const preflight = String.raw`# preflight COMMITS-AS-JSON
import filecmp, importlib.metadata as metadata, importlib.util, json, os, re, subprocess, sys

commits = json.loads(sys.argv[1])
root = os.environ["VIRTUAL_ENV"].rsplit("/", 1)[0]
no_gpu = ("libcuda.so", "libnvidia", "NVIDIA driver", "CUDA driver", "CUDA GPUs", "CUDA-capable", "active drivers")
needs_gpu, problems, loaded = [], [], {}

for name in ("torch", "cv2", "torchcodec", "sgl_kernel", "deep_gemm", "effective_kernels.ops", "sglang"):
    try:
        loaded[name] = importlib.import_module(name)
    except Exception as error:
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        if any(words in str(error) for words in no_gpu):
            needs_gpu.append(name)
            print(f"keye: {name} cannot be imported without a GPU: {said}")
        else:
            problems.append(f"import {name}: {said}")

wanted = {
    "deep_gemm": ("fp8_mqa_logits", "fp8_paged_mqa_logits", "get_paged_mqa_logits_metadata", "get_num_sms"),
    "effective_kernels.ops": ("sparse_attention_forward", "topk_block_unique"),
}
for name, functions in wanted.items():
    for function in functions:
        if name in loaded and not hasattr(loaded[name], function):
            problems.append(f"{name} has no {function}")

def version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None

installed = version("deep_gemm") or "not installed"
suffix = re.search(r"\+([0-9a-f]{7,40})\b", installed)
if suffix and not commits["deepGemm"].startswith(suffix[1]):
    problems.append(f"deep_gemm is {installed}, not of commit {commits['deepGemm']}")
found = importlib.util.find_spec("deep_gemm")
ours = f"{root}/src/deepGemm/deep_gemm/__init__.py"
if found is None or found.origin is None:
    problems.append("there is no deep_gemm")
elif os.path.exists(ours) and not filecmp.cmp(found.origin, ours, shallow=False):
    problems.append(f"deep_gemm is not the fork's: {found.origin} differs from {ours}")
elif not os.path.exists(ours) and not suffix:
    problems.append(f"deep_gemm is {installed}, which does not tell whose it is; nor is there {ours}")

if problems:
    sys.exit("\n".join(f"${preflightFailed} {problem}" for problem in problems))

names = ("sglang", "torch", "triton", "sglang-kernel", "sgl-kernel", "flashinfer-python", "transformers", "deep_gemm", "effective-kernels")
versions = {name: found for name in names if (found := version(name)) is not None}
versions["python"] = sys.version.split()[0]
cuda = getattr(getattr(loaded.get("torch"), "version", None), "cuda", None)
if cuda:
    versions["cuda"] = cuda
with open(f"{root}/packages.txt", "wb") as packages:
    packages.write(subprocess.check_output(["pip", "freeze", "--all"]))
with open("${provenancePath}", "w") as out:
    json.dump({"sources": commits, "versions": versions, "needsGpu": needs_gpu}, out, sort_keys=True)
print(f"keye: the image is whole: {json.dumps(versions)}")
`;
