/** What the repositories of a source build hold: the files that the authors' instructions touch, with the least in them. */

/** SGLang: an editable install of `python/`, whose extra brings what the engine imports. */
export const sglang = {
  "python/pyproject.toml": `[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "sglang"
version = "0.5.9"
dependencies = ["torch==2.9.1", "sglang-kernel==0.4.1.post1"]

[project.optional-dependencies]
all = ["opencv-python-headless", "torchcodec"]

[tool.setuptools]
packages = ["sglang"]
`,
  "python/sglang/__init__.py": "",
} as const;

/** What DeepGEMM's submodule is used for: headers. */
export const cutlass = { "include/cutlass/cutlass.h": "#pragma once\n" } as const;

/**
 * The authors' fork of DeepGEMM: a wheel that takes the place of a stock one. As upstream's, its setup wants torch, the
 * submodule's headers, and a word not to fetch a wheel that somebody else has built; the version ends in the commit.
 */
export const deepGemm = {
  "install.sh": `#!/bin/bash
cd "$(dirname "$0")"
rm -rf build dist *.egg-info
python3 setup.py bdist_wheel
pip install dist/*.whl --force-reinstall --no-deps
`,
  "setup.py": `import os, pathlib, subprocess
import setuptools
import torch

if not pathlib.Path("third-party/cutlass/include/cutlass/cutlass.h").exists():
    raise SystemExit("third-party/cutlass is empty: git submodule update --init --recursive")
if os.environ.get("DG_FORCE_BUILD") != "1":
    raise SystemExit("would fetch a prebuilt wheel: DG_FORCE_BUILD is not 1")
commit = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], text=True).strip()
pathlib.Path("deep_gemm/built.txt").write_text(f"torch {torch.version.cuda}, MAX_JOBS {os.environ.get('MAX_JOBS')}\\n")
setuptools.setup(
    name="deep_gemm",
    version=f"2.1.0+{commit}",
    packages=["deep_gemm"],
    package_data={"deep_gemm": ["built.txt"]},
)
`,
  "deep_gemm/__init__.py": `def get_num_sms(): ...
def fp8_mqa_logits(): ...
def fp8_paged_mqa_logits(): ...
def get_paged_mqa_logits_metadata(): ...
`,
} as const;

/** EffectiveKernels: an editable install without dependencies. */
export const effectiveKernels = {
  "setup.py": `import setuptools

setuptools.setup(name="effective-kernels", version="0.1.0", packages=["effective_kernels"])
`,
  "effective_kernels/__init__.py": "",
  "effective_kernels/ops.py": "def sparse_attention_forward(): ...\ndef topk_block_unique(): ...\n",
} as const;
