"""The environment in which an adapter process runs, pinned so that every run is alike.

One thread each, as parallelism is between processes; the CPU; float32 that is float32; nothing of
the user's own framework settings; and quiet frameworks.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.adapters.shared.naming import PRECISION_VARIABLE
from conformance.cache import cache_folder

if TYPE_CHECKING:
    from collections.abc import Mapping


def pins() -> dict[str, str | None]:
    """What holds for every adapter. None removes a variable that the user may have set."""
    return {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "NUMEXPR_NUM_THREADS": "1",
        "VECLIB_MAXIMUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        # Set iteration order must not differ from run to run.
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        # Each of these turns float32 matrix products or convolutions into something coarser.
        "ONEDNN_DEFAULT_FPMATH_MODE": None,
        "DNNL_DEFAULT_FPMATH_MODE": None,
        "TF_SET_ONEDNN_FPMATH_MODE": None,
        "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": None,
        "NVIDIA_TF32_OVERRIDE": None,
        # TensorFlow takes oneDNN by itself only where it finds instructions for neural networks
        # (AVX512-VNNI and the like). Without it, convolutions with channels first have no kernel:
        # the verdict would hang on the processor.
        "TF_ENABLE_ONEDNN_OPTS": "1",
        # Only a column declares a coarser precision.
        PRECISION_VARIABLE: None,
        "TF_USE_LEGACY_KERAS": None,
        "TF_XLA_FLAGS": None,
    }


def jax_pins() -> dict[str, str | None]:
    """What holds where JAX computes, on top of :func:`pins`."""
    return {
        "JAX_PLATFORMS": "cpu",
        # XLA sizes its thread pool by NPROC, and Eigen's by the flag.
        "NPROC": "1",
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
        # JAX compiles every new shape: the cache makes the second run ten times as fast. By
        # default it would leave out what compiles fast, which is nearly everything here.
        "JAX_COMPILATION_CACHE_DIR": str(cache_folder() / "jax"),
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        # Filtered tracebacks end in the caller's line, as if the adapter had raised.
        "JAX_TRACEBACK_FILTERING": "off",
        "JAX_ENABLE_X64": None,
        "JAX_DISABLE_JIT": None,
        "JAX_DEBUG_NANS": None,
        "JAX_DEFAULT_MATMUL_PRECISION": None,
        "JAX_NUMPY_DTYPE_PROMOTION": None,
        "JAX_NUMPY_RANK_PROMOTION": None,
    }


def tensorflow_pins() -> dict[str, str | None]:
    """What holds where TensorFlow computes, on top of :func:`pins`."""
    # Keras has XLA compile grouped convolutions and 3D ones with channels first, anew at each call:
    # 0.13 s. Flags of TensorFlow have no quotes: a folder with a space in its name can't be told.
    folder = str(cache_folder() / "xla" / _processor())
    told = not any(character.isspace() for character in folder)
    return {"TF_XLA_FLAGS": f"--tf_xla_persistent_cache_directory={folder}" if told else None}


@functools.cache
def _processor() -> str:
    """A name for what compiled code may take for granted of this machine's processor."""
    said = [platform.machine()]
    with contextlib.suppress(OSError), Path("/proc/cpuinfo").open(encoding="utf-8") as told:
        for line in told:
            if not line.strip():
                break  # all processors are like the first one
            if line.startswith(("model name", "flags", "Features")):
                said.append(line)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]


def keras_pins(name: str, backend: str | None) -> dict[str, str | None]:
    """What holds for Keras on one backend, on top of :func:`pins`.

    Args:
        name: The adapter's name.
        backend: ``KERAS_BACKEND``, or None for Keras 2, which has only one.
    """
    result: dict[str, str | None] = {
        "KERAS_BACKEND": backend,
        "KERAS_NNX_ENABLED": None,
        # The user's keras.json may name another float type or channels_first.
        "KERAS_HOME": str(cache_folder() / "keras" / name),
    }
    below = {"jax": jax_pins, "tensorflow": tensorflow_pins}.get(backend or "")
    return {**below(), **result} if below else result


def environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """This process's environment with an adapter's changes."""
    result = dict(os.environ)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = value
    return result
