"""Puts the packages that SGLang installs into /opt/wheels, each with the least that can be imported."""

import zipfile

# Package: version, and the text of each module. The stock deep_gemm lacks what the authors' fork has.
packages = {
    "torch": ("2.9.1", {"torch": "from . import version\n", "torch/version": 'cuda = "12.9"\n'}),
    "torchcodec": ("0.9.1", {"torchcodec": ""}),
    "opencv_python_headless": ("4.10.0.84", {"cv2": ""}),
    "sglang_kernel": ("0.4.1.post1", {"sgl_kernel": "", "deep_gemm": "def get_num_sms(): ...\n"}),
}

for name, (version, modules) in packages.items():
    about = f"{name}-{version}.dist-info"
    files = {(module if "/" in module else f"{module}/__init__") + ".py": text for module, text in modules.items()}
    files[f"{about}/METADATA"] = f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: {version}\n"
    files[f"{about}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: keye-stack\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{about}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(f"/opt/wheels/{name}-{version}-py3-none-any.whl", "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
