"""What a CPU lacks of SGLang's CUDA world. Python loads this by itself where its folder is in PYTHONPATH.

`sgl_kernel` imports, and each of its names raises when it is called. Pinned memory is ordinary memory.
"""

import importlib.abc
import importlib.machinery
import sys
import types


class Absent(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)

        def absent(*_args, **_kwargs):
            raise RuntimeError(f"{self.__name__}.{name} needs CUDA")

        return absent


class Kernels(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `sgl_kernel` and what is under it; all but `scalar_type`, for which SGLang has a way without."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname.split(".")[0] != "sgl_kernel" or fullname == "sgl_kernel.scalar_type":
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec):
        return Absent(spec.name)

    def exec_module(self, module):
        module.__path__ = []


class PinnedMemory(importlib.abc.MetaPathFinder):
    """Sees the video decoder being imported and lets its frames stay where they are."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname == "sglang.srt.utils.video_decoder":
            import torch

            torch.Tensor.pin_memory = lambda self, *_args, **_kwargs: self
        return None


sys.meta_path.append(Kernels())
sys.meta_path.insert(0, PinnedMemory())
