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


GRAPH_OPTIMIZERS = (
    "arithmetic_optimization",
    "constant_folding",
    "debug_stripper",
    "dependency_optimization",
    "function_optimization",
    "implementation_selector",
    "layout_optimizer",
    "loop_optimization",
    "pin_to_host_optimization",
    "scoped_allocator_optimization",
    "shape_optimization",
)
"""Rewritings of a graph that take seconds of the first step and make no later one faster; the one that joins batch norm
and ReLU, "remapping", stays."""


def prepare_process(rank: Rank, n_threads: int = 0, cores: list[int] | None = None) -> list[int]:
    """Give this process its cores, and TensorFlow its threads; call it before TensorFlow is imported.

    Args:
        rank: which process of how many.
        n_threads: TensorFlow's; 0 for as many as there are cores.
        cores: that it has; None for its share of those of the host.
    Returns:
        The cores.
    """
    cores = bind_to_cores(rank, cores)
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    # Of several ranks, TensorFlow warns at length of each operation that a lost rank ends.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1" if rank.size == 1 else "2")
    # TensorFlow leaves oneDNN alone where a CPU has neither VNNI nor AMX, and takes half as long again there.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    with without_announcements(), not_installed("sklearn"):
        import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(n_threads or len(cores))
    # Each operation has all the cores; two at a time would share the caches too.
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.optimizer.set_experimental_options(dict.fromkeys(GRAPH_OPTIMIZERS, False))
    return cores


@contextlib.contextmanager
def not_installed(module: str) -> Iterator[None]:
    """Let imports do without a module that they can do without: Keras asks for scikit-learn, to wrap it, for a second.

    Nothing changes where the module is imported already, and it can be imported afterwards.
    """
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment] # what Python itself takes for "cannot be imported"
    try:
        yield
    finally:
        del sys.modules[module]


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
