"""What a process needs before TensorFlow starts in it."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

from zoo_core.contract import Rank
from zoo_core.distributed.cores import bind_to_cores

ANNOUNCEMENTS = (
    "All log messages before absl::InitializeLog() is called",
    "oneDNN custom operations are on.",
    "This TensorFlow binary is optimized",
    "To enable the following instructions",
)
"""What TensorFlow tells every process about its own build while it is imported, whatever the log level."""


def prepare_process(rank: Rank) -> list[int]:
    """Give this process its cores, and TensorFlow as many threads; call it before TensorFlow is imported.

    Returns:
        The cores.
    """
    cores = bind_to_cores(rank)
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    with without_announcements():
        import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(len(cores))
    return cores


@contextlib.contextmanager
def without_announcements() -> Iterator[None]:
    """Hold back what is written to standard error, by C++ too, and show then what is no announcement."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile("w+", errors="replace") as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            sys.stderr.writelines(line for line in held if not any(text in line for text in ANNOUNCEMENTS))
