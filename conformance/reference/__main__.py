"""`python -m conformance.reference`: the reference process, see ``worker``."""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before NumPy is imported: parallelism is between processes

from conformance.reference.worker import main  # noqa: E402 (the limits must be set first)

if __name__ == "__main__":
    main()
